"""Frontends in front of the server. Each is a pure function from settings to a ContainerSpec."""
