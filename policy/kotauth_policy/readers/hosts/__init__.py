"""Reads host configuration: user data, the containers that a host starts, proxy configuration."""
