"""Traefik as the frontend."""
