"""Faults that a test injects, and the log of operations."""
