"""The archive of a function: its own code, what it shares with the components, and exactly pinned distributions.

Inside it the modules lie under `kotauth` as they do here, so that relative imports hold, but without `__init__.py`. The
engine hashes names and contents, not times or places: another machine makes the same archive, and sees no change.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pulumi

_PACKAGE = Path(__file__).parents[2]

POSTGRES_DRIVER = {
    "pg8000": "1.31.6",
    "scramp": "1.5.0",
    "asn1crypto": "1.5.1",
    "python-dateutil": "2.9.0.post0",
    "six": "1.17.0",
}
"""A PostgreSQL driver in pure Python, with all that it needs. The versions are those of requirements.txt."""


@dataclass(frozen=True)
class FunctionCode:
    """What Lambda gets."""

    archive: pulumi.AssetArchive
    handler: str
    """Name of the function's entry."""
    sha256: str
    """Hash of names and contents, known before the archive is anywhere."""


def function_code(
    function: str,
    *,
    shared: Sequence[str] = (),
    texts: Mapping[str, str] | None = None,
    distributions: Mapping[str, str] | None = None,
) -> FunctionCode:
    """Return the code of the function in the folder of that name.

    ``shared`` are files of the package, ``texts`` further files of the function, ``distributions`` names to versions.
    Raises ``pulumi.RunError`` where another version is installed.
    """
    folder = Path("aws/functions") / function
    own = sorted(f"{folder}/{file.name}" for file in (_PACKAGE / folder).glob("*.py") if file.name != "__init__.py")
    contents: dict[str, Path | str] = {f"kotauth/{path}": _PACKAGE / path for path in [*own, *shared]}
    contents |= {f"kotauth/{folder}/{name}": text for name, text in (texts or {}).items()}
    for name, version in (distributions or {}).items():
        contents |= _files_of(name, version)
    return FunctionCode(
        archive=pulumi.AssetArchive(
            {
                name: pulumi.FileAsset(str(content)) if isinstance(content, Path) else pulumi.StringAsset(content)
                for name, content in contents.items()
            }
        ),
        handler=f"kotauth.aws.functions.{function}.handler.handle",
        sha256=_hash(contents),
    )


def _files_of(name: str, version: str) -> dict[str, Path]:
    """Return the modules of an installed distribution, and its metadata, in which some look their version up."""
    try:
        distribution = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        raise pulumi.RunError(f"{name} {version} is needed for the code of a function, and not installed") from None
    if distribution.version != version or not distribution.files:
        raise pulumi.RunError(
            f"the code of a function carries {name} {version}, but {distribution.version} is installed: "
            "install the requirements again (pip install -r components/requirements.txt)"
        )
    return {
        file.as_posix(): Path(str(file.locate()))
        for file in distribution.files
        if file.suffix == ".py" or file.name == "METADATA"
    }


def _hash(contents: Mapping[str, Path | str]) -> str:
    digest = hashlib.sha256()
    for name, content in sorted(contents.items()):
        data = content.read_bytes() if isinstance(content, Path) else content.encode()
        # With the lengths in between, no two different archives read the same.
        digest.update(f"{len(name)}:{name}{len(data)}:".encode() + data)
    return digest.hexdigest()
