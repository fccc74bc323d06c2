"""Writes files whole or not at all: a full disk or a lost power leaves the old file, or none."""

from __future__ import annotations

import os


def write(path: str, content: bytes, *, mode: int = 0o600, owner: tuple[int, int] = (0, 0)) -> None:
    """Put ``content`` at ``path``; raise ``OSError``, or ``ValueError`` where there is nothing to write."""
    if not content:
        raise ValueError(f"nothing to write to {path}")
    folder, part = os.path.dirname(path), f"{path}.part"
    os.makedirs(folder, exist_ok=True)
    try:
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fchown(file.fileno(), *owner)
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        os.rename(part, path)
    except OSError:
        if os.path.exists(part):
            os.unlink(part)
        raise
    entry = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(entry)
    finally:
        os.close(entry)


def read(path: str) -> bytes:
    """Return the content of a file; nothing for one that isn't there."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return b""
