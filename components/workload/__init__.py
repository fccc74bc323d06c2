"""Workloads, each defined once as a ContainerSpec, and how every container is hardened."""
