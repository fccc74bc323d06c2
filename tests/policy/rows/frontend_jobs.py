"""Rows about the jobs that put new files into the volumes of a frontend, and tell it to read them."""

from __future__ import annotations

from typing import Any

import pulumi_docker as docker

from policy.testing.change import UNKNOWN, Change, From, add, copied, put
from policy.testing.docker_program import KNOWN

from ..mutation import NOTHING, Case, found

_MOUNT = {"volume_name": From("certificate", "name"), "container_path": "/run/secrets"}
_VOLUME = add("certificate", docker.Volume, {}, first=True)
_READS = put("frontend", "volumes.+", {**_MOUNT, "read_only": True})
_KNOWN = {**KNOWN, "certificate": {"name": "certificate-0a1b2c3"}, "frontend": {"id": "f" * 64, "name": "frontend"}}


def _job(name: str, **changed: Any) -> Change:
    """Return a job like the one of the database's role, which is on no network."""

    def change(resources: Any) -> None:
        copied("role", name, user="10001:10001", network_mode="none", volumes=[], **changed)(resources)
        del resources[name][1]["networks_advanced"]

    return change


_FILLS = (_VOLUME, _READS, _job("reload"), put("reload", "volumes", [{**_MOUNT, "read_only": False}]))
_SIGNALS = (_job("signal", pid_mode=From("frontend", "id", "container:{}".format)),)
_OPEN = found("mount-secret-files-read-only@reload")
_SEES = found("forbid-host-namespaces@signal")

FILL = (
    Case("a job that fills a volume of the frontend", _FILLS, NOTHING),
    Case("a job that fills a volume of the frontend, after an update", _FILLS, NOTHING, _KNOWN),
    Case(
        "a job that owns the volume",
        (
            *_FILLS,
            put("reload", "user", "0:0"),
            put("reload", "capabilities", {"adds": ["CAP_CHOWN"], "drops": ["ALL"]}),
        ),
        NOTHING,
    ),
    *(
        Case(f"a job that fills a volume of the frontend, {name}", (*_FILLS, *changes), expected)
        for name, changes, expected in (
            (
                "on a network",
                (
                    put("reload", "network_mode", "bridge"),
                    put("reload", "networks_advanced", [{"name": From("database-network", "name")}]),
                ),
                _OPEN,
            ),
            ("as another part", (put("reload", "labels.0.value", "cache"),), _OPEN),
            (
                "for ever",
                (put("reload", "must_run", True), put("reload", "restart", "always")),
                _OPEN | found("probe-container-health@reload"),
            ),
            ("that the server reads, too", (put("server", "volumes.+", {**_MOUNT, "read_only": True}),), _OPEN),
            (
                "and one of the server",
                (put("reload", "volumes.+", {"volume_name": From("server-files", "name"), "container_path": "/from"}),),
                _OPEN,
            ),
            (
                "and a folder of the host",
                (put("reload", "volumes.+", {"host_path": "/srv/files", "container_path": "/from"}),),
                _OPEN,
            ),
            (
                "that the frontend writes, too",
                (put("frontend", "volumes.2.read_only", False),),
                found("mount-secret-files-read-only@frontend"),
            ),
        )
    ),
    Case(
        "a job that fills a volume that no frontend reads",
        (_VOLUME, _job("reload"), put("reload", "volumes", [{**_MOUNT, "read_only": False}])),
        _OPEN,
    ),
)
"""Of the rule `mount-secret-files-read-only`."""

SIGNAL = (
    Case("a job that sends a signal to the frontend", _SIGNALS, NOTHING),
    Case("a job that sends a signal to the frontend, after an update", _SIGNALS, NOTHING, _KNOWN),
    *(
        Case(f"a job that sends a signal to the frontend, {name}", (*_SIGNALS, *changes), expected)
        for name, changes, expected in (
            (
                "as root",
                (put("signal", "user", "0:0"),),
                _SEES | found("run-as-non-root@signal"),
            ),
            (
                "with a capability",
                (put("signal", "capabilities.adds", ["CAP_KILL"]),),
                _SEES | found("limit-added-capabilities@signal"),
            ),
            (
                "with a volume",
                (put("signal", "volumes", [{"volume_name": From("data", "name"), "container_path": "/data"}]),),
                _SEES,
            ),
            ("as another part", (put("signal", "labels.0.value", "cache"),), _SEES),
            (
                "on a network",
                (
                    put("signal", "network_mode", "bridge"),
                    put("signal", "networks_advanced", [{"name": From("database-network", "name")}]),
                ),
                _SEES,
            ),
        )
    ),
    *(
        Case(f"a job that sees the processes of {name}", (_job("signal", pid_mode=mode),), _SEES)
        for name, mode in {
            "the server": From("server", "id", "container:{}".format),
            "a container of another stack": "container:0123456789ab",
            "the host": "host",
            "what is unknown": UNKNOWN,
        }.items()
    ),
)
"""Of the rule `forbid-host-namespaces`."""
