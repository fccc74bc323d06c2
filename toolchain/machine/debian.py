"""Packages of Debian and Ubuntu, the one family of systems on which this project installs something by itself."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from . import cache, progress


def can_install() -> bool:
    """Tell whether packages can be installed here: a Debian-like system, and root."""
    return Path("/etc/debian_version").exists() and shutil.which("apt-get") is not None and os.geteuid() == 0


def install(packages: Sequence[str]) -> None:
    """Install packages without what they merely recommend."""
    if not packages:
        return
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    log = cache.folder() / "logs" / "apt-get.log"
    with cache.lock("apt-get"), progress.step(f"Installing {', '.join(packages)} (apt-get)"):
        for command in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
            progress.run(["apt-get", "--quiet", *command], what=f"apt-get {command[0]}", log=log, env=environment)
