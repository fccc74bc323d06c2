"""The state of the simulated AWS, kept by moto."""
