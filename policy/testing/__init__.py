"""Compliant programs, changes of them, and the engine's side of the wire, for tests and the benchmark."""
