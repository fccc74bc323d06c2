"""JSON lines on standard output, one per event, in the fields that the real server's log configuration gives."""

from __future__ import annotations

import json
import sys
import threading
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
tenant_slug: ContextVar[str | None] = ContextVar("tenant_slug", default=None)

_LEVEL_VALUES = {"INFO": 20_000, "WARN": 30_000, "ERROR": 40_000}
_writing = threading.Lock()


def info(logger: str, message: str) -> None:
    """Something that an operator may want to know."""
    _write("INFO", logger, message)


def warn(logger: str, message: str) -> None:
    """Something odd that doesn't stop the server."""
    _write("WARN", logger, message)


def error(logger: str, message: str, trace: str = "") -> None:
    """Something failed, with a stack trace where there is one."""
    _write("ERROR", logger, message, trace)


def stack_trace(cause: BaseException) -> str:
    """Where it came from, in Python's form."""
    return "".join(traceback.format_exception(cause))


def _write(level: str, logger: str, message: str, trace: str = "") -> None:
    now = datetime.now(UTC)
    fields: dict[str, object] = {
        "@timestamp": f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}Z",
        "@version": "1",
        "message": message,
        "logger_name": logger,
        "thread_name": threading.current_thread().name,
        "level": level,
        "level_value": _LEVEL_VALUES[level],
    }
    if trace:
        fields["stack_trace"] = trace
    if (identifier := request_id.get()) is not None:
        fields["requestId"] = identifier
    if (slug := tenant_slug.get()) is not None:
        fields["tenantSlug"] = slug
    # Compact, and with the escape character spelled as the real server's encoder spells it.
    line = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).replace("\\u001b", "\\u001B")
    with _writing:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
