"""What the schema of the package is made of."""
