"""A ContainerSpec as a systemd unit: `docker run` in the foreground, without any right that the spec doesn't list.

systemd starts it again when it ends; Docker's own restarts would not run the check before the start.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence

import pulumi

from ...workload.hardening import CHECK_CPUS, CHECK_MEMORY_MB, DROPPED_CAPABILITIES, PROCESSES, SECURITY_OPTION, tmpfs
from ...workload.spec import CONFIG_DIRECTORY, SECRETS_DIRECTORY, ContainerSpec

KNOWN, LATE = "/etc/kotauth", "/run/kotauth"
"""Folders of what the user data says and of what is fetched at each boot; the second one is in memory."""
VOLUMES = "/var/lib/kotauth/volumes"
NETWORK = "kotauth"

_DOCKER = "/usr/bin/docker"
_PAUSE_SECONDS = 5
# Time for Docker itself, beyond what the container may take.
_GRACE_SECONDS = 20
_CHECK_SECONDS = 120
_BARE = re.compile(r"[A-Za-z0-9_@+=:,./-]+")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "%": "%%", "$": "$$"}


def container_unit(spec: ContainerSpec) -> str:
    """Return the unit that runs the container. Files and images are there before it is started (see `scripts`)."""
    part = spec["part"]
    stop = spec.get("stop_seconds", 10)
    names = [part, check_name(spec)] if "before_start" in spec else [part]
    return f"""[Unit]
Description=Kotauth: {part}
Wants=docker.service
After=docker.service
StartLimitIntervalSec=0

[Service]
Type=exec
Restart=always
RestartSec={_PAUSE_SECONDS}
TimeoutStartSec={_CHECK_SECONDS + _GRACE_SECONDS}
TimeoutStopSec={stop + _GRACE_SECONDS}
# The container's lines go to the journal by themselves; what is left here are Docker's own errors.
StandardOutput=null
# A power cut leaves the name taken.
ExecStartPre=-{_line([_DOCKER, "rm", "--force", "--volumes", *names])}
{_check(spec)}ExecStart={_line(_container(spec))}
ExecStop=-{_line([_DOCKER, "stop", "--time", str(stop), part])}
# Ended by its signal, as asked.
SuccessExitStatus=143
"""


def check_name(spec: ContainerSpec) -> str:
    """Return the name of the container that runs the check, and of its environment."""
    check = spec.get("before_start")
    return f"{spec['part']}.{check['name']}" if check else ""


def is_late(value: pulumi.Input[str] | None) -> bool:
    """Whether the value is not known when the user data is written."""
    return isinstance(value, pulumi.Output)


def _container(spec: ContainerSpec) -> list[str]:
    probe = spec["probe"]
    stop = spec.get("stop_signal")
    # The target that reloads shares the socket's folder; here it only has to be writable.
    control = [spec["reload"]["socket"].rpartition("/")[0]] if "reload" in spec else []
    return [
        *_hardened(
            spec,
            spec["part"],
            memory=spec["memory"],
            cpus=spec["cpus"],
            writable=[*spec.get("tmpfs", []), *control],
            environment=spec.get("environment", {}),
        ),
        *(f"--cap-add={capability}" for capability in spec.get("capabilities", [])),
        *(f"--sysctl={parameter}={value}" for parameter, value in spec.get("sysctls", {}).items()),
        *(f"--publish={port['host']}:{port['container']}" for port in spec.get("ports", [])),
        *(
            f"--mount=type=bind,source={VOLUMES}/{spec['part']}/{volume['name']},target={volume['path']}"
            for volume in spec.get("volumes", [])
        ),
        f"--health-cmd={shlex.join(probe['command'])}",
        f"--health-interval={probe['interval_seconds']}s",
        f"--health-timeout={probe['timeout_seconds']}s",
        f"--health-retries={probe['retries']}",
        f"--health-start-period={probe.get('start_period_seconds', 0)}s",
        *([f"--stop-signal={stop}"] if stop else []),
        f"--stop-timeout={spec.get('stop_seconds', 10)}",
        *_program(spec["image"], spec.get("entrypoint", []), spec.get("command", [])),
    ]


def _check(spec: ContainerSpec) -> str:
    check = spec.get("before_start")
    if not check:
        return ""
    hardened = _hardened(
        spec,
        check_name(spec),
        memory=CHECK_MEMORY_MB,
        cpus=CHECK_CPUS,
        writable=["/tmp"],  # noqa: S108 - the container's own
        environment=check.get("environment", {}),
    )
    return f"ExecStartPre={_line([*hardened, *_program(check['image'], [], check['command'])])}\n"


def _hardened(  # noqa: PLR0913 - what a container and its check differ in
    spec: ContainerSpec,
    name: str,
    *,
    memory: int,
    cpus: float,
    writable: Sequence[str],
    environment: Mapping[str, pulumi.Input[str]],
) -> list[str]:
    part = spec["part"]
    files = {
        "secrets": (SECRETS_DIRECTORY, spec.get("secret_files")),
        "config": (CONFIG_DIRECTORY, spec.get("config_files")),
    }
    late = any(is_late(value) for value in environment.values())
    return [
        _DOCKER,
        "run",
        "--rm",
        f"--name={name}",
        f"--label=kotauth.part={part if name == part else 'job'}",
        # The boot pulls, with its own patience; here a missing image is an error.
        "--pull=never",
        "--attach=stdout",
        f"--network={NETWORK}",
        *([f"--network-alias={part}"] if name == part else []),
        f"--user={spec['user']}",
        "--read-only",
        f"--cap-drop={DROPPED_CAPABILITIES}",
        f"--security-opt={SECURITY_OPTION}",
        f"--memory={memory}m",
        # Equal to the memory: no swap.
        f"--memory-swap={memory}m",
        f"--cpus={cpus:g}",
        f"--pids-limit={PROCESSES}",
        f"--ulimit=nproc={PROCESSES}:{PROCESSES}",
        *(f"--tmpfs={path}:{tmpfs(spec['user'])}" for path in writable),
        *(
            f"--mount=type=bind,source={LATE}/{part}/{folder},target={target},readonly"
            for folder, (target, wanted) in files.items()
            if wanted
        ),
        *([f"--env-file={KNOWN}/{name}.env"] if any(not is_late(value) for value in environment.values()) else []),
        *([f"--env-file={LATE}/{name}.env"] if late else []),
        "--log-driver=journald",
        f"--log-opt=tag={part}",
    ]


def _program(image: str, entrypoint: Sequence[str], command: Sequence[str]) -> list[str]:
    """Return the image and its arguments; `--entrypoint` takes one word, so the others come first among them."""
    return [*(f"--entrypoint={word}" for word in entrypoint[:1]), image, *entrypoint[1:], *command]


def _line(words: Sequence[str]) -> str:
    return " \\\n ".join(quoted(word) for word in words)


def quoted(word: str) -> str:
    """Return a word as systemd reads it back: no variable, no specifier, no escape of its own."""
    if _BARE.fullmatch(word):
        return word
    if any(not character.isprintable() and character not in "\n\t" for character in word):
        raise ValueError("must be printable text")
    return '"' + "".join(_ESCAPES.get(character, character) for character in word) + '"'
