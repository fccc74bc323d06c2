"""The Docker daemon of a stack: its address, a connection to it, and what it can say."""
