"""Waits until a group of servers is healthy."""
