"""Starts of the simulator of Kotauth, each in a process of its own, forked from one that has its modules."""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from simulators.kotauth.server import __main__ as server

# Not from the process of the tests, whose threads no fork survives.
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload([__name__])


@dataclass
class Ended:
    """A start that has ended."""

    returncode: int
    stdout: str
    stderr: str


def start(variables: Mapping[str, str]) -> Ended:
    """Run the simulator to its end with exactly these variables."""
    with tempfile.TemporaryDirectory() as folder:
        process = _FORKS.Process(target=_run, args=(dict(variables), folder))
        process.start()
        process.join(300)
        assert process.exitcode is not None, "the simulator did not end within 300 s"
        return Ended(process.exitcode, *((Path(folder) / name).read_text() for name in ("stdout", "stderr")))


def _run(variables: dict[str, str], folder: str) -> None:
    for number, name in enumerate(("stdout", "stderr"), 1):
        with open(f"{folder}/{name}", "w") as file:
            os.dup2(file.fileno(), number)
    sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w", buffering=1)
    os.environ.clear()
    os.environ.update(variables)
    code = server.main()
    sys.stdout.flush()
    os._exit(code)
