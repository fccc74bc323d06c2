"""The simulator of Kotauth waits as the real server does: for its database, and for a thread that is free."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from simulators.docker_command import docker
from simulators.kotauth.lab import Container, Lab, with_processors
from simulators.waiting import eventually

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
def single(lab: Lab) -> Container:
    lab.make_database("waits")
    return lab.start("waits", with_processors(1))


@pytest.fixture(scope="module")
def roomy(lab: Lab, single: Container) -> Container:
    return lab.start("waits", with_processors(8))


class TestThreads:
    """A request that waits for the database holds up the connections of its thread, and no other one."""

    def test_with_one_processor_every_request_waits(self, lab: Lab, single: Container) -> None:
        with ThreadPoolExecutor(2) as executor:
            with lab.locked("tenants", "waits"):
                ready = executor.submit(single.get, "/health/ready")
                lab.wait_for_blocked("tenants", "waits")
                alive = executor.submit(single.get, "/health")
            assert (ready.result().status, alive.result().status) == (200, 200)
            assert str(alive.result().json()["timestamp"]) >= str(ready.result().json()["timestamp"])

    def test_with_eight_only_each_eighth_connection_waits(self, lab: Lab, roomy: Container) -> None:
        with ThreadPoolExecutor(1) as executor:
            with lab.locked("tenants", "waits"):
                ready = executor.submit(roomy.get, "/health/ready")
                lab.wait_for_blocked("tenants", "waits")
                assert [roomy.get("/health").status for _ in range(7)] == [200] * 7
                assert not ready.done()
            assert ready.result().status == 200


class TestDatabaseConnections:
    """The pool's size, its waits, and its recovery."""

    def test_the_pool_starts_small_and_never_exceeds_its_size(self, lab: Lab) -> None:
        lab.make_database("pooled")
        server = lab.start("pooled", {"DB_POOL_MAX_SIZE": "3", "DB_POOL_MIN_IDLE": "1"} | with_processors(8))
        count = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'pooled'"
        # The connection of the migrations may still be ending.
        eventually("one connection", lambda: lab.sql(count) == "1")
        with ThreadPoolExecutor(16) as executor:
            statuses = set(executor.map(lambda _: server.get("/health/ready").status, range(200)))
        assert statuses == {200}
        assert 1 < int(lab.sql(count)) <= 3

    def test_an_answer_may_take_as_long_as_it_takes(self, lab: Lab, roomy: Container) -> None:
        with ThreadPoolExecutor(1) as executor:
            with lab.locked("tenants", "waits"):
                ready = executor.submit(roomy.get, "/health/ready")
                lab.wait_for_blocked("tenants", "waits")
                # Longer than the pool's wait: that one is for a connection, not for an answer.
                time.sleep(4)
            assert ready.result().status == 200

    @pytest.mark.parametrize(("option", "timer"), [("", "00"), ("&tcpKeepAlive=true", "02")])
    def test_connections_are_probed_only_when_the_url_says_so(
        self, lab: Lab, single: Container, option: str, timer: str
    ) -> None:
        url = f"jdbc:postgresql://postgres:5432/waits?currentSchema=app{option}"
        server = lab.start("waits", {"DB_URL": url})

        def timers() -> set[str]:
            sockets = [line.split() for line in docker("exec", server.name, "cat", "/proc/net/tcp").splitlines()[1:]]
            # The columns are number, local address, remote address, state (01: established), queues, timer:when, …
            return {row[5][:2] for row in sockets if row[2].endswith(f":{5432:04X}") and row[3] == "01"}

        # While a segment is unacknowledged another timer runs.
        eventually("idle connections", lambda: timers() == {timer})

    def test_a_database_that_refuses_connections(self, lab: Lab, single: Container, roomy: Container) -> None:
        docker("stop", "--time=1", lab.postgres.name)
        began = time.monotonic()
        with ThreadPoolExecutor(2) as executor:
            ready = executor.submit(roomy.get, "/health/ready")
            discovery = executor.submit(roomy.get, "/t/master/.well-known/openid-configuration")
            assert (ready.result().status, discovery.result().status) == (503, 500)
        assert time.monotonic() - began >= 6, "three tries of three seconds; the first may fail at once"
        assert ready.result().json()["status"] == "not_ready"
        assert roomy.get("/health").status == 200
        assert lab.run("waits").exit_code() == 1
        docker("start", lab.postgres.name)
        again = lambda: {one.get("/health/ready").status for one in (single, roomy)} == {200}  # noqa: E731
        eventually("ready again", again)
        assert roomy.log_in("10.7.0.1").status == 200
