"""The release whose contract this keeps: a file baked into the image, so that a roll has two versions to go between."""

from __future__ import annotations

from pathlib import Path

_FILE = Path(__file__).parents[1] / "VERSION"

VERSION = _FILE.read_text(encoding="utf-8").strip() if _FILE.exists() else "1.22.0"
