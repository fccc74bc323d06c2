"""Reads what a host is given: user data, the containers that it starts, the configuration of proxies."""
