"""A container of the boot plan as a systemd unit: `docker run` in the foreground, with the rights that the plan lists.

The unit is the file `container.service.template` beside this one, filled in.
"""

from __future__ import annotations

import re
import shlex
from string import Template
from typing import Any

Container = dict[str, Any]

# Time for Docker itself, beyond what the container may take.
_GRACE_SECONDS = 20
_BARE = re.compile(r"[A-Za-z0-9_@+=:,./-]+")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "%": "%%", "$": "$$"}


def container_unit(container: Container, template: str) -> str:
    """Return the unit that runs the container. Files and images are there before it is started."""
    name, check, stop_seconds = container["name"], container.get("check"), container["stop_seconds"]
    names = [name, check["name"]] if check else [name]
    return Template(template).substitute(
        part=name,
        restart=container["restart"],
        stop_timeout_seconds=stop_seconds + _GRACE_SECONDS,
        remove=_line(["/usr/bin/docker", "rm", "--force", "--volumes", *names]),
        check=f"ExecStartPre={_line(docker_run(check))}" if check else "# Nothing has to be true before the start.",
        run=_line(docker_run(container)),
        stop=_line(["/usr/bin/docker", "stop", "--time", str(stop_seconds), name]),
    )


def docker_run(container: Container) -> list[str]:
    """Return the command that runs a container of the plan, or its check."""
    stop_signal, entrypoint = container.get("stop_signal"), container["entrypoint"]
    return [
        *["/usr/bin/docker", "run", "--rm"],
        f"--name={container['name']}",
        *(f"--label={name}={text}" for name, text in container["labels"].items()),
        # The boot pulls, with its own patience; here a missing image is an error.
        "--pull=never",
        "--attach=stdout",
        f"--network={container['network']}",
        *(f"--network-alias={alias}" for alias in container["aliases"]),
        f"--user={container['user']}",
        *(["--read-only"] if container["read_only"] else []),
        *(f"--cap-drop={capability}" for capability in container["capabilities"]["drops"]),
        *(f"--cap-add={capability}" for capability in container["capabilities"]["adds"]),
        *(f"--security-opt={option}" for option in container["security_options"]),
        f"--memory={container['memory_mb']}m",
        f"--memory-swap={container['memory_swap_mb']}m",
        f"--cpus={container['cpus']:g}",
        f"--pids-limit={container['processes']}",
        f"--ulimit=nproc={container['processes']}:{container['processes']}",
        *(f"--sysctl={parameter}={value}" for parameter, value in container["sysctls"].items()),
        *(f"--tmpfs={path}:{options}" for path, options in container["tmpfs"].items()),
        *(_mount(mount) for mount in container["mounts"]),
        *(f"--env-file={path}" for path in container["environment_files"]),
        *(f"--publish={port['host']}:{port['container']}" for port in container["ports"]),
        f"--log-driver={container['log']['driver']}",
        *(f"--log-opt={name}={text}" for name, text in container["log"]["options"].items()),
        *(_probe(container["probe"]) if "probe" in container else []),
        *([f"--stop-signal={stop_signal}"] if stop_signal else []),
        f"--stop-timeout={container['stop_seconds']}",
        # It takes one word, so the others come first among the arguments.
        *(f"--entrypoint={word}" for word in entrypoint[:1]),
        container["image"],
        *entrypoint[1:],
        *container["command"],
    ]


def _mount(mount: dict[str, Any]) -> str:
    read_only = ",readonly" if mount["read_only"] else ""
    return f"--mount=type=bind,source={mount['source']},target={mount['target']}{read_only}"


def _probe(probe: dict[str, Any]) -> list[str]:
    return [
        "--health-cmd=" + " ".join(map(shlex.quote, probe["command"])),
        f"--health-interval={probe['interval_seconds']}s",
        f"--health-timeout={probe['timeout_seconds']}s",
        f"--health-retries={probe['retries']}",
        f"--health-start-period={probe['start_period_seconds']}s",
    ]


def _line(words: list[str]) -> str:
    return " \\\n ".join(quoted(word) for word in words)


def is_printable(word: str) -> bool:
    """Whether systemd can read a word back."""
    return all(character.isprintable() or character in "\n\t" for character in word)


def quoted(word: str) -> str:
    """Return a word as systemd reads it back: no variable, no specifier, no escape of its own."""
    if _BARE.fullmatch(word):
        return word
    if not is_printable(word):
        raise ValueError("must be printable text")
    return '"' + "".join(_ESCAPES.get(character, character) for character in word) + '"'
