"""Rules of the area `mounts`."""

from ..change import ABSENT, put
from ..mutation import NOTHING, Case, Row, found, table

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

TABLE = table(*ROWS, *CASES)
