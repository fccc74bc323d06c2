"""The database connection of the server and of the key guard."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from ..workload.spec import CONFIG_DIRECTORY

DATABASE_PORT = 5432
CA_FILE = "database-ca.pem"
_CA_PATH = f"{CONFIG_DIRECTORY}/{CA_FILE}"
DEAD_CONNECTION = {
    "net.ipv4.tcp_keepalive_time": "10",
    "net.ipv4.tcp_keepalive_intvl": "5",
    "net.ipv4.tcp_keepalive_probes": "3",
    "net.ipv4.tcp_retries2": "6",
}
"""When the kernel gives up a connection to a database that vanished without a reset, as a dead host does.

One that waits for an answer after 20 to 25 s (10 s and three probes of 5 s), one whose query was never confirmed after
27 s (six repetitions). By the kernel's own numbers that takes two hours or a quarter of one. Measured with the driver
42.7.10 on JDK 17; Kotauth 1.5.2 recovered after 22 s instead of 958 s.
"""


@dataclass(frozen=True)
class DatabaseConnection:
    """Where the server finds its database, and the image whose `psql` asks it before a start."""

    host: pulumi.Input[str]
    name: str
    user: str
    tools_image: str
    ca: pulumi.Input[str] | None = None
    """PEM of the authorities that may certify the host. With it the connection is encrypted and the host verified;
    without it the network between the two must be theirs alone."""

    @property
    def url(self) -> pulumi.Input[str]:
        """The JDBC URL. Flyway logs it, so it never carries credentials.

        It has no `socketTimeout`: Flyway shares the URL, and a long migration is not a dead connection.
        """
        tls = f"&sslmode=verify-full&sslrootcert={_CA_PATH}" if self.ca is not None else ""
        head, tail = "jdbc:postgresql://", f":{DATABASE_PORT}/{self.name}?tcpKeepAlive=true{tls}"
        return f"{head}{self.host}{tail}" if isinstance(self.host, str) else pulumi.Output.concat(head, self.host, tail)

    @property
    def libpq(self) -> dict[str, pulumi.Input[str]]:
        """The environment of `psql`."""
        tls = {"PGSSLMODE": "verify-full", "PGSSLROOTCERT": _CA_PATH} if self.ca is not None else {}
        return {"PGHOST": self.host, "PGDATABASE": self.name, "PGUSER": self.user, **tls}
