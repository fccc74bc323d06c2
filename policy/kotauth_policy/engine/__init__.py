"""Judges resources by rules: knows the wire protocol, waivers and reports, but no AWS and no Docker."""
