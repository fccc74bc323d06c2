"""Tests of this kind; see the folder's modules."""
