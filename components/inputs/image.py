"""Rules for container image references, and the versions in their tags."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

# The grammar of github.com/distribution/reference, without names that have no registry host to be sure of.
_REFERENCE = re.compile(
    r"(?P<name>[a-z0-9]+([._-][a-z0-9]+)*(:[0-9]+)?(/[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*)+)"
    r"(:(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?"
    r"(@(?P<digest>sha256:[0-9a-f]{64}))?"
)

_PRE_RELEASE = re.compile(r"-(alpha|beta|rc|dev|snapshot)", re.IGNORECASE)


@dataclass(frozen=True)
class Image:
    """A reference that always means the same image: by exact tag, by digest, or both."""

    reference: str
    repository: str
    tag: str | None
    digest: str | None

    @property
    def version(self) -> tuple[int, ...]:
        """The leading numbers of the tag, ``(1, 22, 0)`` for ``1.22.0-rc1``; empty without a tag."""
        match = re.match(r"v?(\d+(?:\.\d+)*)", self.tag or "")
        return tuple(int(part) for part in match[1].split(".")) if match else ()


def image(numbers: int = 2, at_least: tuple[int, ...] = (), why: str = "") -> Callable[[object], Image]:
    """Make the parser of an image that can't be another one tomorrow (CIS Docker 5.28).

    Its tag needs so many ``numbers``: projects move `1.22` to each patch release, PostgreSQL's exact ones have two.
    With ``at_least`` the tag must be that version or newer, also beside a digest.
    """
    least = ".".join(map(str, at_least))

    def parse(raw: object) -> Image:
        match = _REFERENCE.fullmatch(str(raw))
        if not match:
            raise ValueError("must be an image reference with its registry, such as ghcr.io/inumansoul/kotauth:1.22.0")
        found = Image(str(raw), match["name"], match["tag"], match["digest"])
        if not found.digest and not found.tag:
            raise ValueError(
                "must name an exact tag or a digest: without a tag it means latest, which changes with each release"
            )
        if not found.digest and len(found.version) < numbers:
            raise ValueError(f"must name an exact tag or a digest: the tag {found.tag} changes with each release")
        if at_least and not found.version:
            raise ValueError(f"must have its version as the tag, {least} or newer, even with a digest ({why})")
        early = _PRE_RELEASE.search(found.tag or "")
        if at_least and (found.version < at_least or (found.version == at_least and early)):
            raise ValueError(f"must be version {least} or newer ({why})")
        return found

    return parse
