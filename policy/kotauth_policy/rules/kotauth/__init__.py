"""Rules on Kotauth: its environment, its secrets, and what a deployment must have."""
