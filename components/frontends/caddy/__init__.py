"""Caddy as the frontend."""
