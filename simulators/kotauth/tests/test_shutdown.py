"""The simulator of Kotauth after SIGTERM: nothing that was accepted is lost."""

from __future__ import annotations

import http.client
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from simulators.docker_command import docker
from simulators.kotauth.lab import PORT, Container, Lab, with_processors
from simulators.waiting import eventually

pytestmark = pytest.mark.docker


class TestShutdown:
    """SIGTERM: nothing that was accepted is lost."""

    def test_logins_in_flight_are_finished_and_kept_connections_are_closed(self, lab: Lab) -> None:
        lab.make_database("inflight")
        server = lab.start("inflight", {"SIMULATOR_HARD_LIMIT_SECONDS": "120"} | with_processors(8))
        kept = http.client.HTTPConnection(server.address, PORT, timeout=120)
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
            eventually("its beginning is read", lambda: unread(server, endless.getsockname()[1]) == 0)
            began = time.monotonic()
            docker("kill", "--signal=TERM", server.name)
            assert server.exit_code() == 143
        assert time.monotonic() - began >= 5


def unread(server: Container, port: int) -> int:
    """Return how many bytes of a client's port the server has not read, 1 where it has not taken the connection."""
    for line in docker("exec", server.name, "cat", "/proc/net/tcp").splitlines()[1:]:
        # The columns are number, local address, remote address, state, length of both queues, …, inode.
        row = line.split()
        if row[2].endswith(f":{port:04X}"):
            return int(row[4].partition(":")[2], 16) if row[9] != "0" else 1
    return 1


def refuses(server: Container) -> bool:
    """Whether the server refuses connections to its port."""
    try:
        socket.create_connection((server.address, PORT), timeout=10).close()
    except ConnectionRefusedError:
        return True
    return False
