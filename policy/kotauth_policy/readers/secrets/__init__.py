"""Recognizes secrets: by name, by form, in commands and in values that others may read."""
