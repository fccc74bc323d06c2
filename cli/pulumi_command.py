"""Runs `pulumi` in the checkout, with the engine that `toolchain` found or built."""

from __future__ import annotations

import contextlib
import functools
import os
import subprocess
import sys
from collections.abc import Generator, Mapping
from pathlib import Path

import toolchain

ROOT = Path(__file__).resolve().parents[1]
"""The checkout: project, program and stack files."""


def run(*arguments: str, capture: bool = False) -> subprocess.CompletedProcess[str]:
    """Run a `pulumi` command; ``capture`` keeps its standard output in place of showing it."""
    return subprocess.run(
        ["pulumi", *arguments],
        cwd=ROOT,
        env={**os.environ, **engine_variables()},
        stdout=subprocess.PIPE if capture else None,
        text=True,
        check=False,
    )


def run_or_exit(*arguments: str, capture: bool = False) -> str:
    """Run a `pulumi` command and return what was captured; end this process with its exit code where it fails."""
    done = run(*arguments, capture=capture)
    if done.returncode:
        sys.exit(done.returncode)
    return done.stdout or ""


@functools.cache
def engine_variables() -> dict[str, str]:
    """Return how to call the engine; looking for it takes a tenth of a second, and a job calls it several times."""
    return toolchain.environment(ROOT)


@contextlib.contextmanager
def variables_added(variables: Mapping[str, str]) -> Generator[None]:
    """Run every `pulumi` command meanwhile with these environment variables, too."""
    known = engine_variables()
    before = dict(known)
    known.update(variables)
    try:
        yield
    finally:
        known.clear()
        known.update(before)
