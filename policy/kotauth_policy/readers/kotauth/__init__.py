"""Reads Kotauth: its environment, its secret files, its key."""
