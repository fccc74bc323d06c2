"""Writes docs/schema.yaml from the annotations of the components: `python -m cli.schema`."""

from __future__ import annotations

from . import members, snapshot
from .snapshot import Snapshot


def main() -> None:
    """Write the snapshot if it differs, and name the breaking changes since the last release."""
    renewed = snapshot.renewed(snapshot.committed(), Snapshot.of(members.current()))
    text = renewed.written()
    if not snapshot.FILE.exists() or snapshot.FILE.read_text(encoding="utf-8") != text:
        snapshot.FILE.write_text(text, encoding="utf-8")
        print(f"wrote {snapshot.FILE.relative_to(snapshot.ROOT)}")
    for change in renewed.breaking:
        print(f"breaking: {change}")
    if renewed.breaking:
        print("Each of these needs an entry in CHANGELOG.md, under Unreleased, that names it in backticks.")


if __name__ == "__main__":
    main()
