"""Pulumi programs that the tests of the stand-in run."""
