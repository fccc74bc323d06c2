"""One command at a time: a restore, an upgrade and a drill each begin by removing what an earlier one has left."""

from __future__ import annotations

import fcntl
from collections.abc import Generator
from contextlib import contextmanager

from toolchain import local_state

from .. import pulumi_command
from .site import SiteError


@contextmanager
def turn(name: str, work: str) -> Generator[None]:
    """Keep others on this machine from the same turn; raise ``SiteError`` where another command has it for ``work``."""
    folder = pulumi_command.ROOT / local_state.FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    # The kernel gives it back, however the command ends.
    with (folder / f"{name.replace('/', '-')}.lock").open("w", encoding="utf-8") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SiteError(
                f"{work} is under way in another terminal, and each begins by removing what an earlier one has left: "
                "wait for its end"
            ) from None
        yield
