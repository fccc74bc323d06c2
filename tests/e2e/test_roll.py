"""A new version, or a new limit, reaches the server without any visitor noticing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.e2e.load import Load
from tests.e2e.pools import Pools, database_log
from tests.e2e.stack import Stack

pytestmark = [pytest.mark.docker, pytest.mark.engine]


@pytest.mark.parametrize("roll", [1, 2])
def test_a_roll_of_the_image_loses_nothing_and_fits_the_connection_limit(
    changing: Stack, simulator_images: list[str], roll: int, record_property: Callable[[str, object], None]
) -> None:
    client = changing.client
    old = changing.container("server")
    size = int(changing.environment(old)["DB_POOL_MAX_SIZE"])
    before = changing.inspect(old)["Config"]["Image"]
    (after,) = set(simulator_images) - {before}
    changing.project.configure(image=after)

    pools = Pools(changing, client, size)
    with Load(client, changing.outputs["adminPassword"]) as load, pools.kept_full():
        changing.project.up()
    record_property("load", str(load))
    record_property("connections", f"{pools.most} at most, {size} in a pool")

    assert load.problems == []
    assert load.dropped == 0
    assert load.versions == {before.rpartition(":")[2], after.rpartition(":")[2]}
    assert pools.unanswered == []
    assert pools.both_full, pools.samples
    assert "too many connections" not in database_log(changing)
    assert changing.container("server") != old


def test_more_memory_reaches_the_server_and_loses_nothing(
    changing: Stack, record_property: Callable[[str, object], None]
) -> None:
    client = changing.client
    assert client.get("/health").headers["x-simulator-memory-limit"] == str(512 * 1024**2)
    changing.project.configure(memory="640")
    with Load(client, changing.outputs["adminPassword"]) as load:
        changing.project.up()
    record_property("load", str(load))
    assert load.problems == []
    assert load.dropped == 0
    assert client.get("/health").headers["x-simulator-memory-limit"] == str(640 * 1024**2)
