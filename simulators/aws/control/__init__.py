"""What a test orders to go wrong, and the log of what was done."""
