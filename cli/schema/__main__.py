"""Writes docs/schema.yaml and docs/reference.md from the annotations of the components: `python -m cli.schema`."""

from __future__ import annotations

from . import members, reference, snapshot
from .snapshot import Snapshot


def main() -> None:
    """Write the files that differ, and name the breaking changes that CHANGELOG.md lacks."""
    declared = members.current()
    renewed = snapshot.renewed(snapshot.committed(), Snapshot.of(declared))
    for file, text in {snapshot.FILE: renewed.written(), reference.FILE: reference.page(declared)}.items():
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")
            print(f"wrote {file.relative_to(snapshot.ROOT)}")
    changelog = (snapshot.ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    for change in snapshot.missing_entries(renewed, changelog):
        print(f"breaking, and not in CHANGELOG.md under Unreleased: {change}")


if __name__ == "__main__":
    main()
