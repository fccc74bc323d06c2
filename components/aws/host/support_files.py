"""The files that every host gets, whatever runs on it: its programs (`scripts/`) and their units (`units/`)."""

from __future__ import annotations

from pathlib import Path

from .scripts import names

_FOLDER = Path(__file__).parent
_JOURNAL = "/etc/systemd/journald.conf.d/kotauth.conf"
NEEDED_TO_FETCH = (
    *(f"{names.PROGRAMS}/{file}.py" for file in ("aws", "boot", "files", "stages")),
    f"{names.UNITS}/{names.BOOT_UNIT}",
    _JOURNAL,
)
"""Files that a host needs to fetch the others, or to report that it can't."""


def support_files() -> dict[str, str]:
    """Return the contents of the files by path."""
    others = [_FOLDER / "scripts" / name for name in (names.UNIT_TEMPLATE, names.REDACTION)]
    programs = [*(_FOLDER / "scripts").glob("[!_]*.py"), *others]
    files = {f"{names.PROGRAMS}/{file.name}": file.read_text() for file in sorted(programs)}
    units = sorted((_FOLDER / "units").glob("kotauth-*"))
    files |= {f"{names.UNITS}/{file.name}": file.read_text() for file in units}
    return {**files, _JOURNAL: (_FOLDER / "units" / "journald.conf").read_text()}
