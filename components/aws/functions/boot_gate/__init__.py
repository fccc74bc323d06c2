"""Waits until a host says that it is ready."""
