"""What the installed SDK says of each type, and values as they travel between the engine and the provider."""
