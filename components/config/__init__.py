"""The configuration of a stack: which target, and the settings that both targets share."""
