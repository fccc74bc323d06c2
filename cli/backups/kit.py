"""`make backup-kit`: what a restore needs when the host and the state are gone, in two files for two places."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, cast

FORMAT = 1
REPOSITORY_FILE, KEY_FILE = "kotauth-{stack}-repository.json", "kotauth-{stack}-secret-key.json"


IMAGES = ("server", "database", "backup")


class KitError(Exception):
    """Files that are no kit."""


@dataclass(frozen=True, kw_only=True)
class RepositoryKit:
    """How the backups of a stack are read."""

    stack: str
    repository: str
    """Its address, or `volume:` and the name of the volume."""
    files: dict[str, str]
    """Secret files by name: the password of the repository, and the access to it."""
    known_hosts: str
    base_url: str
    images: dict[str, str]
    """Images by the names of `IMAGES`: of the server, the database and restic."""


@dataclass(frozen=True, kw_only=True)
class KeyKit:
    """The secret key of a stack."""

    stack: str
    secret_key: str


@dataclass(frozen=True)
class Kit:
    """Both."""

    repository: RepositoryKit
    key: KeyKit | None
    option: str = field(default="", compare=False)
    """What a `make` command needs to read the same files."""


def write(folder: Path, kit: Kit) -> list[Path]:
    """Write the two files, each for its owner only, or none of them; raise ``KitError`` where one exists."""
    written: list[Path] = []
    try:
        for name, part in ((REPOSITORY_FILE, kit.repository), (KEY_FILE, kit.key)):
            file = folder / name.format(stack=kit.repository.stack)
            text = json.dumps({"format": FORMAT, **asdict(part)}, indent=2) + "\n"  # pyright: ignore[reportArgumentType]
            _write(file, text, written)
    except BaseException:
        for file in written:
            file.unlink()
        raise
    return written


def _write(file: Path, text: str, written: list[Path]) -> None:
    try:
        opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        written.append(file)
        with os.fdopen(opened, "w", encoding="utf-8") as output:
            output.write(text)
    except FileExistsError:
        raise KitError(f"{file} exists: move it away, or set OUT to another folder") from None
    except OSError as error:
        raise KitError(f"{file} can't be written: {error.strerror}") from error


def read(files: list[Path]) -> Kit:
    """Read the file of the repository and, if it is among ``files``, that of the key."""
    repository: RepositoryKit | None = None
    key: KeyKit | None = None
    for file in files:
        content = _json(file)
        if bad := [*_misshapen(content)]:
            raise KitError(f"{file} is no file of a backup kit: {', '.join(bad)} must be as the command wrote it")
        try:
            if "repository" in content:
                repository = RepositoryKit(**content)
            else:
                key = KeyKit(**content)
        except TypeError as error:
            raise KitError(f"{file} is no file of a backup kit: {error}") from error
    if repository is None or len(files) > 1 + bool(key):
        name = REPOSITORY_FILE.format(stack="STACK")
        raise KitError(
            f"KIT must name the file of the repository, {name}, and for a drill, after a comma, that of the key"
        )
    if key and key.stack != repository.stack:
        raise KitError(f"the two files are of different stacks, {repository.stack} and {key.stack}")
    return Kit(repository, key, f"KIT={shlex.quote(','.join(map(str, files)))}")


def _misshapen(content: dict[str, Any]) -> Iterator[str]:
    """Yield the names of what has another form than in a kit that a command wrote."""
    for name, value in content.items():
        of_texts = isinstance(value, dict) and all(
            isinstance(text, str) for text in cast("dict[str, Any]", value).values()
        )
        if not (of_texts if name in ("files", "images") else isinstance(value, str)):
            yield name
    images = content.get("images")
    if isinstance(images, dict):
        yield from (f"images.{image}" for image in IMAGES if image not in images)


def _json(file: Path) -> dict[str, Any]:
    try:
        content: Any = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise KitError(f"{file} can't be read: {error.strerror}") from error
    except ValueError as error:
        raise KitError(f"{file} is no file of a backup kit: {error}") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:  # pyright: ignore[reportUnknownMemberType]
        raise KitError(f"{file} is no file of a backup kit of format {FORMAT}")
    return {name: value for name, value in content.items() if name != "format"}  # pyright: ignore
