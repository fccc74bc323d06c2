"""Output formats of a report: table, JSON, SARIF and JUnit, with the standard library alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from .document import Document, ReportError, is_refused, read, without_waived
from .junit import junit
from .sarif import sarif
from .table import findings, table


def _json(document: Document) -> str:
    return json.dumps(document, indent=1) + "\n"


FORMATS: Mapping[str, Callable[[Document], str]] = {"table": table, "json": _json, "sarif": sarif, "junit": junit}

__all__ = ["FORMATS", "Document", "ReportError", "findings", "is_refused", "read", "without_waived"]
