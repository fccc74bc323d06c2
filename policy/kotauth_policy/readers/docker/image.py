"""Container image references: repository, tag and digest, and whether they can mean another image tomorrow."""

from __future__ import annotations

import re
from dataclasses import dataclass

_REFERENCE = re.compile(
    r"(?P<repository>[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*(?::[0-9]+(?=/))?(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?"
    r"(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)
_NUMBERS = re.compile(r"v?(\d+(?:\.\d+)*)(?P<rest>.*)")
_LIMIT_CHARACTERS = 512
"""Longer than any reference that a registry takes: a name is at most 255, a tag 128, a digest 72."""
_IMAGE_ID = re.compile(r"sha256:[0-9a-f]{64}")
_DOCKER_HUB = ("index.docker.io", "registry-1.docker.io", "registry.hub.docker.com", "docker.io")
# PostgreSQL has no third number since 10, and Debian never had one.
_TWO_NUMBERS = ("postgres", "debian")

# A commit, a date and the number of a build name one build, as a version does.
_COMMIT = re.compile(r"(?:.*[._-])?(?:g|sha)?((?=[a-f]*[0-9])[0-9a-f]{7,64}|[0-9a-f]{40})(?:[._-].*)?", re.I)
_DATE = re.compile(r"(?:.*[^0-9])?(19|20)[0-9]{2}([._-]?)(0[1-9]|1[0-2])\2(0[1-9]|[12][0-9]|3[01])(?:[^0-9].*)?", re.S)
_BUILD_NUMBER = re.compile(r"(?:.*[._-])?(?:(?:build|run)[._-]?[0-9]+|b[0-9]{3,})(?:[._-].*)?", re.I)
# The version need not come first, as in jdk-21.0.2_13; behind another version it is the one of something else.
_LATER_VERSION = re.compile(
    r"[A-Za-z][A-Za-z0-9]*(?:[._-][A-Za-z][A-Za-z0-9]*)*[._-]v?([0-9]+(?:\.[0-9]+){2,})(?:[_-].*)?"
)
_SYSTEM = re.compile(
    r"(?:.*[._-])?(alpine|debian|ubuntu|ubi|centos|fedora|rockylinux|amazonlinux)[._-]v?[0-9.]+(?:[_-].*)?"
)
"""A version behind the name of an operating system is that of the image's base."""
_MOVING = re.compile(r"(?:.*[._-])?(latest|snapshot|nightly)(?:[._-].*)?", re.I)


@dataclass(frozen=True)
class Image:
    """A parsed reference, with the registry spelled out."""

    repository: str
    tag: str | None
    digest: str | None

    @property
    def version(self) -> tuple[int, ...]:
        """The leading numbers of the tag, ``(1, 22, 0)`` for ``1.22.0-rc1``; empty without any, or for a build."""
        numbers = self._numbers
        return () if not numbers or numbers[0] >= 1000 or _COMMIT.fullmatch(self.tag or "") else numbers

    @property
    def is_pre_release(self) -> bool:
        """Whether the tag names a release candidate, alpha or beta."""
        match = _NUMBERS.fullmatch(self.tag or "")
        return bool(match) and re.match(r"[-.]?(rc|alpha|beta|pre|dev|snapshot)", match["rest"].lower()) is not None

    @property
    def is_exact(self) -> bool:
        """Whether the reference always means the same image."""
        tag = self.tag or ""
        if self.digest or any(build.fullmatch(tag) for build in (_COMMIT, _DATE, _BUILD_NUMBER)):
            return True
        if _MOVING.fullmatch(tag):
            return False
        name = self.repository.rpartition("/")[2]
        if self._numbers:
            return len(self._numbers) >= (2 if name in _TWO_NUMBERS else 3)
        system = _SYSTEM.fullmatch(tag)
        return _LATER_VERSION.fullmatch(tag) is not None and (system is None or system[1] == name)

    @property
    def _numbers(self) -> tuple[int, ...]:
        match = _NUMBERS.fullmatch(self.tag or "")
        return tuple(int(number) for number in match[1].split(".")) if match else ()


def parse_image(reference: str) -> Image | None:
    """Parse a reference, ``None`` where it is none."""
    match = _REFERENCE.fullmatch(reference) if len(reference) <= _LIMIT_CHARACTERS else None
    repository = _with_registry(match["repository"]) if match else ""
    return Image(repository, match["tag"], match["digest"]) if match and repository else None


def is_image_id(reference: str) -> bool:
    """Whether a reference is the id of an image on the host: exact, but without a registry."""
    return _IMAGE_ID.fullmatch(reference) is not None


def _with_registry(repository: str) -> str:
    """Return a repository with the registry that Docker takes, empty where Docker takes none."""
    first, slash, rest = repository.partition("/")
    # Docker's own rule for what is a host.
    is_host = slash and ("." in first or ":" in first or first == "localhost" or first != first.lower())
    host, path = (first.lower(), rest) if is_host else ("docker.io", repository)
    if path != path.lower():
        return ""
    if host in _DOCKER_HUB:
        return f"docker.io/{path}" if "/" in path else f"docker.io/library/{path}"
    return f"{host}/{path}"
