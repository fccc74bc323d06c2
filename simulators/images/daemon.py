"""The few things that are asked of the Docker daemon, through its command-line client."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from simulators.images.command import run
from simulators.images.recipe import KEY_LABEL
from toolchain.machine.errors import EngineError

PROXY_VARIABLES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


def present_keys(references: Iterable[str]) -> dict[str, str]:
    """The recipe key of each of these images that the daemon has ("" for an image without one).

    Raises EngineError when the daemon doesn't answer.
    """
    command = ["docker", "image", "inspect", *references]
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise EngineError("the docker client is not installed") from error
    others = [line for line in result.stderr.splitlines() if line.strip() and "no such image" not in line.lower()]
    if result.returncode != 0 and others:
        raise EngineError(f"the Docker daemon does not answer: {others[0]}")
    return {
        reference: (image["Config"]["Labels"] or {}).get(KEY_LABEL, "")
        for image in json.loads(result.stdout or "[]")
        for reference in image["RepoTags"] or []
    }


def build_image(reference: str, key: str, context: Path, arguments: Mapping[str, str] | None = None) -> None:
    """Build a folder with a Dockerfile; the key becomes a label."""
    values = dict(arguments or {}) | {name: os.environ[name] for name in PROXY_VARIABLES if name in os.environ}
    build_arguments = [f"--build-arg={name}={value}" for name, value in values.items()]
    run(
        f"docker build {reference}",
        ["docker", "build", f"--tag={reference}", f"--label={KEY_LABEL}={key}", *build_arguments, str(context)],
    )


def import_root(reference: str, key: str, archive: Path) -> None:
    """Make an image of one layer out of a tar archive of a root file system."""
    run(
        f"docker import {reference}",
        ["docker", "import", f"--change=LABEL {KEY_LABEL}={key}", '--change=CMD ["bash"]', str(archive), reference],
    )


def save(reference: str, archive: Path) -> None:
    """Write an image to a file, uncompressed: on these sizes any compression costs more time than it saves."""
    run(f"docker save {reference}", ["docker", "save", f"--output={archive}", reference])


def load(archive: Path) -> None:
    """Bring back what `save` wrote."""
    run("docker load", ["docker", "load", f"--input={archive}"])
