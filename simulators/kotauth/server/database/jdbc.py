"""A JDBC URL of PostgreSQL's driver, turned into a connection of pg8000."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl

import pg8000.native

CONNECT_SECONDS = 10.0
"""The driver's default of connectTimeout."""
PREFIX = "jdbc:postgresql:"
DEFAULT_PORT = 5432
TLS_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")


class DatabaseUrlError(Exception):
    """The driver can't make a connection out of DB_URL."""


@dataclass(frozen=True, kw_only=True)
class Database:
    """Where the database is and how it is talked to."""

    host: str
    port: int
    name: str
    user: str
    password: str
    schema: str | None
    tls_mode: str
    root_certificate: Path | None
    connect_seconds: float | None
    """`connectTimeout`."""
    socket_seconds: float | None
    """`socketTimeout`: how long the server may take for an answer. Without one the driver waits without end."""
    keepalive: bool

    def connect(self, login_seconds: float | None = None) -> pg8000.native.Connection:
        """Open a connection, within `connectTimeout` or what the pool gives for a login, whichever is shorter.

        Later answers have no limit but `socketTimeout`: a database that vanishes without a reset is noticed by the
        kernel alone (`tcp_retries2`, and keep-alive probes where the URL says `tcpKeepAlive=true`).

        Raises what pg8000 raises, and DatabaseUrlError when the root certificate can't be read.
        """
        limits = [seconds for seconds in (login_seconds, self.connect_seconds) if seconds is not None]
        connection = pg8000.native.Connection(
            self.user,
            host=self.host,
            port=self.port,
            database=self.name,
            password=self.password,
            ssl_context=self._tls(),
            timeout=min(limits, default=None),
            tcp_keepalive=self.keepalive,
            application_name="PostgreSQL JDBC Driver",
            startup_params={"search_path": self.schema} if self.schema else None,
        )
        limit_answers(connection, self.socket_seconds)
        return connection

    def _tls(self) -> ssl.SSLContext | bool | None:
        if self.tls_mode in ("disable", "allow"):
            return False
        if self.tls_mode == "prefer":
            return None
        context = ssl.create_default_context()
        context.check_hostname = self.tls_mode == "verify-full"
        if self.tls_mode == "require":
            context.verify_mode = ssl.CERT_NONE
            return context
        certificate = self.root_certificate or Path("~/.postgresql/root.crt")
        try:
            context.load_verify_locations(certificate.expanduser())
        except OSError as error:
            raise DatabaseUrlError(f"Could not open SSL root certificate file {certificate}.") from error
        return context


def parse(url: str, user: str, password: str) -> Database:
    """Read `jdbc:postgresql://host:port/name?currentSchema=…&sslmode=…&sslrootcert=…`.

    Besides: `connectTimeout` and `socketTimeout` in seconds (0: no limit) and `tcpKeepAlive`.

    Raises DatabaseUrlError, in the words of the pool and the driver.
    """
    if not url.strip():
        raise DatabaseUrlError("Missing required JDBC URL. Unable to create DataSource!")
    if not url.startswith(PREFIX):
        raise DatabaseUrlError(f"Unable to autodetect JDBC driver for url: {url}")
    address, _, query = url.removeprefix(PREFIX).partition("?")
    options = dict(parse_qsl(query))
    authority, _, name = address.removeprefix("//").partition("/")
    host, _, port = authority.partition(":")
    tls_mode = options.get("sslmode", "prefer")
    seconds = [options.get("connectTimeout", f"{CONNECT_SECONDS:.0f}"), options.get("socketTimeout", "0")]
    if tls_mode not in TLS_MODES or not all(number.isdecimal() for number in (port or "0", *seconds)):
        raise DatabaseUrlError(f"Unable to parse URL {url}")
    certificate = options.get("sslrootcert")
    return Database(
        host=host or "localhost",
        port=int(port) if port else DEFAULT_PORT,
        name=name or user,
        user=user,
        password=password,
        schema=options.get("currentSchema"),
        tls_mode=tls_mode,
        root_certificate=Path(certificate) if certificate else None,
        connect_seconds=float(seconds[0]) or None,
        socket_seconds=float(seconds[1]) or None,
        keepalive=options.get("tcpKeepAlive", "").lower() == "true",
    )


def limit_answers(connection: pg8000.native.Connection, seconds: float | None) -> None:
    """How long each answer of the server may take from now on; None: without end."""
    connection._usock.settimeout(seconds)  # pyright: ignore  (pg8000 has no other way)
