"""Workspaces, keys, the first administrator, the audit log."""
