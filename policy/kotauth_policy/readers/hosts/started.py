"""`Started`: one container that a host starts, in the shape of the Docker provider's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Started:
    """One container."""

    name: str
    """Its name, empty where nothing gives it one."""
    image: str
    properties: Mapping[str, object]
    """Those that the Docker provider has, in its shape, but for the variables and what follows. Absent ones are
    ``None``."""
    environment_files: list[str]
    """Files of the host with variables, the last of which counts."""
    environment: list[str]
    """Variables beside those, `NAME=value`."""
    sources: list[str]
    """Files and folders of the host that it sees."""
    restart: str
    is_job: bool = False
    """Whether it is expected to end."""


_MODES = ("host", "none", "bridge", "default")


def networks(names: Sequence[str]) -> dict[str, object]:
    """Return the properties that say on which networks a container is: by name, or by one of Docker's own words."""
    modes = [name for name in names if name in _MODES or name.startswith("container:")]
    return {
        "networkMode": modes[-1] if modes else None,
        "networksAdvanced": [{"name": name} for name in names if name not in modes],
    }
