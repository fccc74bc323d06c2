"""The user data of a host, known before anything exists, and what the host fetches itself at each boot.

User data may be read by whoever may look at the instance, and any change of it makes a new host: so it holds no
secret, and everything that must roll the servers. What is too long for its 16 KB lies in a bucket, under its own hash.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi

from ...inputs.error import InvalidInputError
from ...workload.spec import owner
from .cloud_config import cloud_config
from .description import HTTPS_PORT, Host, Secret, Volume, Watch, environments, images, validate
from .ecr import private_repository
from .systemd import KNOWN, container_unit, is_late

__all__ = ["Host", "Secret", "UserData", "Volume", "Watch", "render"]

LIMIT_BYTES = 16 * 1024
"""EC2's limit, before base64 (RunInstances, `UserData`)."""
SCRIPTS = "/usr/local/lib/kotauth"
_UNITS = "/etc/systemd/system"
_JOURNAL = "/etc/systemd/journald.conf.d/kotauth.conf"
_INLINE_BYTES = 512
# Needed to fetch the rest.
_FIRST = (
    *(f"{SCRIPTS}/{file}" for file in ("aws.py", "files.py", "boot.py")),
    f"{_UNITS}/kotauth-boot.service",
    _JOURNAL,
)
_FOLDER = Path(__file__).parent
_LONGEST = {"parameter": "p" * 128, "bucket": "b" * 63, "log_group": "l" * 128}
_COMMANDS = (
    # Docker is started by our own unit; the agent would start it, too, and look for a cluster.
    ("systemctl", "mask", "--now", "ecs.service"),
    ("systemctl", "daemon-reload"),
    ("systemctl", "restart", "systemd-journald.service"),
    ("systemctl", "enable", "docker.service", "kotauth-boot.service"),
    # cloud-init itself may be what the unit would wait for.
    ("systemctl", "start", "--no-block", "kotauth-boot.service"),
)

Labels = Mapping[str, Mapping[str, pulumi.Input[str]]]
"""Part to secret file to the staging label of the version that it reads."""


@dataclass(frozen=True)
class UserData:
    """A rendered host."""

    artifacts: Mapping[str, str]
    """SHA-256 to content: objects of the bucket, the hash being their key."""
    late: Mapping[str, Any]
    """What the boot parameter holds, as JSON; Outputs at the leaves, none of them a secret."""
    _files: Mapping[str, str]
    _plan: Mapping[str, Any]

    @property
    def labels(self) -> Labels:
        """Staging labels, which may be Outputs. The user data holds them: another label makes another host."""
        return {part: told["secrets"] for part, told in self._plan["parts"].items()}

    def text(self, labels: Labels | None = None, /, *, parameter: str, bucket: str, log_group: str) -> str:
        """Return the cloud-config; raise ``InvalidInputError`` where it is longer than EC2 takes.

        ``labels`` are the same as above, where they came later.
        """
        parts = {part: {**told, "secrets": (labels or self.labels)[part]} for part, told in self._plan["parts"].items()}
        plan = {**self._plan, "parts": parts, "parameter": parameter, "bucket": bucket, "log_group": log_group}
        # A line for each fact, so that a preview shows which one changes.
        lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in plan.items())
        files = {**self._files, f"{KNOWN}/boot.json": f"{{{lines}}}\n"}
        text = cloud_config(files, _COMMANDS)
        size = len(text.encode())
        if size > LIMIT_BYTES:
            raise InvalidInputError(
                f"the user data has {size} bytes and EC2 takes {LIMIT_BYTES}: give fewer or shorter settings, or "
                f"longer ones as files (over {_INLINE_BYTES} bytes they lie in the bucket)"
            )
        return text


def render(host: Host) -> UserData:
    """Return the user data of a host; raise ``InvalidInputError`` for what can't run there."""
    validate(host)
    files: dict[str, str] = {}
    for spec in host.containers:
        files[f"{_UNITS}/kotauth-{spec['part']}.service"] = container_unit(spec)
        for name, environment in environments(spec).items():
            known = {key: str(value) for key, value in environment.items() if not is_late(value)}
            if known:
                files[f"{KNOWN}/{name}.env"] = "".join(f"{key}={value}\n" for key, value in sorted(known.items()))
        for file, content in spec.get("config_files", {}).items():
            if not is_late(content):
                files[f"{KNOWN}/{spec['part']}/{file}"] = str(content)
    inline = {path: content for path, content in files.items() if len(content.encode()) <= _INLINE_BYTES}
    support = _support_files()
    inline.update((path, support[path]) for path in _FIRST)
    fetched = {path: content for path, content in {**files, **support}.items() if path not in inline}
    data = UserData(
        artifacts={_sha256(content): content for content in fetched.values()},
        late=_late(host),
        _files=inline,
        _plan=_plan(host, {path: _sha256(content) for path, content in sorted(fetched.items())}),
    )
    # At once, and not only when the names are known.
    longest = {
        part: {file: "l" * 64 if is_late(label) else label for file, label in labels.items()}
        for part, labels in data.labels.items()
    }
    data.text(longest, **_LONGEST)
    return data


def _support_files() -> dict[str, str]:
    files = {f"{SCRIPTS}/{file.name}": file.read_text() for file in sorted((_FOLDER / "scripts").glob("[!_]*.py"))}
    for file in sorted((_FOLDER / "units").glob("kotauth-*")):
        files[f"{_UNITS}/{file.name}"] = file.read_text()
    files[_JOURNAL] = (_FOLDER / "units" / "journald.conf").read_text()
    return files


def _plan(host: Host, artifacts: Mapping[str, str]) -> dict[str, Any]:
    """Return what the scripts read from `boot.json`."""
    parts: dict[str, Any] = {}
    folders: dict[str, list[int]] = {}
    grace: dict[str, int] = {}
    for spec in host.containers:
        part = spec["part"]
        uid_gid = [int(number) for number in owner(spec)]
        secrets = host.secrets.get(part, {})
        parts[part] = {
            "owner": uid_gid,
            "secrets": {file: secrets[file].version for file in spec.get("secret_files", [])},
            "config": [file for file, content in spec.get("config_files", {}).items() if not is_late(content)],
        }
        folders.update({f"{part}/{volume['name']}": uid_gid for volume in spec.get("volumes", [])})
        grace[part] = spec["probe"].get("start_period_seconds", 0)
    late = _late(host)
    pulled = images(host.containers)
    front = host.frontend["part"] if host.frontend else ""
    return {
        "artifacts": dict(artifacts),
        "parts": parts,
        "images": pulled,
        "logins": {found.registry: found.region for image in pulled if (found := private_repository(image))},
        "late": {
            name: sorted({**late["environment"].get(name, {}), **late["config"].get(name, {})})
            for name in {**late["environment"], **late["config"]}
        },
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
        "group": host.in_group,
        "limit_seconds": host.boot_limit_seconds,
    }


def _late(host: Host) -> dict[str, Any]:
    late: dict[str, Any] = {"environment": {}, "config": {}, "secrets": {}}
    for spec in host.containers:
        groups = [("environment", name, values) for name, values in environments(spec).items()]
        groups.append(("config", spec["part"], spec.get("config_files", {})))
        for kind, name, values in groups:
            unknown = {key: value for key, value in sorted(values.items()) if is_late(value)}
            if unknown:
                late[kind][name] = unknown
    for part, files in host.secrets.items():
        late["secrets"][part] = {file: secret.arn for file, secret in files.items()}
    if host.volume:
        late["volume_id"] = host.volume.id
    return late


def _sha256(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()
