"""Mounts: folders of the host in containers, and volumes for data that outlives its container."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from ...engine.resource import Resource
from ...engine.rule import Area, Kind, Parameter, References, Settings, Severity
from ...engine.value import Value, is_given, texts
from ...engine.verdict import Verdict, fail
from ...readers.docker.containers import options
from ...readers.docker.log_route import is_log_reader
from ...readers.docker.mounts import host_paths, mounted
from ...readers.docker.parts import DATABASE, FRONTEND, is_part, takes_certificate_files
from ...readers.docker.resources import CONTAINER, VOLUME
from ...readers.proxies.certificates import resolvers

AREA = Area("mounts")
_SOCKETS = (
    "docker.sock",
    "docker.raw.sock",
    "docker_engine",
    "balena-engine.sock",
    "buildkitd.sock",
    "containerd.sock",
    "containerd.sock.ttrpc",
    "cri-dockerd.sock",
    "crio.sock",
    "dockershim.sock",
    "podman.sock",
)
"""Sockets of Docker, also as a named pipe of Windows, and of other container engines."""
_SOCKET_FOLDERS = re.compile(
    r"/|/var|/(var/)?run(/(docker|containerd|podman|crio|balena-engine|buildkit|user(/[^/]+(/podman|/docker)?)?))?"
)
_SYSTEM = (
    "/",
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/lib",
    "/lib64",
    "/proc",
    "/root",
    "/run",
    "/sbin",
    "/sys",
    "/usr",
    "/var/run",
    "/var/lib/containerd",
    "/var/lib/containers",
    "/var/lib/docker",
    "/var/lib/kubelet",
)
_FILES = "/run/secrets"
"""Folder in which a frontend finds certificate files."""
_CLOCK = ("/etc/localtime", "/etc/timezone", "/usr/share/zoneinfo")
"""Says which time it is where the host stands, and nothing else."""


def _path(host_path: Value) -> str:
    """Return a normalized path, also without a double slash at its beginning."""
    text = (host_path.text() or "").replace("\\", "/")
    return posixpath.normpath(re.sub("^/+", "/", text))


@AREA.rule(
    "forbid-docker-socket",
    Severity.CRITICAL,
    "Do not mount the socket of the container engine.",
    remedy="Remove the mount: a process that can use the socket has root rights on the host. Configure a proxy such as "
    "Traefik with a file instead of its Docker provider.",
    types=(CONTAINER, VOLUME),
    references=References(cis=("5.32",)),
    waivable=False,
)
def forbid_docker_socket(container: Resource, _: Settings) -> Iterator[Verdict]:
    """A read-only mount does not help, because the socket still accepts every command."""
    for host_path in host_paths(container):
        path = _path(host_path)
        if posixpath.basename(path) in _SOCKETS or _SOCKET_FOLDERS.fullmatch(path):
            yield fail(host_path.path, "is the container engine's socket, or a folder that contains it")


@AREA.rule(
    "forbid-host-system-mounts",
    Severity.CRITICAL,
    "Do not mount system folders of the host.",
    remedy="Use a named volume. If the container needs a single file, copy it with `uploads`. Only the reader of a log "
    "route (`DockerLogRoute`) mounts Docker's log files.",
    types=(CONTAINER, VOLUME),
    nested=False,
    references=References(cis=("5.6",)),
    parameters=(
        Parameter(
            "readable",
            Kind.TEXTS,
            ["/var/lib/docker/containers"],
            "Folders of log files that the reader of a log route may mount.",
        ),
    ),
)
def forbid_host_system_mounts(container: Resource, settings: Settings) -> Iterator[Verdict]:
    """The rule `forbid-docker-socket` evaluates a socket below such a folder."""
    system_paths = [host_path for host_path in host_paths(container) if _is_of_system(_path(host_path))]
    declared = set(_declared_mounts(container, settings.texts("readable"))) if system_paths else set[str]()
    for host_path in system_paths:
        if host_path.path not in declared:
            yield fail(host_path.path, "is a system folder of the host, or is inside one, or contains one")


def _is_of_system(path: str) -> bool:
    below = path in _SYSTEM or any(path.startswith(f"{folder}/") for folder in _SYSTEM if folder != "/")
    above = any(folder.startswith(f"{path}/") for folder in _SYSTEM)
    return (below or above) and path not in _CLOCK and posixpath.basename(path) not in _SOCKETS


def _declared_mounts(container: Resource, readable: list[str]) -> Iterator[str]:
    """Yield the mounts of the reader of a log route that are allowed."""
    if container.type == CONTAINER and is_log_reader(container):
        yield from (host_path.path for host_path in host_paths(container) if host_path.text() in readable)


def _on_named_volume(container: Resource, folders: list[str]) -> Iterator[Verdict]:
    """Yield a failure unless one of the folders, or a folder above the data in it, is a named volume."""
    for mount in mounted(container):
        target = posixpath.normpath(mount.target.text() or "")
        if not any(target == folder or target.startswith(f"{folder}/") for folder in folders):
            continue
        if mount.volume is None:
            yield fail(mount.target.path, "is not a named volume")
        elif not is_given(mount.volume):
            yield fail(mount.target.path, "is a volume without a name, which is lost with its container")
        return
    yield fail("volumes", f"has no named volume at {' or '.join(folders)}")


@AREA.rule(
    "store-database-on-volume",
    Severity.CRITICAL,
    "Store the files of the database on a named volume.",
    remedy="Mount a `docker.Volume` at PostgreSQL's data folder.",
    types=(CONTAINER,),
    nested=False,
    when=is_part(DATABASE),
    references=References(checklist=(2,)),
    parameters=(
        Parameter(
            "folders",
            Kind.TEXTS,
            ["/var/lib/postgresql", "/pgdata"],
            "Folders that the rule treats as the data folder.",
        ),
    ),
)
def store_database_on_volume(container: Resource, settings: Settings) -> Iterator[Verdict]:
    """Files that are not on a named volume are lost when the container is replaced."""
    yield from _on_named_volume(container, settings.texts("folders"))


@AREA.rule(
    "keep-certificates-on-volume",
    Severity.HIGH,
    "Store the certificates of the frontend on a named volume.",
    remedy="Mount a `docker.Volume` where the frontend stores its certificates (`/data` for Caddy), or where nginx "
    "reads its certificate files.",
    types=(CONTAINER,),
    nested=False,
    when=is_part(FRONTEND),
    references=References(checklist=(4,)),
    parameters=(
        Parameter(
            "folders",
            Kind.TEXTS,
            ["/data", "/etc/letsencrypt", "/letsencrypt"],
            "Folders that the rule treats as the folder of certificates.",
        ),
    ),
)
def keep_certificates_on_volume(container: Resource, settings: Settings) -> Iterator[Verdict]:
    """Let's Encrypt issues five certificates a week for the same names.

    A frontend that loses its certificates at each replacement exceeds this limit.
    Certificates that come from files are on the volume of the secret files.
    """
    storage = resolvers(texts(options(container)))
    for path in storage.values():
        if path is not None:
            yield from _stored(container, path)
    if not storage:
        files = [_FILES] if takes_certificate_files(container) else []
        yield from _on_named_volume(container, [*settings.texts("folders"), *files])


def _stored(container: Resource, path: str) -> Iterator[Verdict]:
    """Yield a failure unless a file of Traefik's certificates is on a named volume."""
    if not posixpath.isabs(path):
        yield fail("command", "has a certificate resolver of Traefik without an absolute path in `acme.storage`")
        return
    above = [mount for mount in mounted(container) if path.startswith(f"{mount.target.text() or ''}/")]
    if not any(mount.volume is not None and is_given(mount.volume) for mount in above):
        yield fail("volumes", "has no named volume at the folder of `acme.storage`")
