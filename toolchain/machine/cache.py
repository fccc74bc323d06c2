"""What is expensive to make is made once per machine.

An artefact is a folder in the cache whose name ends in the hash of everything it was made from. It appears under that
name by one rename, complete or not at all, and a lock sees to it that two builders do not do the same work. So any
number of checkouts share it and the whole cache may be deleted at any time.
"""

import fcntl
import hashlib
import os
import platform
import shutil
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from . import progress

_POLL_SECONDS = 0.2


def folder() -> Path:
    """Return `$KOTAUTH_CACHE`, else `kotauth-infra` in the user's cache folder; it need not exist yet."""
    if explicit := os.environ.get("KOTAUTH_CACHE"):
        return Path(explicit).absolute()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base).absolute() if base else Path.home() / ".cache") / "kotauth-infra"


def key(*parts: Path | str) -> str:
    """Return a short hash over files, whole folders of sources, other facts, and the kind of machine."""
    digest = hashlib.sha256()

    def add(name: str, content: bytes) -> None:
        # With the lengths in between, no two different inputs read the same.
        digest.update(f"{len(name)}:{name}{len(content)}:".encode() + content)

    add("machine", f"{platform.system()} {platform.machine()}".encode())
    for part in parts:
        if isinstance(part, str):
            add("fact", part.encode())
        elif part.is_dir():
            for file in _sources(part):
                add(file.relative_to(part).as_posix(), file.read_bytes())
        else:
            add(part.name, part.read_bytes())
    return digest.hexdigest()[:16]


def _sources(root: Path) -> list[Path]:
    """Return the files of a folder without what tools leave behind (bytecode, hidden folders)."""
    return sorted(
        path
        for path in root.rglob("*")
        if path.is_file()
        and path.suffix != ".pyc"
        and not any(part.startswith(".") for part in path.relative_to(root).parts)
    )


def artefact(name: str, build: Callable[[Path], None]) -> Path:
    """Return the artefact of that name; if it is not there, let `build` fill a folder and put that in place."""
    final = folder() / name
    if final.is_dir():
        return final
    with lock(name):
        if final.is_dir():
            return final
        partial = final.with_name(f".{name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        try:
            build(partial)
            partial.rename(final)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return final


@contextmanager
def lock(name: str) -> Generator[None]:
    """Hold the machine-wide lock of that name; the system releases it even if the holder is killed."""
    path = folder() / f".{name}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        waiting = progress.Waiting(f"waiting for another process that makes {name}")
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                waiting.tick()
                time.sleep(_POLL_SECONDS)
        yield
