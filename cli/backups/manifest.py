"""What a backup says of itself, and whether it fits where it is to be restored."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

FORMAT = 1


class ManifestError(Exception):
    """A backup that this version of the commands can't restore."""


@dataclass(frozen=True)
class Manifest:
    """The description beside a dump."""

    stack: str
    time: int
    """Moment of the snapshot, in seconds since 1970: everything that was committed before is in the dump."""
    image: str
    """Image of the server when the dump was made."""
    bytes: int
    sha256: str
    postgres: int
    """Major version of PostgreSQL."""
    schema_version: float | None
    """Newest migration of Kotauth's schema."""
    key_fingerprint: str | None
    chain_key_id: str | None
    newest_row: int | None
    """Moment of the newest line of the audit log."""
    rows: dict[str, int]
    """Rows of each table."""
    id: str = ""
    """Id of the backup in the repository."""

    def misfit(self, *, postgres: int, schema_version: float | None, image: str) -> str:
        """Return why it can't be restored into a database and a server of these versions; empty if it can."""
        if self.postgres > postgres:
            return (
                f"the backup is of PostgreSQL {self.postgres}, and this database is {postgres}: set databaseVersion to "
                f"{self.postgres} or newer for a new stack"
            )
        theirs, ours = _version(self.image), _version(image)
        if theirs and ours and theirs > ours:
            return (
                f"the backup is of {self.image}, and this stack runs the older {image}: set image to that version, and "
                "deploy it"
            )
        if self.schema_version is not None and schema_version is not None and self.schema_version > schema_version:
            return (
                f"the backup has migration {self.schema_version:g} of Kotauth, and this stack only knows "
                f"{schema_version:g}: set image to {self.image} or newer, and deploy it"
            )
        return ""

    def key_problem(self, fingerprint: str, chain_id: str) -> str:
        """Return what contradicts that this key wrote the data; empty if nothing does."""
        if self.key_fingerprint and self.key_fingerprint != fingerprint:
            return "it has another fingerprint than the key of the backup"
        if self.chain_key_id and self.chain_key_id != chain_id:
            return f"the newest audit row of the backup was written with the key of id {self.chain_key_id}"
        return ""


def parse(text: str) -> Manifest:
    """Parse a manifest; raise ``ManifestError`` for one of another format, or for a text that is none."""
    try:
        fields: dict[str, Any] = json.loads(text)
        if fields["format"] != FORMAT:
            raise ManifestError(f"the backup has format {fields['format']}, and these commands know {FORMAT}")
        database: dict[str, Any] = fields["database"]
        return Manifest(
            stack=fields["stack"],
            time=database["time"],
            image=fields["image"],
            bytes=fields["bytes"],
            sha256=fields["sha256"],
            postgres=database["postgres"],
            schema_version=database["schemaVersion"],
            key_fingerprint=database["keyFingerprint"],
            chain_key_id=database["chainKeyId"],
            newest_row=database["newestRow"],
            rows=database["rows"],
        )
    except (ValueError, KeyError, TypeError) as error:
        raise ManifestError(f"the manifest of the backup can't be read: {error!r}") from error


def _version(image: str) -> tuple[int, ...]:
    tag = image.partition("@")[0].rpartition(":")[2]
    match = re.match(r"v?(\d+(?:\.\d+)*)", tag)
    return tuple(int(part) for part in match[1].split(".")) if match else ()
