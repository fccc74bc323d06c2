"""Programs in Java, where the machine has a compiler and Maven, which installs Pulumi's SDK from Maven Central."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.sdks import host
from toolchain.machine import cache, progress

_POM = Path(__file__).parent / "programs" / "pom.xml"
# For programs that run for a second, the quick compiler of the JVM does; with it, `javac` takes half the time.
_QUICK = "-XX:TieredStopAtLevel=1"


def can_compile() -> bool:
    """Tell whether programs can be compiled here."""
    return all(map(shutil.which, ("javac", "mvn")))


class Program:
    """A program with the SDK's sources among its own, as `pulumi package add` tells the user to have them."""

    def __init__(self, folder: Path, sdk: Path, program: str) -> None:
        """Compile the text of a program, whose class is `App`, and the SDK."""
        self.folder = folder
        sources = folder / "src" / "main"
        shutil.copytree(sdk / "src", sources.parent)
        (sources / "java" / "App.java").write_text(program, encoding="utf-8")
        self._class_path = os.pathsep.join(map(str, (folder / "classes", sources / "resources", _packages() / "*")))
        # Pulumi's SDK needs Java 11.
        command = ["javac", f"-J{_QUICK}", "--release", "11", "-proc:none", "-cp", self._class_path]
        done = subprocess.run(
            [*command, "-d", folder / "classes", *sources.rglob("*.java")],
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def command(self, said: Mapping[str, str]) -> host.Started:
        """Return how Pulumi's plugin for Java starts the program."""
        return ["java", _QUICK, "-cp", self._class_path, "App"], host.variables(said)


def _packages() -> Path:
    """Return the folder of the installed packages; install them if they are not there."""
    return cache.artefact(f"maven-{cache.key(_POM)}", _install) / "packages"


def _install(partial: Path) -> None:
    with progress.step("Installing Pulumi's SDK for Java from Maven Central (27 MB, once)"):
        progress.run(
            # Each download is a line of the log. A file whose checksum is wrong is refused.
            [
                *("mvn", "--batch-mode", "--strict-checksums", "--file", str(_POM)),
                *("dependency:copy-dependencies", f"-DoutputDirectory={partial / 'packages'}"),
            ],
            what="mvn",
            log=cache.folder() / "logs" / "maven.log",
            silent_seconds=progress.STALLED_SECONDS,
            tries=progress.DOWNLOAD_TRIES,
        )
