"""What an image is made of, and the key that changes exactly when that changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from toolchain.machine import cache

HERE = Path(__file__).parent
KEY_LABEL = "kotauth-infra.recipe"


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """One image.

    `sources` are folders whose content ends up in the image: names of folders in this package, or paths. `values` are
    the remaining pins (versions, package lists). Both, the parent's key and the kind of machine make up the key.
    """

    name: str
    reference: str
    build: Callable[[Recipe], None]
    sources: tuple[str | Path, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict[str, str])
    parent: Recipe | None = None
    saved: bool = True
    """Whether the cache keeps a copy; not worth it where building is as fast as loading."""

    @property
    def key(self) -> str:
        """Sixteen hex digits of a SHA-256 over everything that decides the image's content."""
        facts = [self.parent.key if self.parent else "", *(f"{name}={value}" for name, value in self.values.items())]
        return cache.key(*facts, *(HERE / source for source in self.sources))
