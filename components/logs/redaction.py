"""The patterns of secrets that are removed from a log line before it leaves the machine, the same as on AWS."""

from __future__ import annotations

import json
from pathlib import Path

_FILE = Path(__file__).parents[1] / "aws" / "host" / "scripts" / "redaction.json"
REDACTED = "[redacted]"


def replacements() -> list[tuple[str, str]]:
    """Return each pattern with what replaces it, in Go's spelling and in the order in which they apply."""
    patterns = json.loads(_FILE.read_text(encoding="utf-8"))
    removed = [(pattern, "${1}") for pattern in patterns["removed"].values()]
    return removed + [(pattern, f"${{1}}{REDACTED}") for pattern in patterns["redacted"].values()]
