"""What the components ask of AWS."""
