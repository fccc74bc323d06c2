"""The log route of a Docker host: a reader of Docker's log files, a shipper with a way out, and a watcher of both.

Reader and shipper run from an image without a shell, so only the watcher has a health check. The reader runs as root,
because Docker's log files belong to root.
"""

from __future__ import annotations

import posixpath

from ...engine.resource import Resource
from .containers import capabilities
from .mounts import host_paths, mounted
from .networks import networks_of
from .parts import PART_LABEL, part, parts_in
from .resources import HOST_MOUNT_LABEL, label

READER, SHIPPER, WATCHER = "log-reader", "log-shipper", "log-watcher"
SENT_LABEL = "kotauth.logs"
"""Label of the containers whose lines are sent. Docker writes it beside each line."""
_FOLDER = "containers"
"""Name of the folder with the log files, in the data folder of the daemon."""


def is_log_reader(container: Resource) -> bool:
    """Whether a container reads the log files of the host and can do nothing else with them.

    It mounts that folder alone, read-only, and declares it. It has no capability, no port and no way out.
    """
    if part(container) != READER or capabilities(container, "adds") or container.get("ports").items():
        return False
    declaration = label(container, HOST_MOUNT_LABEL)
    folder = (declaration.text() if declaration else None) or ""
    mounts = [mount for mount in mounted(container) if mount.host_path is not None]
    return (
        posixpath.basename(folder) == _FOLDER
        and [path.text() for path in host_paths(container)] == [folder]
        and all(mount.read_only.flag() for mount in mounts)
        and not container.get("publishAllPorts").flag()
        and all(network.get("internal").flag() for network in networks_of(container))
    )


def is_watched(container: Resource) -> bool:
    """Whether a container is a reader or a shipper that a watcher of the stack reaches."""
    if part(container) not in (READER, SHIPPER):
        return False
    own = {network.urn for network in networks_of(container)}
    watchers = parts_in(container.in_stack(), WATCHER)
    return any(own & {network.urn for network in networks_of(watcher)} for watcher in watchers)


def is_sent(server: Resource) -> bool:
    """Whether the stack has a log route, and Docker writes the label that it looks for beside the lines of a server."""
    stack = server.in_stack()
    if not parts_in(stack, READER) or not parts_in(stack, SHIPPER) or label(server, SENT_LABEL) is None:
        return False
    written = (server.get("logOpts").field("labels").text() or "").split(",")
    return server.get("logDriver").text() == "json-file" and {SENT_LABEL, PART_LABEL} <= {*written}
