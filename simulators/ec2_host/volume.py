"""A disk that outlives instances, as an EBS volume: a file behind a loop device."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from simulators.docker_command import docker
from simulators.ec2_host.containers import LABEL

MEBIBYTE = 1 << 20
LOOP_DEVICES = "b 7:* rmw"
"""The rule that lets a container use them."""


@dataclass(frozen=True)
class Volume:
    """An attachable disk."""

    volume_id: str
    loop: str
    """The device on this machine."""
    image: str

    @classmethod
    def create(cls, folder: Path, image: str, volume_id: str, mebibytes: int) -> Volume:
        """Make an empty disk. `image` is one that has losetup, for machines where the tests aren't root."""
        file = folder / f"{volume_id}.img"
        file.touch()
        os.truncate(file, mebibytes * MEBIBYTE)
        loop = _with_devices(image, folder, "losetup", "--find", "--show", f"/disks/{file.name}")
        return cls(volume_id, loop, image)

    @property
    def number(self) -> int:
        """The device's minor number."""
        return int(re.sub(r"\D", "", self.loop))

    def remove(self) -> None:
        """Detach the device from its file."""
        _with_devices(self.image, Path("/tmp"), "losetup", "--detach", self.loop)  # noqa: S108 - only mounted


def _with_devices(image: str, folder: Path, *command: str) -> str:
    options = [
        "--rm",
        f"--label={LABEL}",
        "--network=none",
        "--cap-add=SYS_ADMIN",
        "--security-opt=apparmor=unconfined",
    ]
    devices = ["--volume=/dev:/dev", f"--device-cgroup-rule={LOOP_DEVICES}", "--device-cgroup-rule=c 10:237 rmw"]
    return docker("run", *options, *devices, f"--volume={folder}:/disks", image, *command)
