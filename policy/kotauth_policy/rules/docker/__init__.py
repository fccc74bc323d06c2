"""Rules on containers, on Docker or on a host."""
