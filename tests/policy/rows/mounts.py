"""Rules of the area `mounts`."""

import pulumi_docker as docker

from policy.testing.change import ABSENT, add, put

from ..mutation import CAUGHT, NOTHING, PASSED, Case, Row, found, table
from .log_route import TABLE as LOG_ROUTE
from .topology_certificates import STORAGE

_HOST = found("forbid-docker-socket@frontend", "forbid-host-system-mounts@frontend")


def _bind(host_path: str) -> tuple:
    return (put("frontend", "volumes.+", {"host_path": host_path, "container_path": "/mnt", "read_only": True}),)


ROWS = (
    Row(
        "forbid-docker-socket",
        "frontend",
        "frontend/volumes.2.host_path",
        "/var/run/docker.sock",
        unknown=_HOST,
        absent=NOTHING,
        setup=_bind("/srv/site"),
    ),
    Row(
        "forbid-host-system-mounts",
        "frontend",
        "frontend/volumes.2.host_path",
        "/etc/ssl",
        unknown=_HOST,
        absent=NOTHING,
        setup=_bind("/srv/site"),
    ),
    Row(
        "store-database-on-volume",
        "database",
        "database/volumes.0.container_path",
        "/srv",
        unknown=found("store-database-on-volume@database", "mount-secret-files-read-only@database"),
    ),
    Row(
        "keep-certificates-on-volume",
        "frontend",
        "frontend/volumes.0.container_path",
        "/srv",
        unknown=found("keep-certificates-on-volume@frontend", "mount-secret-files-read-only@frontend"),
    ),
)

CASES = (
    *(
        Case(f"socket by {path}", _bind(path), expected)
        for path, expected in (
            ("/run/docker.sock", found("forbid-docker-socket@frontend")),
            ("/var/../run/containerd/containerd.sock", found("forbid-docker-socket@frontend")),
            ("/home/me/.docker/run/docker.sock", found("forbid-docker-socket@frontend")),
            ("/var/run", _HOST),
            ("/", _HOST),
        )
    ),
    Case(
        "in the other notation",
        (put("frontend", "mounts", [{"type": "bind", "source": "/var/run/docker.sock", "target": "/s"}]),),
        found("forbid-docker-socket@frontend"),
    ),
    *(
        Case(f"system folder {path}", _bind(path), found("forbid-host-system-mounts@frontend"))
        for path in ("/etc", "/proc", "/sys/fs/cgroup", "/srv/../etc/shadow")
    ),
    Case("another folder", _bind("/etcetera"), NOTHING),
    Case(
        "data on the host",
        (put("database", "volumes.0.host_path", "/srv/data"),),
        found("store-database-on-volume@database"),
    ),
    Case(
        "data on a volume without a name",
        (put("database", "volumes.0.volume_name", ABSENT),),
        found("store-database-on-volume@database"),
    ),
    Case(
        "data on a volume with an empty name",
        (put("database", "volumes.0.volume_name", ""),),
        found("store-database-on-volume@database"),
    ),
    Case(
        "data on a volume in the other notation",
        (
            put("database", "volumes.0", ABSENT),
            put("database", "mounts", [{"type": "volume", "source": "data", "target": "/var/lib/postgresql/data"}]),
        ),
        NOTHING,
    ),
    Case(
        "certificates in memory",
        (put("frontend", "volumes.0", ABSENT), put("frontend", "mounts", [{"type": "tmpfs", "target": "/data"}])),
        found("keep-certificates-on-volume@frontend"),
    ),
)

_SOCKET, _SYSTEM = "forbid-docker-socket", "forbid-host-system-mounts"


def _paths(rule: str, caught: tuple[str, ...], passed: tuple[str, ...], *, beside: tuple[str, ...] = ()) -> list[Case]:
    """Return rows for paths; those ``beside`` break the other rule as well."""
    return [
        Case(
            f"{rule}-{state}-{path}",
            _bind(path),
            (found(f"{rule}@frontend") if state == CAUGHT else NOTHING) if path not in beside else _HOST,
            rule=rule,
            state=state,
        )
        for state, paths in ((CAUGHT, caught), (PASSED, passed))
        for path in paths
    ]


_FOLDERS = ("/var", "/var/run/", "//var/run", "/run/user/1000")
_OTHER_PATHS = ("/srv/docker", "/srv/run/docker.sock.d", "/home/me/site", "/data", "/opt/docker.socket")


def _volume(**options: str) -> tuple:
    return (add("disguised", docker.Volume, {"driver_opts": options}),)


SPELLINGS = (
    *_paths(
        _SOCKET,
        (
            "/var/run/docker.sock",
            "//var/run/docker.sock",
            "/var/run/../run/docker.sock",
            "\\\\.\\pipe\\docker_engine",
            "/run/user/1000/podman/podman.sock",
            "/run/k3s/containerd/containerd.sock",
            "/run/cri-dockerd.sock",
            *_FOLDERS,
        ),
        _OTHER_PATHS,
        beside=_FOLDERS,
    ),
    *_paths(
        _SYSTEM,
        (
            "/etc",
            "//etc/",
            "/srv/../etc/ssl",
            "/usr/local/bin",
            "/bin",
            "/var/lib",
            "/var/lib/docker/volumes",
            "/dev/sda",
        ),
        ("/etc/localtime", "/etc/timezone", "/usr/share/zoneinfo", "/etcetera", "/srv/etc", "/var/log/app", "/home/me"),
    ),
    Case(
        "a volume that is a folder of the host",
        _volume(type="none", o="bind", device="/etc"),
        found(f"{_SYSTEM}@disguised"),
    ),
    Case("a volume that is the socket", _volume(o="ro,bind", device="/run/docker.sock"), found(f"{_SOCKET}@disguised")),
    Case("a volume in memory", _volume(type="tmpfs", o="size=1m", device="tmpfs"), NOTHING),
    Case("a volume of a file server", _volume(type="nfs", o="addr=10.0.0.4,rw", device=":/etc"), NOTHING),
    Case(
        "a volume of the mount itself that is a folder of the host",
        (
            put(
                "frontend",
                "mounts",
                [
                    {
                        "type": "volume",
                        "target": "/host",
                        "volume_options": {"driver_options": {"type": "none", "o": "bind", "device": "/etc"}},
                    }
                ],
            ),
        ),
        found(f"{_SYSTEM}@frontend"),
    ),
)

DECLARED = (
    Case(
        "a declared folder of the system",
        (
            put("frontend", "volumes.+", {"host_path": "/etc", "container_path": "/mnt", "read_only": True}),
            put("frontend", "labels.+", {"label": "kotauth.host-mount", "value": "/etc"}),
        ),
        found(f"{_SYSTEM}@frontend"),
    ),
)

TABLE = table(*ROWS, *CASES, *SPELLINGS, *DECLARED, *LOG_ROUTE, *STORAGE)
