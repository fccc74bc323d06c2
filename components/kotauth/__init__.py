"""Kotauth itself: its container, its public address, its secrets."""
