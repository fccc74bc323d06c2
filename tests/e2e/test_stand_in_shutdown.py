"""The stand-in for Kotauth after SIGTERM: nothing that was accepted is lost."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.images.lab import PORT, Container, Lab, docker, eventually, with_processors

pytestmark = pytest.mark.docker


class TestShutdown:
    """SIGTERM: nothing that was accepted is lost."""

    def test_a_roll_under_load_loses_nothing(self, lab: Lab) -> None:
        lab.make_database("rolling")
        old = lab.start("rolling", {"DB_POOL_MAX_SIZE": "4"})
        new = lab.start("rolling", {"DB_POOL_MAX_SIZE": "4"}, image="stand-in-next")
        load = Load(old, new)
        with load:
            eventually("the old one answered", lambda: load.answered_by.get("1.22.0", 0) > 50)
            docker("kill", "--signal=TERM", old.name)
            assert old.exit_code() == 143
            eventually("the new one answered", lambda: load.answered_by.get("1.22.1", 0) > 50)
        assert load.lost == []
        assert load.answered_by.keys() == {"1.22.0", "1.22.1"}

    def test_logins_in_flight_are_finished_and_kept_connections_are_closed(self, lab: Lab) -> None:
        lab.make_database("inflight")
        server = lab.start("inflight", {"STAND_IN_HARD_LIMIT_SECONDS": "120"} | with_processors(8))
        kept = http.client.HTTPConnection(server.address, PORT, timeout=30)
        kept.request("GET", "/health")
        kept.getresponse().read()
        with ThreadPoolExecutor(4) as executor:
            with lab.locked("users", "inflight"):
                logins = [executor.submit(server.post_login, f"10.6.0.{number}", "wrong") for number in range(4)]
                lab.wait_for_blocked("users", "inflight", requests=4)
                docker("kill", "--signal=TERM", server.name)
                eventually("the port is closed", lambda: refuses(server))
                assert kept.sock.recv(1) == b"", "closed by the server"
            assert [login.result().status for login in logins] == [401] * 4
        assert server.exit_code() == 143

    def test_a_request_that_never_ends_is_given_up_after_five_seconds(self, lab: Lab) -> None:
        lab.make_database("endless")
        server = lab.start("endless")
        with socket.create_connection((server.address, PORT), timeout=10) as endless:
            endless.sendall(b"POST /t/master/authorize HTTP/1.1\r\n")
            began = time.monotonic()
            docker("kill", "--signal=TERM", server.name)
            assert server.exit_code() == 143
        assert time.monotonic() - began >= 5


def refuses(server: Container) -> bool:
    """Whether nobody listens on its port any more."""
    try:
        socket.create_connection((server.address, PORT), timeout=10).close()
    except ConnectionRefusedError:
        return True
    return False


class Load:
    """Clients that use new and kept connections, and go to the new generation when the old one refuses a connection."""

    def __init__(self, old: Container, new: Container) -> None:
        self._addresses = [old.address, new.address]
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._client, args=(kept,)) for kept in (False, False, True, True)]
        self.lost: list[str] = []
        self.answered_by: dict[str, int] = {}

    def __enter__(self) -> None:
        for thread in self._threads:
            thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _client(self, kept: bool) -> None:
        connection: http.client.HTTPConnection | None = None
        while not self._stop.is_set():
            reused = connection is not None
            try:
                if connection is None:
                    connection = self._connect()
                connection.request("GET", "/health")
                response = connection.getresponse()
                response.read()
            except (OSError, http.client.HTTPException) as error:
                # A kept connection may end between two requests; every HTTP client tries a GET again then.
                if not reused:
                    self.lost.append(repr(error))
                connection = None
                continue
            version = response.getheader("X-Stand-In-Version") or ""
            with self._lock:
                self.answered_by[version] = self.answered_by.get(version, 0) + 1
            if not kept or response.will_close:
                connection.close()
                connection = None
            time.sleep(0.002)

    def _connect(self) -> http.client.HTTPConnection:
        for address in list(self._addresses):
            connection = http.client.HTTPConnection(address, PORT, timeout=10)
            try:
                connection.connect()
            except OSError:
                # Not asked again: the address of a container that is gone doesn't refuse, it is silent.
                self._addresses = self._addresses[-1:]
                continue
            return connection
        raise ConnectionError("both generations refuse connections")
