"""Backups of the database: a container that dumps, one that stores the dumps, and what a restore reads."""
