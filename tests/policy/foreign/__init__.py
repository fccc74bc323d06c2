"""Programs that the pack was not written for, as other teams write them; each says what the pack has to find in it.

They are plain programs, run under mocks and, where the simulator of AWS knows all their types, by the real engine.
"""

from __future__ import annotations


def at(resource: str, *rules: str) -> frozenset[str]:
    """Return these rules as found on a resource."""
    return frozenset(f"{rule}@{resource}" for rule in rules)
