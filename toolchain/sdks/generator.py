"""The program in `go/`: it makes SDKs in other languages from a schema, with the generators of the language plugins.

Its modules have the versions of the engine's, so that Go compiles only this program where the engine was built before.
"""

import os
import subprocess
from pathlib import Path

from ..machine import cache, progress
from ..machine.errors import EngineError
from ..pulumi import go_toolchain

GO_MODULE = Path(__file__).parent / "go"
BUILD_FLAGS = ("-ldflags", "-s -w")


def ensure() -> Path:
    """Return the program; build it if it is not there."""
    return cache.artefact(f"sdks-{cache.key(GO_MODULE, *BUILD_FLAGS)}", _build) / "sdks"


def go_environment() -> dict[str, str]:
    """Return the user's environment with what would make a build depend on the machine taken out.

    `built.py` has the same values for the engine, in a file of its own: each change of that file rebuilds the engine.
    """
    return {
        **os.environ,
        "CGO_ENABLED": "0",
        "GOFLAGS": "-mod=readonly -buildvcs=false",
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
    }


def generate(schema: Path, folder: Path, *languages: str) -> None:
    """Write an SDK for each language (`nodejs`, `go`, `dotnet`, `java`, `python`) into a subfolder of that name."""
    command = [str(ensure()), str(schema), str(folder), *languages]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    if done.returncode != 0:
        raise EngineError(f"the SDKs could not be generated:\n{done.stderr}")


def _build(partial: Path) -> None:
    go = go_toolchain.ensure()
    with progress.step(f"Building Pulumi's generators of SDKs with {go} from the Go module proxy (once)"):
        progress.run(
            [str(go), "build", "-C", str(GO_MODULE), "-v", *BUILD_FLAGS, "-o", str(partial / "sdks"), "."],
            what="go build",
            log=cache.folder() / "logs" / "go-build-sdks.log",
            env=go_environment(),
            # It names each module and each package, so it is only silent where a download stalls.
            silent_seconds=progress.STALLED_SECONDS,
            tries=progress.DOWNLOAD_TRIES,
        )
