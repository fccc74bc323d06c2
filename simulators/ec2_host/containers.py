"""What the lab runs in the machine's own Docker daemon: a network and containers with fixed addresses on it."""

from __future__ import annotations

import contextlib
import io
import ipaddress
import itertools
import os
import random
import subprocess
import tarfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from simulators.docker_command import DockerError, docker

LABEL = f"kotauth.test={os.getpid()}"


@dataclass(frozen=True)
class File:
    """A file to put into a container before it starts."""

    content: str
    owner: int = 0
    mode: int = 0o644


@dataclass
class Network:
    """A bridge that plays the VPC; the machine has the address `gateway` on it."""

    name: str
    cidr: ipaddress.IPv4Network
    gateway: str
    _containers: list[str] = field(default_factory=list[str])
    _volumes: list[str] = field(default_factory=list[str])
    _placeholders: dict[str, str] = field(default_factory=dict[str, str])
    _given: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @classmethod
    def create(cls, name: str, cidr: str | None, gateway: Callable[[str], str] | None) -> Network:
        """Make it. Without a range of addresses, one is taken that no other network here has."""
        taken = _routed()
        free = [second for second in range(64, 192) if f"10.{second}" not in taken]
        for _ in range(20):
            network = ipaddress.IPv4Network(cidr or f"10.{random.choice(free)}.0.0/16")  # noqa: S311 - no secret
            first = gateway(str(network)) if gateway else str(network[1])
            try:
                docker("network", "create", "--label", LABEL, "--subnet", str(network), "--gateway", first, name)
            except DockerError as error:
                if cidr or "overlaps" not in str(error):
                    raise
            else:
                return cls(name, network, first)
        raise RuntimeError("no free range of addresses")

    def next_address(self) -> str:
        """Return an address that was not given yet, from the end of the range."""
        return str(self.cidr[-1 - next(self._given)])

    def run(
        self, image: str, *command: str, address: str, options: list[str], files: Mapping[str, File] | None = None
    ) -> str:
        """Start a container, with files in place, and return its id."""
        options = [f"--label={LABEL}", f"--network={self.name}", f"--ip={address}", *options]
        container = docker("create", *options, image, *command)
        self._containers.append(container)
        if files:
            archive = _archive(files)
            subprocess.run(["docker", "cp", "-", f"{container}:/"], input=archive, check=True, timeout=600)
        docker("start", container)
        return container

    def stop(self, container: str) -> None:
        """Stop a server in good order; its address refuses connections, as that of a machine that is up does."""
        docker("stop", "--time=10", container)
        image, address = docker(
            *(
                "inspect",
                "--format",
                f'{{{{.Image}}}} {{{{(index .NetworkSettings.Networks "{self.name}").IPAMConfig.IPv4Address}}}}',
            ),
            container,
        ).split()
        self._placeholders[container] = self.run(image, "600", address=address, options=["--entrypoint=sleep"])

    def restart(self, container: str) -> None:
        """Start a server that was stopped."""
        self.remove(self._placeholders.pop(container))
        docker("start", container)

    def volume(self) -> str:
        """Return a new volume."""
        self._volumes.append(docker("volume", "create", "--label", LABEL))
        return self._volumes[-1]

    def remove(self, container: str) -> None:
        """End a container."""
        docker("rm", "--force", "--volumes", container)
        self._containers.remove(container)

    def remove_volume(self, volume: str) -> None:
        """Remove a volume that nothing uses any more."""
        docker("volume", "rm", volume)
        self._volumes.remove(volume)

    def close(self) -> None:
        """Remove the network and all that was made on it."""
        with contextlib.ExitStack() as steps:
            steps.callback(docker, "network", "rm", self.name)
            if self._volumes:
                steps.callback(docker, "volume", "rm", "--force", *self._volumes)
            if self._containers:
                steps.callback(docker, "rm", "--force", "--volumes", *self._containers)


def _archive(files: Mapping[str, File]) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        for path, file in files.items():
            data = file.content.encode()
            member = tarfile.TarInfo(path.lstrip("/"))
            member.size, member.mode, member.uid, member.gid = len(data), file.mode, file.owner, file.owner
            archive.addfile(member, io.BytesIO(data))
    return content.getvalue()


def _routed() -> set[str]:
    """Return the first two numbers of each range to which this machine has a route.

    Docker knows its own networks only. A bridge that a daemon left behind when it was killed takes the packets.
    """
    routes = Path("/proc/net/route").read_text().splitlines()[1:]
    destinations = [bytes.fromhex(route.split()[1])[::-1] for route in routes]
    return {f"{first}.{second}" for first, second, *_ in destinations}
