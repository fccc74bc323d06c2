"""A PostgreSQL like Amazon RDS's: TLS only, a certificate for its endpoint, an administrator who isn't superuser."""

from __future__ import annotations

from dataclasses import dataclass

from simulators.docker_command import docker
from simulators.ec2_host.authority import Authority
from simulators.ec2_host.containers import File, Network
from simulators.waiting import eventually

SUPERUSER = "rdsadmin"
_UID = 999
_START_SECONDS = 300
_TLS = "/run/tls"

# What RDS gives its administrator, and its parameter rds.force_ssl.
_LIKE_RDS = """
CREATE ROLE {administrator} LOGIN CREATEROLE CREATEDB PASSWORD '{password}';
ALTER DATABASE postgres OWNER TO {administrator};
ALTER DATABASE template1 OWNER TO {administrator};
CREATE DATABASE {database} OWNER {administrator};
\\connect {database}
ALTER SCHEMA public OWNER TO {administrator};
"""
_FORCE_SSL = "sed -i 's/^host  *all  *all  *all /hostssl all all all /' \"$PGDATA/pg_hba.conf\"\n"


@dataclass
class Database:
    """A server at port 5432 of `address`, which the lab's DNS knows as `host`."""

    network: Network
    container: str
    address: str
    host: str
    administrator: str
    password: str
    database: str

    @classmethod
    def start(
        cls,
        network: Network,
        image: str,
        authority: Authority,
        *,
        host: str,
        administrator: str,
        password: str,
        name: str,
    ) -> Database:
        """Start it with an empty database that belongs to the administrator."""
        address = network.next_address()
        certificate, key = authority.issue(host)
        sql = _LIKE_RDS.format(administrator=administrator, password=password, database=name)
        files = {
            f"{_TLS}/certificate.pem": File(certificate),
            f"{_TLS}/key.pem": File(key, owner=_UID, mode=0o600),
            "/docker-entrypoint-initdb.d/1.sh": File(_FORCE_SSL, mode=0o755),
            "/docker-entrypoint-initdb.d/2.sql": File(sql),
        }
        tls = ["ssl=on", f"ssl_cert_file={_TLS}/certificate.pem", f"ssl_key_file={_TLS}/key.pem"]
        options = [f"--env=POSTGRES_USER={SUPERUSER}", "--env=POSTGRES_DB=postgres", "--env=POSTGRES_PASSWORD=rdsadmin"]
        arguments = [argument for setting in (*tls, "fsync=off") for argument in ("-c", setting)]
        container = network.run(image, *arguments, address=address, options=options, files=files)
        database = cls(network, container, address, host, administrator, password, name)
        database._wait()
        return database

    def sql(self, statements: str, database: str | None = None) -> str:
        """Run SQL past all privileges; returns rows as unaligned text."""
        psql = ("psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-U", SUPERUSER, "-d", database or self.database)
        return docker("exec", "--interactive", f"--user={_UID}", self.container, *psql, text=statements)

    def stop(self) -> None:
        """Refuse every connection; the data stays."""
        self.network.stop(self.container)

    def restart(self) -> None:
        """Serve again after `stop`."""
        self.network.restart(self.container)
        self._wait()

    def _wait(self) -> None:
        def ready() -> bool:
            # The first start listens on the socket only, so the network's address answers when it is over.
            answer = docker("exec", self.container, "pg_isready", "-h", "127.0.0.1", check=False)
            return answer.endswith("accepting connections")

        eventually("PostgreSQL is ready", ready, _START_SECONDS, lambda: docker("logs", self.container))
