"""A throw-away network with PostgreSQL and any number of simulators, for tests that talk to them directly.

Containers are reached by their own addresses, without Docker's port proxy in between: it accepts connections for a
server that has stopped listening, and a test of the shutdown would blame the server for that.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from simulators.docker_command import docker
from simulators.images.ensure import ensure
from simulators.waiting import eventually

LABEL = f"kotauth.test={os.getpid()}"
SECRET_KEY = "0123456789abcdef0123456789abcdef"
ADMIN_PASSWORD = "Correct-horse-1"
ROLE_PASSWORD = "role-password"
PORT = 8080
AUTHORIZATION = urlencode(
    {"response_type": "code", "client_id": "kotauth-admin", "redirect_uri": "https://auth.test/admin/callback"}
)
"""The parameters of a login without PKCE."""
Headers = Sequence[tuple[str, str]]


def with_processors(number: int) -> dict[str, str]:
    """The variable with which the server has this number of request threads."""
    return {"JAVA_TOOL_OPTIONS": f"-XX:ActiveProcessorCount={number}"}


@dataclass
class Answer:
    """What came back, with all headers."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        """The first header of this name."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def json(self) -> dict[str, object]:
        """The body as a JSON object."""
        return json.loads(self.body)


@dataclass
class Container:
    """A container that this lab started."""

    name: str
    address: str

    def logs(self) -> str:
        """Standard output and standard error."""
        result = subprocess.run(["docker", "logs", self.name], capture_output=True, text=True, check=True)
        return result.stdout + result.stderr

    def log_lines(self) -> list[dict[str, object]]:
        """The JSON lines of the log."""
        return [json.loads(line) for line in self.logs().splitlines() if line.startswith("{")]

    def lines_of(self, request_id: str | None, at_least: int = 1) -> list[dict[str, object]]:
        """The JSON lines of one request. Waits: they are written after the answer, and carried to the log by Docker."""
        lines: list[dict[str, object]] = []

        def written() -> bool:
            lines[:] = [line for line in self.log_lines() if line.get("requestId") == request_id]
            return len(lines) >= at_least

        eventually("the request's lines", written)
        return lines

    def exit_code(self) -> int:
        """Wait for its end."""
        return int(docker("wait", self.name))

    def request(self, method: str, target: str, headers: Headers = (), form: Mapping[str, str] | None = None) -> Answer:
        """One request over a connection of its own. Headers may repeat a name."""
        connection = http.client.HTTPConnection(self.address, PORT, timeout=120)
        body = urlencode(form).encode() if form is not None else b""
        own_host = any(name.lower() == "host" for name, _ in headers)
        connection.putrequest(method, target, skip_host=own_host, skip_accept_encoding=True)
        for name, value in [*headers, ("Content-Length", str(len(body)))]:
            connection.putheader(name, value)
        connection.endheaders(body)
        response = connection.getresponse()
        answer = Answer(response.status, response.getheaders(), response.read())
        connection.close()
        return answer

    def get(self, target: str, headers: Headers = ()) -> Answer:
        """GET."""
        return self.request("GET", target, headers)

    def post_login(self, client_ip: str, password: str, query: str = AUTHORIZATION) -> Answer:
        """Only the form of the login: show it, fill it in, send it."""
        shown = self.get(f"/t/master/authorize?{query}")
        headers = [("X-Forwarded-For", client_ip), ("Cookie", _cookie(shown))]
        return self.request("POST", "/t/master/authorize", headers, {"username": "admin", "password": password})

    def log_in(self, client_ip: str, password: str = ADMIN_PASSWORD) -> Answer:
        """The whole login as a browser does it; returns the answer of the last step."""
        begun = self.get("/admin/login")
        submitted = self.post_login(client_ip, password, (begun.header("Location") or "").partition("?")[2])
        if submitted.status != 302:
            return submitted
        callback = (submitted.header("Location") or "").removeprefix("https://auth.test")
        called = self.get(callback, [("Cookie", _cookie(begun)), ("X-Forwarded-For", client_ip)])
        if called.status != 302:
            return called
        return self.get("/admin", [("Cookie", _cookie(called))])


def _cookie(answer: Answer) -> str:
    return (answer.header("Set-Cookie") or "").partition(";")[0]


@dataclass
class Lab:
    """The network, its database and everything started in it."""

    network: str
    postgres: Container
    names: list[str] = field(default_factory=list)

    @classmethod
    def open(cls) -> Lab:
        """Start the network and PostgreSQL; both are there before anything else is."""
        images = ensure(["postgres", "kotauth-simulator", "kotauth-simulator-next"])
        network = f"kotauth-test-{os.getpid()}"
        docker("network", "create", "--label", LABEL, network)
        name = f"{network}-postgres"
        docker(
            *("run", "--detach", "--label", LABEL, "--name", name, "--network", network, "--network-alias", "postgres"),
            *("--env", "POSTGRES_PASSWORD=admin", images["postgres"]),
            *("-c", "fsync=off"),
        )
        lab = cls(network, Container(name, ""), [name])
        lab.wait_for_postgres()
        return lab

    def close(self) -> None:
        """Remove what this lab started, and nothing else."""
        docker("rm", "--force", "--volumes", *self.names)
        docker("network", "rm", self.network)

    def wait_for_postgres(self) -> None:
        """Wait until it takes connections over TCP (during its own first start it listens on the socket only)."""
        ready = ["docker", "exec", self.postgres.name, "pg_isready", "--quiet", "--host=127.0.0.1"]
        eventually("PostgreSQL", lambda: subprocess.run(ready, check=False).returncode == 0)

    def sql(self, statements: str, database: str = "postgres") -> str:
        """Run SQL as the administrator; returns rows as plain lines."""
        return docker(*self._psql(database)[1:], text=statements)

    @contextmanager
    def locked(self, table: str, database: str) -> Iterator[None]:
        """Hold a lock that every reader of a table waits for: a request's thread is blocked, as by a dead database."""
        with subprocess.Popen(self._psql(database), stdin=subprocess.PIPE, text=True) as session:
            assert session.stdin
            session.stdin.write(f"BEGIN; LOCK TABLE app.{table};\n")
            session.stdin.flush()
            eventually(
                "the lock", lambda: self._locks(table, database, "granted AND mode = 'AccessExclusiveLock'") == 1
            )
            yield
            # The end of its input ends the session, and the transaction with it.

    def wait_for_blocked(self, table: str, database: str, requests: int = 1) -> None:
        """Wait until so many requests wait for a locked table."""
        eventually("blocked requests", lambda: self._locks(table, database, "NOT granted") == requests)

    def _locks(self, table: str, database: str, condition: str) -> int:
        of_table = f"relation = 'app.{table}'::regclass AND {condition}"
        return int(self.sql(f"SELECT count(*) FROM pg_locks WHERE {of_table}", database))

    def _psql(self, database: str) -> list[str]:
        psql = ("psql", "--no-psqlrc", "--quiet", "-v", "ON_ERROR_STOP=1", "--tuples-only", "--no-align")
        return ["docker", "exec", "--interactive", "--user=postgres", self.postgres.name, *psql, f"--dbname={database}"]

    def make_database(self, name: str, *, temporary: bool = True) -> None:
        """A database with one role of the same name that has the least rights a deployment gives."""
        self.sql(
            f"CREATE ROLE {name} LOGIN PASSWORD '{ROLE_PASSWORD}';\n"
            f"CREATE DATABASE {name};\n"
            f"REVOKE ALL ON DATABASE {name} FROM PUBLIC;\n"
            f"GRANT CONNECT{', TEMPORARY' if temporary else ''} ON DATABASE {name} TO {name};\n"
        )
        self.sql(
            "REVOKE ALL ON SCHEMA public FROM PUBLIC;\n"
            f"CREATE SCHEMA app; GRANT USAGE, CREATE ON SCHEMA app TO {name};\n",
            database=name,
        )

    def run(
        self,
        database: str,
        environment: Mapping[str, str] | None = None,
        *,
        image: str = "kotauth-simulator",
        mounts: Mapping[Path, str] | None = None,
        cpus: str = "0",
    ) -> Container:
        """Start a simulator as a deployment does: as uid 10001, read-only, without capabilities, 512 MB."""
        variables = {
            "KAUTH_BASE_URL": "https://auth.test",
            "KAUTH_ENV": "production",
            "KAUTH_SECRET_KEY": SECRET_KEY,
            "KAUTH_TRUSTED_PROXY": "true",
            "KAUTH_BOOTSTRAP_ADMIN_PASSWORD": ADMIN_PASSWORD,
            "DB_URL": f"jdbc:postgresql://postgres:5432/{database}?currentSchema=app",
            "DB_USER": database,
            "DB_PASSWORD": ROLE_PASSWORD,
        } | dict(environment or {})
        name = f"{self.network}-{len(self.names)}"
        docker(
            *("run", "--detach", "--label", LABEL, "--name", name, "--network", self.network),
            *("--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--user=10001:10001"),
            *("--memory=512m", "--memory-swap=512m", "--pids-limit=200", f"--cpus={cpus}"),
            *(f"--env={key}={value}" for key, value in variables.items()),
            *(f"--volume={source}:{target}:ro" for source, target in (mounts or {}).items()),
            ensure([image])[image],
        )
        self.names.append(name)
        return Container(
            name, docker("inspect", "--format={{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", name)
        )

    def start(
        self,
        database: str,
        environment: Mapping[str, str] | None = None,
        *,
        image: str = "kotauth-simulator",
        cpus: str = "0",
    ) -> Container:
        """`run`, and wait until it answers."""
        container = self.run(database, environment, image=image, cpus=cpus)
        eventually(f"{container.name} answers", lambda: _answers(container))
        return container


def _answers(container: Container) -> bool:
    try:
        return container.get("/health").status == 200
    except OSError:
        if docker("inspect", "--format={{.State.Running}}", container.name) == "true":
            raise
        raise RuntimeError(f"{container.name} has ended:\n{container.logs()}") from None
