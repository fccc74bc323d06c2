"""Pulumi's own CLI: the one on PATH if it is new enough, else the official download."""

import hashlib
import io
import os
import platform
import re
import shutil
import subprocess
import tarfile
import urllib.request
from pathlib import Path

from ..machine import cache, progress
from .pins import PULUMI_VERSION

DOWNLOADS = "https://get.pulumi.com/releases/sdk"
CHECKSUMS = f"https://github.com/pulumi/pulumi/releases/download/v{PULUMI_VERSION}"
"""Checksums from another server than the files: a changed file there still has its published checksum here."""

_CONNECT_SECONDS = 5.0
_LANGUAGE_HOST = "pulumi-language-python"


def on_path(path: str | None = None) -> Path | None:
    """Return the `pulumi` on PATH if it can run this project; say why if there is one that cannot."""
    path = outside_cache(path if path is not None else os.environ.get("PATH", os.defpath))
    pulumi = shutil.which("pulumi", path=path)
    if pulumi is None:
        return None
    version = version_of(pulumi)
    if not version:
        progress.say(f"    {pulumi} does not run: not used")
    elif version < _numbers(PULUMI_VERSION):
        progress.say(f"    {pulumi} is Pulumi {'.'.join(map(str, version))}, older than {PULUMI_VERSION}: not used")
    elif shutil.which(_LANGUAGE_HOST, path=path) is None:
        progress.say(f"    {pulumi} has no {_LANGUAGE_HOST} with it: not used")
    else:
        return Path(pulumi)
    return None


def outside_cache(path: str) -> str:
    """Return a PATH without the folders that an earlier `make env` put there."""
    here = cache.folder()
    return os.pathsep.join(entry for entry in path.split(os.pathsep) if not Path(entry).is_relative_to(here))


def version_of(pulumi: str) -> tuple[int, ...]:
    """Return the version that a CLI says it is; empty if it does not say one."""
    environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        completed = subprocess.run(
            [pulumi, "version"], env=environment, capture_output=True, text=True, check=True, timeout=30
        )
    except (OSError, subprocess.SubprocessError):
        return ()
    return _numbers(completed.stdout)


def folder() -> Path:
    """Return where the downloaded CLI is or would be."""
    return cache.folder() / f"pulumi-{PULUMI_VERSION}-{_platform()}"


def download(downloads: str = DOWNLOADS, checksums: str = CHECKSUMS) -> Path | None:
    """Return the folder of the official CLI (`bin/`), downloaded if need be; None if it can't be downloaded."""
    archive = f"pulumi-v{PULUMI_VERSION}-{_platform()}.tar.gz"

    def build(partial: Path) -> None:
        expected = _checksum(_fetch(f"{checksums}/pulumi-{PULUMI_VERSION}-checksums.txt").decode(), archive)
        content = _fetch(f"{downloads}/{archive}")
        if (actual := hashlib.sha256(content).hexdigest()) != expected:
            raise _UnobtainableError(f"{archive} has the SHA-256 {actual}, published is {expected}")
        _unpack(content, partial / "bin")

    try:
        with progress.step(f"Downloading Pulumi {PULUMI_VERSION} from pulumi.com"):
            return cache.artefact(folder().name, build)
    except _UnobtainableError as reason:
        progress.say(f"    not possible here: {reason}")
        return None


class _UnobtainableError(Exception):
    """The official CLI can't be downloaded from here, or not in the form that was published."""


def _platform() -> str:
    machine = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64"}.get(platform.machine().lower(), platform.machine())
    return f"{platform.system().lower()}-{machine}"


def _numbers(version: str) -> tuple[int, ...]:
    match = re.search(r"(\d+)\.(\d+)\.(\d+)", version)
    return tuple(map(int, match.groups())) if match else ()


def _fetch(url: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=_CONNECT_SECONDS) as response:  # noqa: S310  constants above
            waiting = progress.Waiting(f"downloading {url}")
            chunks: list[bytes] = []
            while chunk := response.read(1 << 20):
                chunks.append(chunk)
                waiting.tick(f", {sum(map(len, chunks)) >> 20} MB")
            return b"".join(chunks)
    except OSError as error:
        raise _UnobtainableError(f"{url}: {getattr(error, 'reason', error)}") from error


def _checksum(listing: str, file: str) -> str:
    for line in listing.splitlines():
        match line.split():
            case [checksum, name] if name.lstrip("*") == file:
                return checksum
            case _:
                continue
    raise _UnobtainableError(f"the published checksums do not list {file}")


def _unpack(content: bytes, target: Path) -> None:
    """Unpack the executables of a release; the archive has one folder, `pulumi/`."""
    target.mkdir()
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        for member in archive.getmembers():
            if member.isfile() and (stream := archive.extractfile(member)):
                file = target / Path(member.name).name
                with file.open("wb") as copy:
                    shutil.copyfileobj(stream, copy)
                file.chmod(0o755)
