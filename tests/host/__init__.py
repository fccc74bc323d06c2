"""A laboratory that boots user data as EC2 does: see `lab.Lab`."""
