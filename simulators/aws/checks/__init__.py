"""What AWS refuses or what would not work on it, checked on the simulated state."""
