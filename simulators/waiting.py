"""Waits until a check holds, for simulators that start services and for the tests."""

from __future__ import annotations

import http.client
import subprocess
import time
from collections.abc import Callable

_PASSING = (OSError, http.client.HTTPException, subprocess.SubprocessError)
"""Errors of what starts, reloads or ends: of connections, also by TLS, of answers, of files, and of commands."""


def eventually(
    what: str, check: Callable[[], object], seconds: float = 300.0, diagnosis: Callable[[], object] = str
) -> float:
    """Wait until a check holds, and return after how many seconds it did.

    A check may meet a connection that is refused or ended, a file that is not there yet, or a container that just
    restarts. Such an error means "not yet". Any other error ends the wait, also an AssertionError.

    Most checks run a command in a container, which takes the processor from what is waited for: the pauses grow. Only
    a failure takes as long as the default, on a busy machine, too.

    Raises TimeoutError, with the last error that a check met, and with what the diagnosis says.
    """
    began, pause = time.monotonic(), 0.05
    met, last = "", None
    while True:
        try:
            if check():
                return time.monotonic() - began
        except _PASSING as error:
            met, last = f"; the last error, after {time.monotonic() - began:.0f} s: {error!r}", error
        if time.monotonic() - began > seconds:
            raise TimeoutError(f"{what}: not within {seconds:g} s{met}\n{diagnosis()}") from last
        time.sleep(pause)
        pause = min(1.2 * pause, 1.0)
