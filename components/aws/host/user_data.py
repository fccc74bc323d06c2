"""Renders the user data of a host, which is known at preview, and the values that the host fetches at each boot.

Everyone who may describe the instance can read its user data, so it contains no secret. A change to user data replaces
the host, so it contains every value whose change must roll the servers. Files that are too long for its 16 KB are
objects of a bucket, and the user data contains their hashes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from ...inputs.error import refused
from ...workload.spec import owner, probe_of
from .boot_plan import BootPlan, Labels, container_text, text_of
from .cloud_config import cloud_config
from .container_plan import container_plan
from .deferred import deferred_names, deferred_values
from .description import HTTPS_PORT, Host, Secret, Volume, Watch, environments, images, is_deferred, validate
from .ecr import private_repository
from .scripts import names
from .scripts.boot import PLAN, PROGRAMS, VERSION
from .support_files import NEEDED_TO_FETCH, support_files

__all__ = ["Host", "Secret", "UserData", "Volume", "Watch", "render"]

LIMIT_BYTES = 16 * 1024
"""EC2's limit, before base64 (RunInstances, `UserData`)."""
_INLINE_BYTES = 512
_LONGEST = {"parameter": "p" * 128, "bucket": "b" * 63, "log_group": "l" * 128}
_COMMANDS = (
    # Docker is started by our own unit; the agent would start it, too, and look for a cluster.
    ("systemctl", "mask", "--now", "ecs.service"),
    ("systemctl", "daemon-reload"),
    ("systemctl", "restart", "systemd-journald.service"),
    ("systemctl", "enable", "docker.service", names.BOOT_UNIT),
    # Without --no-block, the unit could wait for cloud-init, which waits for this command.
    ("systemctl", "start", "--no-block", names.BOOT_UNIT),
)


@dataclass(frozen=True)
class UserData:
    """A rendered host."""

    artifacts: Mapping[str, str]
    """Objects of the bucket: content by key, which is the SHA-256 of the content."""
    deferred: Mapping[str, Any]
    """Content of the boot parameter, a JSON object with Outputs as leaves. None of them is a secret."""
    _files: Mapping[str, str]
    _plan: BootPlan
    _subject: str
    _parts: str

    @property
    def labels(self) -> Labels:
        """Staging labels, which may be Outputs. They are in the user data, so a new label replaces the host."""
        return self._plan["secrets"]

    def text(self, labels: Labels | None = None, /, *, parameter: str, bucket: str, log_group: str) -> str:
        """Return the cloud-config; raise ``InvalidInputError`` if it is longer than EC2 allows.

        ``labels`` are the resolved values of the property ``labels``; without them, that property must be plain.
        """
        known_later = {"parameter": parameter, "bucket": bucket, "log_group": log_group}
        files = {**self._files, PLAN: text_of(self._plan, labels or self.labels, known_later)}
        text = cloud_config(files, _COMMANDS)
        size = len(text.encode())
        if size > LIMIT_BYTES:
            rule = (
                f"make {size} bytes of user data, and EC2 allows {LIMIT_BYTES}: use fewer or shorter settings, or put "
                f"long ones into files (files over {_INLINE_BYTES} bytes are stored in the bucket)"
            )
            raise refused(self._subject, "containers", self._parts, rule)
        return text


def render(host: Host) -> UserData:
    """Return the user data of a host; raise ``InvalidInputError`` for what can't run there."""
    validate(host)
    files = _known_files(host)
    inline = {path: content for path, content in files.items() if len(content.encode()) <= _INLINE_BYTES}
    support = support_files()
    inline |= {path: support.pop(path) for path in NEEDED_TO_FETCH}
    # Always fetched, never inline: the host compares a fetched file with its hash, so it never runs a partial plan.
    plans = {names.container_file(spec["part"]): container_text(container_plan(spec)) for spec in host.containers}
    fetched = {path: content for path, content in files.items() if path not in inline} | plans
    fetched[PROGRAMS] = json.dumps(_hashes(support), indent=1)
    deferred = deferred_values(host)
    data = UserData(
        artifacts={_sha256(content): content for content in (*fetched.values(), *support.values())},
        deferred=deferred,
        _files=inline,
        _plan=_plan(host, _hashes(fetched), deferred_names(deferred)),
        _subject=host.subject,
        _parts=", ".join(spec["part"] for spec in host.containers),
    )
    # Check the length now, with the longest possible names, and not only when the names are known.
    longest = {
        part: {file: "l" * 64 if is_deferred(label) else label for file, label in labels.items()}
        for part, labels in data.labels.items()
    }
    data.text(longest, **_LONGEST)
    return data


def _known_files(host: Host) -> dict[str, str]:
    """Return the known variables and configuration files of the containers."""
    files: dict[str, str] = {}
    for spec in host.containers:
        for name, environment in environments(spec).items():
            known = {key: str(value) for key, value in environment.items() if not is_deferred(value)}
            if known:
                lines = "".join(f"{key}={value}\n" for key, value in sorted(known.items()))
                files[names.known_environment(name)] = lines
        for file, content in spec.get("config_files", {}).items():
            if not is_deferred(content):
                files[names.known_config(spec["part"], file)] = str(content)
    return files


def _plan(host: Host, artifacts: dict[str, str], deferred: dict[str, list[str]]) -> BootPlan:
    secrets: dict[str, Mapping[str, pulumi.Input[str]]] = {}
    folders: dict[str, list[int]] = {}
    grace: dict[str, int] = {}
    for spec in host.containers:
        part = spec["part"]
        if "secret_files" in spec:
            secrets[part] = {file: host.secrets[part][file].version for file in spec["secret_files"]}
        uid_gid = [int(number) for number in owner(spec)]
        folders |= {f"{part}/{volume['name']}": uid_gid for volume in spec.get("volumes", [])}
        grace[part] = probe_of(spec).get("start_period_seconds", 0)
    repositories = map(private_repository, images(host.containers))
    front = host.frontend["part"] if host.frontend else ""
    return {
        "version": VERSION,
        "artifacts": artifacts,
        "containers": [spec["part"] for spec in host.containers],
        "secrets": secrets,
        "deferred": deferred,
        "logins": {repository.registry: repository.region for repository in repositories if repository},
        "volume": {"device": host.volume.device, "folders": folders} if host.volume else None,
        "watch": {
            "part": host.watch.part,
            "port": host.watch.port,
            "path": host.watch.path,
            "ready_path": host.watch.ready_path,
            "failures": host.watch.failures,
            "grace_seconds": grace[host.watch.part],
            "frontend": {"part": front, "port": HTTPS_PORT, "grace_seconds": grace[front]} if front else None,
        },
        "in_group": host.in_group,
        "limit_seconds": host.boot_limit_seconds,
    }


def _hashes(files: Mapping[str, str]) -> dict[str, str]:
    return {path: _sha256(content) for path, content in sorted(files.items())}


def _sha256(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()
