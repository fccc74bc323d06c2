"""Keeps the engine of a stack from going on, so that a test sees a moment of an `up` however slow the machine is."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.e2e.stack import Stack


@contextmanager
def held(stack: Stack) -> Iterator[None]:
    """Keep the engine from going on, so that no server is replaced meanwhile."""
    engines = [
        int(process.name)
        for process in Path("/proc").glob("[0-9]*")
        if _read(process / "comm") == "pulumi" and _target(process / "cwd") == stack.project.path
    ]
    assert engines
    for engine in engines:
        os.kill(engine, signal.SIGSTOP)
    try:
        yield
    finally:
        for engine in engines:
            os.kill(engine, signal.SIGCONT)


def _read(file: Path) -> str:
    with suppress(OSError):
        return file.read_text().strip()
    return ""


def _target(link: Path) -> Path | None:
    with suppress(OSError):
        return link.readlink()
    return None
