"""The snapshot of the schema in docs/schema.yaml, and what has changed since a snapshot."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from .members import FIELD, INPUT, OUTPUT, Declared

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "docs" / "schema.yaml"

_HEAD = """\
# The interface of the components. `make schema` writes this file; do not edit it.
# docs/adding.md, "Change the interface of a component", says which changes need an entry in CHANGELOG.md.
"""
_BREAKING, _TOKENS = "breaking", "tokens"
_REQUIRED = "required "
_PLURAL = {INPUT: "inputs", OUTPUT: "outputs", FIELD: "fields"}


@dataclass(frozen=True, order=True)
class Change:
    """A change of the interface."""

    subject: str
    """Changed member, such as `AwsDatabase.vpcId`, or the type token of a component or type."""
    what: str
    """Change in words, such as `input is removed`."""

    @property
    def names(self) -> tuple[str, ...]:
        """What an entry may call it: the subject, or `*.tags` for the member `tags` of every component and type."""
        _, dot, member = self.subject.partition(".")
        return (self.subject, f"*.{member}") if dot else (self.subject,)

    def __str__(self) -> str:
        """One line for people."""
        return f"{self.subject}: {self.what}"


@dataclass(frozen=True)
class Snapshot:
    """An interface, and how it broke programs since the last release."""

    tokens: Mapping[str, Mapping[str, Mapping[str, str]]]
    """Inputs and outputs, or fields, by type token, each with its type and whether it is required."""
    breaking: tuple[Change, ...] = ()

    @classmethod
    def of(cls, declared: Iterable[Declared]) -> Snapshot:
        """Return the snapshot of a schema without earlier changes."""
        return cls(
            {
                each.token: {
                    plural: {member.name: member.form for member in members}
                    for kind, plural in _PLURAL.items()
                    if (members := each.of(kind))
                }
                for each in declared
            }
        )

    @classmethod
    def read(cls, text: str) -> Snapshot:
        """Return the snapshot in the text of a file."""
        content = yaml.safe_load(text)
        return cls(content[_TOKENS], tuple(Change(**change) for change in content[_BREAKING]))

    def written(self) -> str:
        """Return the text of the file."""
        breaking = {_BREAKING: [vars(change) for change in self.breaking]}
        parts = [yaml.safe_dump(part, width=1000) for part in (breaking, {_TOKENS: self.tokens})]
        return "\n".join([_HEAD, *parts])


def changes(before: Snapshot, after: Snapshot) -> tuple[list[Change], list[Change]]:
    """Return the changes that may break a program which was right before, then the others."""
    breaking: list[Change] = []
    others: list[Change] = []
    for token in sorted({*before.tokens, *after.tokens}):
        if token not in after.tokens:
            breaking.append(Change(token, "type token is removed"))
        elif token not in before.tokens:
            others.append(Change(token, "type token is new"))
        else:
            for subject, kind, was, now in _members(token, before, after):
                broken, text = _difference(was, now)
                if text:
                    (breaking if broken else others).append(Change(subject, f"{kind} {text}"))
    return breaking, others


def renewed(before: Snapshot | None, after: Snapshot) -> Snapshot:
    """Return the later snapshot with the breaking changes since the last release; the first snapshot has none."""
    if before is None:
        return after
    breaking, _ = changes(before, after)
    return Snapshot(after.tokens, tuple(sorted({*before.breaking, *breaking})))


def committed() -> Snapshot | None:
    """Return the snapshot in the last commit, or none if the commit has no snapshot."""
    name = FILE.relative_to(ROOT)
    shown = subprocess.run(["git", "show", f"HEAD:./{name}"], cwd=ROOT, capture_output=True, text=True, check=False)
    return Snapshot.read(shown.stdout) if shown.returncode == 0 else None


def missing_entries(snapshot: Snapshot, changelog: str) -> list[Change]:
    """Return the breaking changes that the section *Unreleased* of a changelog doesn't name."""
    unreleased = changelog.partition("\n## [Unreleased]\n")[2].partition("\n## [")[0]
    return [change for change in snapshot.breaking if not any(f"`{name}`" in unreleased for name in change.names)]


def _members(token: str, before: Snapshot, after: Snapshot) -> Iterator[tuple[str, str, str | None, str | None]]:
    """Yield subject, kind, and the form before and after of each member of a component or type."""
    for kind, plural in _PLURAL.items():
        was, now = before.tokens[token].get(plural, {}), after.tokens[token].get(plural, {})
        for name in sorted({*was, *now}):
            yield f"{token.rpartition(':')[2]}.{name}", kind, was.get(name), now.get(name)


def _difference(was: str | None, now: str | None) -> tuple[bool, str]:
    """Return whether the difference of two forms breaks a program, and its text; no text without a difference."""
    if now is None:
        return True, "is removed"
    is_required = now.startswith(_REQUIRED)
    if was is None:
        return is_required, "is new and required" if is_required else "is new"
    was_type, is_type = was.removeprefix(_REQUIRED), now.removeprefix(_REQUIRED)
    if was_type != is_type:
        return True, f"was {was_type} and is {is_type}"
    if is_required != was.startswith(_REQUIRED):
        return is_required, "is now required" if is_required else "is no longer required"
    return False, ""
