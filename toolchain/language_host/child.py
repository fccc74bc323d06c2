"""Child processes that never outlive the host.

The engine interrupts the host's whole process group. A Python child would answer that with a traceback, so children are
started with SIGINT ignored and the host ends them itself. They stay in the group on purpose: if the host hangs, the
engine kills the group and they go too.
"""

import contextlib
import subprocess
import threading
from collections.abc import Iterable, Mapping, Sequence

# An ignored signal stays ignored through exec. `preexec_fn` could do it without a shell, but is unsafe with threads.
_WITHOUT_INTERRUPT = ("/bin/sh", "-c", 'trap "" INT; exec "$@"', "sh")
_GRACE_SECONDS = 2.0

_lock = threading.Lock()
_running: set["subprocess.Popen[bytes]"] = set()
_closed = False


def start(
    command: Sequence[str], *, cwd: str, env: Mapping[str, str], capture: bool = False
) -> "subprocess.Popen[bytes]":
    """Start a child; with `capture` its output comes through pipes, else it goes where the host's goes."""
    pipe = subprocess.PIPE if capture else None
    with _lock:
        if _closed:
            raise ChildProcessError("the language host is shutting down")
        child = subprocess.Popen(
            [*_WITHOUT_INTERRUPT, *command],
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=pipe,
            stderr=pipe,
        )
        _running.add(child)
    return child


def end(child: "subprocess.Popen[bytes]") -> None:
    """Ask a child to leave, and make it after a short grace."""
    _end([child])


def end_all() -> None:
    """End every child and start no new one."""
    global _closed  # noqa: PLW0603  one process, one shutdown
    with _lock:
        _closed = True
        children = list(_running)
    _end(children)


def finished(child: "subprocess.Popen[bytes]") -> int:
    """Wait for a child and return its exit code."""
    code = child.wait()
    with _lock:
        _running.discard(child)
    return code


def _end(children: Iterable["subprocess.Popen[bytes]"]) -> None:
    alive = [child for child in children if child.poll() is None]
    for child in alive:
        child.terminate()
    for child in alive:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(_GRACE_SECONDS)
            continue
        child.kill()
