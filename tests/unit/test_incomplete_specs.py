"""Specs in which something is missing, empty or of another kind, at every depth: refused by name, or taken."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from components import AwsLaunchTemplate, DockerContainer
from components.inputs.error import InvalidInputError
from tests.unit.least_inputs import LEAST, SPEC, declared

_BOTH: dict[str, Any] = {
    **SPEC,
    "environment": {"MODE": "production"},
    "secret_files": ["token"],
    "config_files": {"server.conf": "a"},
    "ports": [{"host": 443, "container": 8443}],
    "before_start": {"name": "guard", "image": "registry.example/x:1.2.3", "command": ["check"]},
    "reload": {"command": ["load"], "socket": "/run/admin/control.sock"},
    "tmpfs": ["/tmp"],  # noqa: S108 - the container's own
    "capabilities": ["CAP_CHOWN"],
    "sysctls": {"net.ipv4.tcp_retries2": "6"},
}
_DOCKER: dict[str, Any] = {
    **_BOTH,
    "volumes": [{"name": "data", "path": "/data"}],
    "disposable_volumes": [{"name": "spool", "path": "/spool"}],
    "shared_volumes": [{"owner": "dump", "name": "spool", "path": "/shared"}],
    "host_mounts": [{"source": "/srv/site", "path": "/site"}],
    "log": {"driver": "json-file", "options": {"max-size": "1m"}},
}
COMPLETE: dict[Any, dict[str, Any]] = {
    DockerContainer: {
        "spec": _DOCKER,
        "secrets": {"token": "secret"},
        "shared_volumes": {"dump/spool": "spool-1"},
        "networks": [{"name": "back", "alias": "server"}],
    },
    AwsLaunchTemplate: {
        **LEAST[AwsLaunchTemplate],
        "containers": [_BOTH],
        "secrets": {"token": {"arn": "arn:secret", "key_arn": "arn:key", "version_label": "v1"}},
    },
}


def _places(value: Any, inside: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every entry in a value."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in entries:
        yield (*inside, key)
        yield from _places(entry, (*inside, key))


@pytest.mark.thorough
@pytest.mark.parametrize("component", COMPLETE, ids=lambda component: component.__name__)
def test_what_is_missing_is_refused_by_name_or_taken(component: Any) -> None:
    declared(component, COMPLETE[component])
    refused = 0
    for *holders, last in _places(COMPLETE[component]):
        for given in ("", {}):
            args = copy.deepcopy(COMPLETE[component])
            holder: Any = args
            for key in holders:
                holder = holder[key]
            holder[last] = given
            try:
                declared(component, args)
            except InvalidInputError:
                refused += 1
    assert refused > 50
