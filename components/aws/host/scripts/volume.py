"""The volume that outlives the host: found, formatted when it is blank, mounted."""

from __future__ import annotations

import glob
import os
from typing import Any

from . import names
from .command import CommandError, run
from .files import read

LABEL = "kotauth-data"
BLOCK = "/sys/class/block"
_BLANK_BYTES = 1 << 20


def mount(volume: dict[str, Any], volume_id: str) -> None:
    """Mount the volume and give its folders to their owners."""
    if not os.path.ismount(names.VOLUMES):
        device = find(volume["device"], volume_id)
        if is_blank(device):
            # Not forced: mkfs refuses a device on which it finds anything, too.
            run("mkfs.xfs", "-q", "-L", LABEL, device, timeout=120)
        elif label(device) != LABEL:
            raise CommandError(f"{device} holds something else than our file system; it is left alone")
        os.makedirs(names.VOLUMES, exist_ok=True)
        run("mount", "-o", "nodev,nosuid,noexec", device, names.VOLUMES)
    for name, (uid, gid) in volume["folders"].items():
        os.makedirs(f"{names.VOLUMES}/{name}", exist_ok=True)
        os.chown(f"{names.VOLUMES}/{name}", uid, gid)


def find(name: str, volume_id: str) -> str:
    """Return the device of the volume: NVMe carries its id as serial number, others its given name."""
    for serial in glob.glob(f"{BLOCK}/nvme*/device/serial"):
        if read(serial).decode().strip() == volume_id.replace("-", ""):
            return "/dev/" + serial.split("/")[-3]
    if not os.path.exists(name):
        raise CommandError(f"volume {volume_id} is not attached yet")
    return name


def is_blank(device: str) -> bool:
    """Whether nothing was ever written at the device's beginning: new volumes are all zeros."""
    with open(device, "rb") as file:
        return not any(file.read(_BLANK_BYTES))


def label(device: str) -> str:
    """Return the label of the device's file system; raise ``CommandError`` where there is none."""
    return run("blkid", "--probe", "--output", "value", "--match-tag", "LABEL", device)
