"""The watchdog: what counts as hanging, and what it does about it."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from components.aws.host.scripts import names, probes, watchdog
from simulators.ec2_host.authority import Authority
from tests.unit.hosts import Commands, Played

NAME = "auth.example.com"
REFUSED = 1
"""A port at which nothing listens."""
SHORT = 0.05
"""Seconds of patience, where silence is what is tested."""
SERVER, FRONTEND = "kotauth-server.service", "kotauth-frontend.service"
_MOMENT = 1_800_000_000.0
ACCEPTED = b"R" + struct.pack("!II", 8, 10)


class Group:
    """Hears when the host is given up."""

    def __init__(self) -> None:
        self.given_up = 0

    def give_up_host(self) -> None:
        self.given_up += 1


class Clock:
    """Time that passes only between looks."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.strptime = time.strptime

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        """Return the moment of all looks: containers don't grow older by themselves, however slow the machine is."""
        return _MOMENT


@cache
def tls() -> ssl.SSLContext:
    return Authority("a frontend's own").context(NAME)


@contextlib.contextmanager
def listening(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """Yield a port at which each connection is served."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    # Else the second part of an answer waits 40 ms until the first one is acknowledged.
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    threading.Thread(target=handle, args=(connection,), daemon=True).start()

        def handle(connection: socket.socket) -> None:
            with contextlib.suppress(OSError), connection:
                serve(connection)

        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


def silent(connection: socket.socket) -> None:
    """Take everything and answer nothing, as a stopped process does whose kernel still accepts."""
    while connection.recv(1024):
        pass


def closed(connection: socket.socket) -> None:
    """Close in the middle of the handshake, as Docker's proxy does for a container that doesn't listen."""
    connection.recv(4096)


def proxy(ready: int | None, own: int | None = 421) -> Callable[[socket.socket], None]:
    """Return a frontend by its statuses: of readiness, and of what it answers itself; None is silence."""

    def serve(plain: socket.socket) -> None:
        with tls().wrap_socket(plain, server_side=True) as connection:
            request = connection.recv(4096).decode()
            status = ready if f"Host: {NAME}\r\n" in request else own
            if status:
                connection.sendall(f"HTTP/1.1 {status} said\r\nContent-Length: 0\r\n\r\n".encode())
            silent(connection)

    return serve


def alert(plain: socket.socket) -> None:
    """Refuse TLS as Caddy does without a certificate: fatal, internal_error."""
    plain.recv(4096)
    plain.sendall(b"\x15\x03\x03\x00\x02\x02\x50")
    silent(plain)


def database(answer: bytes, *, encrypted: bool = False) -> Callable[[socket.socket], None]:
    """Return a PostgreSQL that answers each connection so."""

    def serve(plain: socket.socket) -> None:
        assert plain.recv(8) == struct.pack("!II", 8, 80877103)
        plain.sendall(b"S" if encrypted else b"N")
        connection = tls().wrap_socket(plain, server_side=True) if encrypted else plain
        connection.recv(1024)
        connection.sendall(answer)

    return serve


def refusal(state: str) -> bytes:
    text = f"SFATAL\0VFATAL\0C{state}\0Mrefused\0\0".encode()
    return b"E" + struct.pack("!I", 4 + len(text)) + text


@dataclass
class Lab:
    """A host: what its ports lead to, and what it did."""

    commands: Commands
    group: Group
    clock: Clock
    folder: Path
    plan: dict[str, Any] = field(default_factory=dict[str, Any])
    server: int = REFUSED
    frontend: int = REFUSED

    def container(self, *, age: float = 3600, running: str = "true") -> None:
        """Let Docker tell the same of every container."""
        started = time.strftime("%Y-%m-%dT%H:%M:%S.123456789Z", time.gmtime(_MOMENT - age))
        self.commands.set("docker", f"echo {running} {started} {'127.0.0.1' if running == 'true' else ''}")

    def environment(self, database_port: int) -> None:
        given = {"KAUTH_BASE_URL": f"https://{NAME}", "KAUTH_ENV": "production"}
        deferred = {"DB_URL": f"jdbc:postgresql://127.0.0.1:{database_port}/kotauth?sslmode=verify-full"}
        for folder, values in {"known": given, "deferred": deferred}.items():
            (self.folder / folder).mkdir(exist_ok=True)
            lines = "".join(f"{key}={value}\n" for key, value in values.items())
            (self.folder / folder / "server.env").write_text(lines)

    def look(self, times: int = 1, **plan: Any) -> None:
        watch = {"part": "server", "port": self.server, "path": "/health", "ready_path": "/health/ready"}
        front = {"part": "frontend", "port": self.frontend, "grace_seconds": 10}
        self.plan.update(
            {
                "in_group": True,
                "containers": ["server", "frontend"],
                "watch": {**watch, "failures": 3, "grace_seconds": 60, "frontend": front},
                **plan,
            }
        )
        for _ in range(times):
            self.clock.now += 20
            watchdog.main()

    @property
    def restarts(self) -> list[str]:
        return [call.split()[-1] for call in self.commands.calls if call.startswith("systemctl restart")]

    @property
    def counted(self) -> dict[str, int]:
        return json.loads(Path(watchdog.STATE).read_text())["failures"]


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    """Yield a host on which everything answers."""
    lab = Lab(Commands(tmp_path), Group(), Clock(), tmp_path)
    lab.commands.set("systemctl")
    monkeypatch.setenv("PATH", f"{lab.commands.folder}:{os.environ['PATH']}")
    monkeypatch.setattr(watchdog, "STATE", str(tmp_path / "state"))
    monkeypatch.setattr(names, "FIXED", str(tmp_path / "known"))
    monkeypatch.setattr(names, "RUN", str(tmp_path / "deferred"))
    monkeypatch.setattr(watchdog, "Services", lambda: lab.group)
    monkeypatch.setattr(watchdog, "time", lab.clock)
    monkeypatch.setattr(watchdog, "load_plan", lambda: lab.plan)
    real = watchdog.write
    monkeypatch.setattr(watchdog, "write", lambda path, content: real(path, content, owner=(os.getuid(), os.getgid())))
    lab.container()
    with Played(lambda *_: (200, b"{}")) as server, listening(proxy(200)) as front, listening(database(ACCEPTED)) as db:
        lab.server, lab.frontend = int(server.url.split(":")[2].rstrip("/")), front
        lab.environment(db)
        yield lab


@pytest.fixture
def away(host: Lab) -> Callable[[], None]:
    """Return what takes the database away."""
    return lambda: host.environment(REFUSED)


def lines(said: pytest.CaptureFixture[str], stage: str) -> list[tuple[str, str]]:
    found = [json.loads(line) for line in said.readouterr().out.splitlines()]
    return [(line["outcome"], line["detail"]) for line in found if line["stage"] == stage]


def test_a_host_that_answers(host: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    host.look(times=10)
    assert (host.restarts, host.group.given_up, host.counted) == ([], 0, {})
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("answer", [None, 503], ids=["closed port", "503"])
def test_a_server_that_hangs_is_restarted_alone_and_then_the_host_given_up(host: Lab, answer: int | None) -> None:
    with Played(lambda *_: (answer or 200, b"")) as server, listening(proxy(502)) as host.frontend:
        host.server = int(server.url.split(":")[2].rstrip("/")) if answer else REFUSED
        host.look(times=2)
        assert host.restarts == []
        host.look()
        assert host.restarts == [SERVER]
        host.look(times=2)
        assert host.group.given_up == 0
        host.look()
    assert host.group.given_up == 1
    assert host.restarts == [SERVER]


@pytest.mark.parametrize(
    ("hanging", "patience"),
    [(silent, SHORT), (closed, 5), (proxy(None, None), SHORT), (proxy(502), 5), (proxy(504), 5)],
    ids=[
        "no handshake",
        "closed in the handshake",
        "no answer",
        "502 for a server that runs",
        "504 for a server that runs",
    ],
)
def test_a_frontend_that_hangs_is_restarted_alone(
    host: Lab, hanging: Callable[[socket.socket], None], patience: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probes, "ANSWER_SECONDS", patience)
    monkeypatch.setattr(probes, "OWN_ANSWER_SECONDS", patience)
    with listening(hanging) as host.frontend:
        host.look(times=2)
        assert host.restarts == []
        host.look()
        assert host.restarts == [FRONTEND]
        host.look(times=3)
    assert host.group.given_up == 1


def test_a_frontend_that_refuses_connections_is_restarted(host: Lab) -> None:
    host.frontend = REFUSED
    host.look(times=3)
    assert host.restarts == [FRONTEND]


@pytest.mark.parametrize(
    ("alive", "patience"),
    # Only the server is silent; what a frontend answers itself may take as long as this machine needs.
    [(proxy(503), 15), (proxy(421), 15), (proxy(None), SHORT), (alert, 15)],
    ids=["not ready", "another name", "a slow server", "no certificate yet"],
)
def test_a_frontend_that_answers_something_lives(
    host: Lab, alive: Callable[[socket.socket], None], patience: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probes, "ANSWER_SECONDS", patience)
    with listening(alive) as host.frontend:
        host.look(times=8)
    assert (host.restarts, host.group.given_up, host.counted) == ([], 0, {})


def test_a_server_and_a_frontend_that_hang_are_both_restarted(host: Lab) -> None:
    host.server = host.frontend = REFUSED
    host.look(times=3)
    assert host.restarts == [SERVER, FRONTEND]


def test_a_single_instance_is_never_given_up(host: Lab) -> None:
    host.server = host.frontend = REFUSED
    host.look(times=9, in_group=False)
    assert host.group.given_up == 0
    assert host.restarts == 3 * [SERVER, FRONTEND]


@pytest.mark.parametrize(
    "facts", [{"age": 5}, {"running": "false"}, {"running": "false", "age": 5}], ids=["starts", "ended", "just made"]
)
def test_what_starts_counts_neither_way(host: Lab, facts: dict[str, Any]) -> None:
    host.server = host.frontend = REFUSED
    host.look(times=2)
    host.container(**facts)
    host.look(times=10)
    assert (host.restarts, host.group.given_up) == ([], 0)
    assert host.counted == {"server": 2, "frontend": 2}


def test_each_container_has_its_own_time_to_start(host: Lab) -> None:
    host.server = host.frontend = REFUSED
    host.container(age=30)
    host.look(times=3)
    assert host.restarts == [FRONTEND]


def test_what_can_t_start_is_never_the_host_s_fault(host: Lab) -> None:
    host.commands.set("docker", "echo 'Error: No such object: server' >&2; exit 1")
    host.server = host.frontend = REFUSED
    host.look(times=20)
    assert (host.restarts, host.group.given_up) == ([], 0)


@pytest.mark.parametrize(
    "said",
    [
        "Cannot connect to the Docker daemon",
        "failed to connect to the docker API at unix:///var/run/docker.sock; check if the path is correct and if the "
        "daemon is running: dial unix /var/run/docker.sock: connect: no such file or directory",
    ],
    ids=["up to version 28", "from version 29 on"],
)
def test_a_docker_that_does_not_answer_is_restarted(host: Lab, said: str) -> None:
    host.commands.set("docker", f"echo '{said}' >&2; exit 1")
    host.look(times=3)
    assert host.restarts == ["docker.service", SERVER, FRONTEND]
    host.look(times=3)
    assert host.group.given_up == 1


def test_one_answer_forgets_the_failures(host: Lab) -> None:
    running = host.server
    for _ in range(5):
        host.server = REFUSED
        host.look(times=2)
        host.server = running
        host.look()
    assert (host.restarts, host.group.given_up) == ([], 0)


def test_nothing_counts_while_the_database_is_away(host: Lab, away: Callable[[], None]) -> None:
    host.server = host.frontend = REFUSED
    host.look(times=2)
    away()
    host.look(times=20)
    assert (host.restarts, host.group.given_up, host.counted) == ([], 0, {})


def test_what_hangs_after_the_database_is_back_has_a_minute(host: Lab, away: Callable[[], None]) -> None:
    host.server = REFUSED
    away()
    host.look()
    with listening(database(ACCEPTED)) as port:
        host.environment(port)
        host.look(times=2)
        assert host.counted == {}
        host.look(times=3)
    assert host.restarts == [SERVER]


def test_a_host_without_a_database_counts(host: Lab) -> None:
    (host.folder / "deferred" / "server.env").unlink()
    host.server = REFUSED
    host.look(times=3)
    assert host.restarts == [SERVER]


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "TLS"])
@pytest.mark.parametrize(
    ("answer", "accepts"),
    [(ACCEPTED, True), (refusal("28000"), True), (refusal("53300"), True), (refusal("57P03"), False), (b"E\0", False)],
    ids=["asks for a password", "refuses the address", "is full", "starts", "half an answer"],
)
def test_what_accepting_connections_means(answer: bytes, accepts: bool, encrypted: bool) -> None:
    """As `pg_isready` sees it: libpq's `PQping`."""
    with listening(database(answer, encrypted=encrypted)) as port:
        assert probes.accepts_connections("127.0.0.1", port) is accepts


@pytest.mark.parametrize("other", [silent, lambda _: None], ids=["a proxy that only accepts", "one that closes"])
def test_a_connection_alone_is_no_database(
    other: Callable[[socket.socket], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probes, "DATABASE_ANSWER_SECONDS", SHORT)
    with listening(other) as port:
        assert not probes.accepts_connections("127.0.0.1", port)


def test_a_name_without_an_address_is_no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> socket.socket:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "create_connection", unknown)
    assert not probes.accepts_connections("database.test", 5432)


def test_lost_readiness_is_said_every_three_minutes(
    host: Lab, away: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    ready = host.frontend
    host.look()
    with listening(proxy(503)) as host.frontend:
        host.look(times=8)
        assert lines(capsys, "readiness") == []
        away()
        host.look()
        detail = "not ready for 180 s: frontend answers 503; the database does not accept connections"
        assert lines(capsys, "readiness") == [("lost", detail)]
        host.look(times=17)
        assert [outcome for outcome, _ in lines(capsys, "readiness")] == ["lost"]
    host.frontend = ready
    host.look(times=2)
    assert lines(capsys, "readiness") == [("ok", "")]


def test_a_short_loss_of_readiness_is_not_said(host: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    ready = host.frontend
    with listening(proxy(503)) as not_ready:
        for port, times in ((ready, 1), (not_ready, 8), (ready, 1), (not_ready, 8), (ready, 1)):
            host.frontend = port
            host.look(times=times)
    assert lines(capsys, "readiness") == []


def test_a_host_that_was_never_ready_is_the_boot_s_to_report(host: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    with listening(alert) as host.frontend:
        host.look(times=30)
    assert lines(capsys, "readiness") == []


def test_a_group_that_can_t_be_asked_is_asked_again(host: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    host.server = REFUSED
    host.look(times=5)

    def refuse() -> None:
        raise OSError("no route")

    monkeypatch.setattr(host.group, "give_up_host", refuse)
    with pytest.raises(OSError, match="no route"):
        host.look()
    assert host.counted == {"server": 6}
