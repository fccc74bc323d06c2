"""Container image references: repository, tag and digest, and whether they can mean another image tomorrow."""

from __future__ import annotations

import re
from dataclasses import dataclass

_REFERENCE = re.compile(
    r"(?P<repository>[a-z0-9]+(?:[._-][a-z0-9]+)*(?::[0-9]+)?(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?"
    r"(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)
_NUMBERS = re.compile(r"v?(\d+(?:\.\d+)*)(?P<rest>.*)")
# A commit or a date names one build, as a version does.
_BUILD = re.compile(r"[0-9a-f]{7,40}|\d{8}([.-]\d+)?")
_LIMIT_CHARACTERS = 512
"""Longer than any that a registry takes: a name is at most 255, a tag 128, a digest 72."""
_IMAGE_ID = re.compile(r"sha256:[0-9a-f]{64}")
# PostgreSQL has no third number since 10.
_TWO_NUMBERS = ("postgres",)


@dataclass(frozen=True)
class Image:
    """A parsed reference, with the registry spelled out."""

    repository: str
    tag: str | None
    digest: str | None

    @property
    def version(self) -> tuple[int, ...]:
        """The leading numbers of the tag, ``(1, 22, 0)`` for ``1.22.0-rc1``; empty without any."""
        match = _NUMBERS.fullmatch(self.tag or "")
        return tuple(int(number) for number in match[1].split(".")) if match else ()

    @property
    def is_pre_release(self) -> bool:
        """Whether the tag names a release candidate, alpha or beta."""
        match = _NUMBERS.fullmatch(self.tag or "")
        return bool(match) and re.match(r"[-.]?(rc|alpha|beta|pre|dev|snapshot)", match["rest"].lower()) is not None

    @property
    def is_exact(self) -> bool:
        """Whether the reference always means the same image."""
        if self.digest:
            return True
        numbers = 2 if self.repository.endswith(_TWO_NUMBERS) else 3
        return len(self.version) >= numbers or _BUILD.fullmatch(self.tag or "") is not None


def parse_image(reference: str) -> Image | None:
    """Parse a reference, ``None`` where it is none."""
    match = _REFERENCE.fullmatch(reference) if len(reference) <= _LIMIT_CHARACTERS else None
    return Image(_with_registry(match["repository"]), match["tag"], match["digest"]) if match else None


def is_image_id(reference: str) -> bool:
    """Whether a reference is the id of one image on the host: exact, and silent about where it came from."""
    return _IMAGE_ID.fullmatch(reference) is not None


def _with_registry(repository: str) -> str:
    host, slash, _ = repository.partition("/")
    if not slash:
        return f"docker.io/library/{repository}"
    # Docker's own rule for what is a host.
    return repository if "." in host or ":" in host or host == "localhost" else f"docker.io/{repository}"
