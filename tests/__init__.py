"""Tests of the project; the tree mirrors the one that is tested."""
