"""Build a program from the Go module proxy, as its own pinned module (go.mod and go.sum beside the Dockerfile)."""

from __future__ import annotations

import os
from pathlib import Path

from simulators.images.command import run
from toolchain.machine import cache, progress
from toolchain.pulumi import go_toolchain


def build(module: Path, package: str, output: Path, linker_flags: str) -> None:
    """Compile `package` for the image: static, stripped, and politely (other builds may be running)."""
    environment = os.environ | {"CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly -buildvcs=false"}
    flags = ["-trimpath", f"-ldflags=-s -w {linker_flags}", f"-o={output}"]
    command = ["nice", "-n", "5", str(go_toolchain.ensure()), "-C", str(module), "build", "-v", *flags, package]
    # One at a time: each takes all processors.
    with cache.lock("go-build"):
        run(
            f"go build {module.name}",
            command,
            environment=environment,
            silent_seconds=progress.STALLED_SECONDS,
            tries=progress.DOWNLOAD_TRIES,
        )
