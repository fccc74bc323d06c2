"""The process: settings, log, limits, refusal of a start."""
