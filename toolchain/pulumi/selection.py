"""Which engine this machine uses: the one on PATH, the official download or the built one."""

import os
import subprocess
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from ..machine import cache, progress
from ..machine.errors import EngineError
from . import built, official, python_host
from .pins import PLUGIN_VERSIONS


class Origin(Enum):
    """Where an engine comes from."""

    PATH = "on PATH"
    DOWNLOAD = "the official download"
    BUILT = "built from the Go module proxy"


@dataclass(frozen=True)
class Engine:
    """An engine that can be used right away."""

    origin: Origin
    pulumi: Path
    """The CLI."""
    commands: Path | None = None
    """The folder to put first on PATH, unless it is there already."""
    home: Path | None = None
    """PULUMI_HOME, where it must not be the user's own: the built plugins are for the built engine."""


def find() -> Engine | None:
    """Return the engine if everything is in place, without changing anything."""
    engine = _usable()
    return engine if engine is not None and not _missing_plugins(engine) else None


def ensure() -> Engine:
    """Return the engine; download or build what is missing."""
    engine = _usable() or _downloaded() or _built()
    for package in _missing_plugins(engine):
        _install_plugin(engine, package)
    return engine


def _usable() -> Engine | None:
    if pulumi := official.on_path():
        return Engine(Origin.PATH, pulumi)
    if (downloaded := official.folder()).is_dir():
        return _of_download(downloaded)
    if built.folder().is_dir() and python_host.is_usable():
        return _of_build(built.folder(), python_host.folder())
    return None


def _downloaded() -> Engine | None:
    # A machine that built the engine once could not reach the download servers; it need not wait for them again.
    if built.folder().is_dir():
        return None
    folder = official.download()
    return _of_download(folder) if folder else None


def _built() -> Engine:
    return _of_build(built.ensure(), python_host.ensure())


def _of_download(folder: Path) -> Engine:
    return Engine(Origin.DOWNLOAD, folder / "bin" / "pulumi", folder / "bin")


def _of_build(engine: Path, host: Path) -> Engine:
    return Engine(Origin.BUILT, host / "bin" / "pulumi", host / "bin", engine / "home")


def _home(engine: Engine) -> Path:
    if engine.home is not None:
        return engine.home
    own = os.environ.get("PULUMI_HOME")
    return Path(own) if own and not Path(own).is_relative_to(cache.folder()) else Path.home() / ".pulumi"


def _missing_plugins(engine: Engine) -> list[str]:
    plugins = _home(engine) / "plugins"
    return [
        package
        for package, version in PLUGIN_VERSIONS.items()
        if not (plugins / f"resource-{package}-v{version}" / f"pulumi-resource-{package}").is_file()
    ]


def _install_plugin(engine: Engine, package: str) -> None:
    version = PLUGIN_VERSIONS[package]
    command = [str(engine.pulumi), "plugin", "install", "resource", package, version]
    environment = {**os.environ, "PULUMI_HOME": str(_home(engine)), "PULUMI_SKIP_UPDATE_CHECK": "true"}
    with progress.step(f"Installing plugin {package} {version}"):
        downloaded = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if downloaded.returncode == 0:
            return
        progress.say("    cannot be downloaded here: using the one built from the Go module proxy")
        built.ensure()
        copied = subprocess.run(
            [*command, "--file", str(built.plugin_file(package)), "--reinstall"],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if copied.returncode != 0:
            raise EngineError(f"plugin {package} {version} cannot be installed:\n{copied.stdout}{copied.stderr}")
