"""Pulumi's AWS provider, simulated: its protocol, its names, what an update replaces."""
