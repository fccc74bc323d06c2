"""Rows about the log route of a Docker host: what its reader may do, and that no other container may do the same."""

from __future__ import annotations

from policy.testing.change import ABSENT, UNKNOWN, Change, Secret, put, without
from policy.testing.docker_log_route import COLLECTOR, LOG_FILES, with_log_route

from ..mutation import NOTHING, Case, Found, found

_READER, _SHIPPER, _WATCHER = "log-reader", "log-shipper", "log-watcher"
_REFUSED = found(f"run-as-non-root@{_READER}", f"forbid-host-system-mounts@{_READER}")
_UNPROBED = found(f"probe-container-health@{_READER}", f"probe-container-health@{_SHIPPER}")
_KEPT = found("have-log-route-on-docker@server")
_FOREIGN = found(f"allow-image-registries@{_SHIPPER}")
_MOUNT = {"host_path": LOG_FILES, "container_path": "/logs", "read_only": True}
_DECLARED = {"label": "kotauth.host-mount", "value": LOG_FILES}


def _case(name: str, expected: Found, *changes: Change) -> Case:
    return Case(f"a log route, {name}", changes, expected, of=with_log_route)


def _mount(**changed: object) -> Change:
    mount = {key: value for key, value in {**_MOUNT, **changed}.items() if value is not ABSENT}
    return put(_READER, "volumes", [mount])


def _folder(path: str) -> tuple[Change, Change]:
    return _mount(host_path=path), put(_READER, "labels.1.value", path)


def _only_part(container: str) -> Change:
    return put(container, "labels", [{"label": "kotauth.part", "value": container}])


READER = (
    _case("as we make it", NOTHING),
    _case("its reader without a declaration", _REFUSED, _only_part(_READER)),
    _case("its reader declares another folder", _REFUSED, put(_READER, "labels.1.value", "/var/lib/docker")),
    _case("its reader declares something unknown", _REFUSED, put(_READER, "labels.1.value", UNKNOWN)),
    _case(
        "its reader declares a secret",
        found(f"keep-secrets-out-of-labels@{_READER}"),
        put(_READER, "labels.1.value", Secret(LOG_FILES)),
    ),
    _case("its reader can write", _REFUSED, _mount(read_only=False)),
    _case("its reader can write by default", _REFUSED, _mount(read_only=ABSENT)),
    _case("its reader can perhaps write", _REFUSED, _mount(read_only=UNKNOWN)),
    _case("its reader has the folder above", _REFUSED, *_folder("/var/lib/docker")),
    _case("its reader has the folder below", _REFUSED, *_folder(f"{LOG_FILES}/1")),
    _case("its reader leaves the folder", _REFUSED, *_folder(f"{LOG_FILES}/../volumes")),
    _case("its reader has one more folder", _REFUSED, put(_READER, "volumes.+", {**_MOUNT, "host_path": "/srv"})),
    _case("its reader has a capability", _REFUSED, put(_READER, "capabilities.adds", ["NET_BIND_SERVICE"])),
    _case(
        "its reader publishes a port",
        _REFUSED | found(f"publish-only-from-frontend@{_READER}"),
        put(_READER, "ports", [{"internal": 8888}]),
    ),
    _case("its reader has a way out", _REFUSED, put("log-network", "internal", False)),
    _case("its reader has perhaps a way out", _REFUSED, put("log-network", "internal", UNKNOWN)),
    _case(
        "its reader is called a backup",
        _REFUSED | found(f"probe-container-health@{_READER}") | _KEPT,
        put(_READER, "labels.0.value", "backup"),
    ),
)
OTHERS = (
    *(
        _case(
            f"and the same mount in the {name}",
            found(f"forbid-host-system-mounts@{name}"),
            put(name, "volumes.+", _MOUNT),
            put(name, "labels.+", _DECLARED),
        )
        for name in ("frontend", "server")
    ),
    _case("its shipper is root", found(f"run-as-non-root@{_SHIPPER}"), put(_SHIPPER, "user", "0:0")),
    _case("without a watcher", _UNPROBED, without(_WATCHER)),
    _case(
        "its watcher has no health check",
        found(f"probe-container-health@{_WATCHER}"),
        put(_WATCHER, "healthcheck", ABSENT),
    ),
    _case("without a shipper", _KEPT, without(_SHIPPER)),
    _case("the server without its label", _KEPT, _only_part("server")),
    _case("nothing beside the server's lines", _KEPT, put("server", "log_opts", {"max-size": "10m"})),
    _case("its image from a similar repository", _FOREIGN, put(_SHIPPER, "image", f"{COLLECTOR[:-8]}-next:0.149.0")),
    _case("its image of the same owner", _FOREIGN, put(_SHIPPER, "image", "docker.io/otel/collector:0.149.0")),
)

TABLE = (*READER, *OTHERS)
