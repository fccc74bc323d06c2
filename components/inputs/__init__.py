"""Rules of inputs, and the reader that reports every bad value at once."""
