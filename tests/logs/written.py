"""Containers that write lines, and how a test sees a log route."""

from __future__ import annotations

import contextlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from components.workload.spec import LOGS_LABEL, PART_LABEL
from simulators import images
from simulators.docker_command import docker

SOON_SECONDS = 300
"""For what takes place within seconds, on a busy machine."""
_PROGRAM = (Path(__file__).parent / "writer.py").read_text()


def run(stack: str, *arguments: str, size: str = "10m", part: str = "server") -> str:
    """Run Python in a container whose lines are sent with those of a stack; Docker rotates its file at ``size``."""
    image = images.ensure(["kotauth-simulator"])["kotauth-simulator"]
    return docker(
        *("run", "--detach", "--network=none", "--entrypoint=python3", "--log-driver=json-file"),
        *(f"--label={LOGS_LABEL}={stack}", f"--label={PART_LABEL}={part}"),
        *(f"--log-opt=max-size={size}", "--log-opt=max-file=3", f"--log-opt=labels={LOGS_LABEL},{PART_LABEL}"),
        *(image, "-c", *arguments),
    )


@contextlib.contextmanager
def writer(stack: str, rate: float, count: int, *, size: str = "10m") -> Iterator[str]:
    """Run a container that writes numbered lines, so many a second, and remove it in the end."""
    container = run(stack, _PROGRAM, str(rate), str(count), size=size)
    try:
        yield container
    finally:
        docker("rm", "--force", "--volumes", container)


def state(watcher: str) -> tuple[str, str]:
    """Return the health of a route and its line, from the container of its watcher."""
    health = json.loads(docker("inspect", watcher))[0]["State"]["Health"]
    return health["Status"], health["Log"][-1]["Output"].strip() if health["Log"] else ""


def counts(watcher: str) -> Counter[str]:
    """Return the counts in the line of a route: read, sent, refused, lost, waiting."""
    found = re.findall(r"(\d+) (?:lines |bytes )?(\w+)(?:,|$)", state(watcher)[1])
    return Counter({name: int(count) for count, name in found})
