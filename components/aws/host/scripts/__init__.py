"""The programs of the host. They run with its own Python, 3.9, and have nothing but the standard library."""
