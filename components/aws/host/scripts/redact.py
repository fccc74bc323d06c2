"""Takes out of a log line what would let its reader in: codes, tokens, passwords.

Kotauth's access lines carry the Location of each redirect, with authorization code and state; links of its mails carry
tokens in their query. A line stays the JSON that it was: what is put in has no character that JSON escapes.

The patterns are in `redaction.json`, because the log route of a Docker host applies the same ones.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

REDACTED = "[redacted]"
_PATTERNS: dict[str, Any] = json.loads(Path(__file__).with_name("redaction.json").read_text(encoding="utf-8"))
_REMOVED = [re.compile(pattern) for pattern in _PATTERNS["removed"].values()]
_REDACTED = [re.compile(pattern) for pattern in _PATTERNS["redacted"].values()]


def redact(line: str) -> str:
    """Return the line without colours and without secrets."""
    for pattern in _REMOVED:
        line = pattern.sub(r"\1", line)
    for pattern in _REDACTED:
        line = pattern.sub(rf"\1{REDACTED}", line)
    return line
