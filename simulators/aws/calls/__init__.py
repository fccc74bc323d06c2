"""Turns operations on resources into AWS API calls: the table of types, the calls, their members and tags."""
