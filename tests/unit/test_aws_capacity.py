"""How much memory a host needs."""

from __future__ import annotations

from components.aws.compute.capacity import HOST_MB, needed_mb
from components.config.frontends import DEFAULT as FRONTEND
from components.kotauth.server import MEMORY_FLOOR_MB
from components.workload.hardening import CHECK_MEMORY_MB


def test_every_container_and_a_check_and_the_host_itself_have_room() -> None:
    assert needed_mb([512, 256]) == 512 + 256 + CHECK_MEMORY_MB + HOST_MB
    assert needed_mb([]) == CHECK_MEMORY_MB + HOST_MB


def test_the_default_instance_holds_the_default_containers_and_a_smaller_one_does_not() -> None:
    """t4g.small has 2 GB, t4g.micro 1 GB."""
    assert 1024 < needed_mb([MEMORY_FLOOR_MB, FRONTEND.memory_mb]) <= 2048
