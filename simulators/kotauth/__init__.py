"""Kotauth, simulated: the server, and a laboratory in which tests talk to it."""
