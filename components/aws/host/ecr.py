"""Images in private registries of Amazon ECR, for which AWS grants access and login."""

from __future__ import annotations

import re
from dataclasses import dataclass

_REFERENCE = re.compile(r"(([0-9]{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?)/([^:@]+)(?:[:@].*)?")


@dataclass(frozen=True)
class PrivateRepository:
    """Where an image lies."""

    registry: str
    account: str
    region: str
    name: str


def private_repository(reference: str) -> PrivateRepository | None:
    """Return the private repository that an image is in; None where its registry is another."""
    match = _REFERENCE.fullmatch(reference)
    return PrivateRepository(*match.groups()) if match else None
