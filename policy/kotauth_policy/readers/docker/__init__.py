"""Reads Docker resources: containers, networks, volumes, image references."""
