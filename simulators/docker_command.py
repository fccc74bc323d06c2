"""Docker's command-line client, for simulators that run containers and for the tests of whatever runs in some."""

from __future__ import annotations

import subprocess


class DockerError(subprocess.SubprocessError):
    """A docker command that failed, and what it said."""


def docker(*arguments: str, check: bool = True, text: str | None = None) -> str:
    """Run a docker command and return what it printed on standard output.

    Args:
        arguments: The command, such as `"ps", "--quiet"`.
        check: Whether a command that fails raises DockerError with its error text.
        text: What it reads on standard input.
    """
    done = subprocess.run(["docker", *arguments], input=text, capture_output=True, text=True, check=False, timeout=600)
    if check and done.returncode:
        raise DockerError(f"docker {' '.join(arguments)} ended with {done.returncode}: {done.stderr}")
    return done.stdout.strip()
