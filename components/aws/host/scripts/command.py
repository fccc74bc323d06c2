"""Runs the commands of the host."""

from __future__ import annotations

import os
import subprocess


class CommandError(Exception):
    """A command failed; the text is its last line."""


def run(*command: str, timeout: float = 60, **environment: str) -> str:
    """Return what a command printed; raise ``CommandError`` where it fails or takes longer than ``timeout`` seconds.

    ``environment`` is added to that of this program.
    """
    name = " ".join(command[:2])
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
            env={**os.environ, **environment},
        )
    except subprocess.TimeoutExpired:
        raise CommandError(f"{name}: no end after {timeout:g} s") from None
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise CommandError(f"{name}: exit code {done.returncode}: {said[-1] if said else ''}")
    return done.stdout.strip()
