"""A PostgreSQL of a test's own, administered by a superuser or by one like Amazon RDS's."""

from __future__ import annotations

import os
import re
import subprocess
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from components import postgres
from components.docker.database import APPLY_ROLE
from components.postgres.role import OWNER, SCHEMA, connection_limit, role_script, role_settings, scram_verifier
from components.postgres.server import ADMINISTRATOR, USER
from simulators.docker_command import docker
from simulators.waiting import eventually

SUPERUSER, RDS = "superuser", "rds"
BOOTSTRAP = "bootstrap"
"""The real superuser where the administrator is none (`rdsadmin` on RDS)."""
OTHER_DATABASE = "accounting"
"""The database of another application, which is in the cluster before the role is made."""

_KEY_GUARD = (Path(postgres.__path__[0]) / "key_guard.sh").read_text()

# What RDS gives its administrator. The schema `public` is its own on some instances and `rdsadmin`'s on others: here it
# is its own, but in the database `foreign_public`.
_LIKE_RDS = f"""
CREATE ROLE {ADMINISTRATOR} LOGIN CREATEROLE CREATEDB PASSWORD 'administrator';
ALTER DATABASE postgres OWNER TO {ADMINISTRATOR};
ALTER DATABASE template1 OWNER TO {ADMINISTRATOR};
CREATE DATABASE {OWNER} OWNER {ADMINISTRATOR};
CREATE DATABASE {OTHER_DATABASE} OWNER {ADMINISTRATOR};
CREATE DATABASE foreign_public OWNER {ADMINISTRATOR};
\\connect {OWNER}
ALTER SCHEMA public OWNER TO {ADMINISTRATOR};
"""
_PLAIN = f"CREATE DATABASE {OWNER}; CREATE DATABASE {OTHER_DATABASE};"


@dataclass(frozen=True)
class Outcome:
    """How psql ended and all that it said."""

    code: int
    output: str


@dataclass(frozen=True)
class Cluster:
    """A server that is up, with the databases `kotauth` and `accounting`."""

    container: str
    kind: str

    @classmethod
    def start(cls, image: str, kind: str, *options: str) -> Self:
        """Start it in memory, with further options of `docker run`; it ends with `stop`."""
        container = docker(
            *("run", "--detach", f"--label=kotauth.test={os.getpid()}", *(options or ["--network=none"])),
            *("--tmpfs=/var/lib/postgresql/data", "--tmpfs=/run/secrets:mode=1777", "--tmpfs=/run/key:mode=1777"),
            f"--env=POSTGRES_USER={ADMINISTRATOR if kind == SUPERUSER else BOOTSTRAP}",
            # The official image trusts the loopback address otherwise, and no password would be tested.
            *("--env=POSTGRES_PASSWORD=administrator", "--env=POSTGRES_INITDB_ARGS=--auth-host=scram-sha-256"),
            *(image, "-c", "fsync=off", "-c", "log_statement=all", "-c", "log_error_verbosity=verbose"),
        )
        cluster = cls(container, kind)
        try:
            cluster._prepare()
        except BaseException:
            cluster.stop()
            raise
        return cluster

    def stop(self) -> None:
        """Remove it with everything in it."""
        docker("rm", "--force", "--volumes", self.container)

    def _prepare(self) -> None:
        # The first start listens on the socket only, so the loopback address answers when it is over.
        ready = lambda: not self._execute(["pg_isready", "-q", "-h", "127.0.0.1"]).code  # noqa: E731
        eventually("PostgreSQL is ready", ready, diagnosis=self.log)
        self._execute(["sh", "-c", "printf administrator >/run/secrets/administrator_password"])
        self.as_superuser(_LIKE_RDS if self.kind == RDS else _PLAIN, "postgres")

    @property
    def version(self) -> int:
        """Major version of PostgreSQL."""
        return int(self.as_superuser("SHOW server_version_num")) // 10000

    def as_superuser(self, sql: str, database: str = OWNER) -> str:
        """Prepare or look at something past all privileges; returns rows as unaligned text."""
        user = ADMINISTRATOR if self.kind == SUPERUSER else BOOTSTRAP
        psql = ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-U", user, "-d", database]
        outcome = self._execute(psql, sql)
        assert outcome.code == 0, outcome.output
        return outcome.output.strip()

    def apply_role(
        self,
        login: str,
        password: str,
        database: str = OWNER,
        fingerprint: str = "",
        backup_password: str | None = None,
    ) -> Outcome:
        """Run `role.sql` as the one-shot container of the deployment does it, as the administrator.

        An empty ``backup_password`` locks the login of the backups; without one, it stays as it is.
        """
        backups = scram_verifier(backup_password) if backup_password else backup_password
        settings = role_settings(login, scram_verifier(password), connection_limit(10), backups)
        environment = {"PGHOST": "127.0.0.1", "PGUSER": ADMINISTRATOR, "PGDATABASE": database}
        files = 'cat >/run/secrets/role.sql; printf %s "$FINGERPRINT" >/run/key/key_fingerprint'
        return self._execute(
            ["sh", "-c", f"{files}\n{APPLY_ROLE}"], role_script(settings), {**environment, "FINGERPRINT": fingerprint}
        )

    def guard(self, key: str, login: str, password: str, database: str) -> Outcome:
        """Run the key guard as a login, as it runs before a server's start."""
        files = 'cat >/run/secrets/secret_key; printf %s "$PASSWORD" >/run/secrets/database_password'
        environment = {"PGHOST": "127.0.0.1", "PGUSER": login, "PGDATABASE": database, "PASSWORD": password}
        return self._execute(["bash", "-c", f"{files}\n{_KEY_GUARD}"], key, environment)

    def dump_and_restore(self, source: str, target: str, login: str, password: str) -> Outcome:
        """Dump a database and restore Kotauth's schema into another one that `role.sql` has prepared, as its login."""
        pipe = f"pg_dump -Fc {source} | pg_restore --exit-on-error -n {SCHEMA} --no-owner -d {target}"
        environment = {"PGHOST": "127.0.0.1", "PGUSER": login, "PGPASSWORD": password}
        return self._execute(["bash", "-c", f"set -o pipefail; {pipe}"], environment=environment)

    def dump_as(self, login: str, password: str) -> Outcome:
        """Dump Kotauth's schema as a login, beside a connection that holds the snapshot; return what the dump holds."""
        script = rf"""
        BEGIN ISOLATION LEVEL REPEATABLE READ;
        SELECT pg_export_snapshot() AS snapshot \gset
        \setenv SNAPSHOT :snapshot
        \! pg_dump -Fc -n {SCHEMA} --snapshot=$SNAPSHOT | pg_restore --list
        """
        environment = {"PGHOST": "127.0.0.1", "PGUSER": login, "PGPASSWORD": password, "PGDATABASE": OWNER}
        return self._execute(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1"], script, environment)

    def log_in(self, sql: str, user: str, password: str, database: str = OWNER) -> Outcome:
        """Run SQL over a connection with a password; each statement by itself, whatever became of the one before."""
        psql = ["psql", "-XAtq", "-v", "VERBOSITY=sqlstate", "-h", "127.0.0.1", "-U", user, "-d", database]
        return self._execute(psql, sql, {"PGPASSWORD": password})

    def roles(self) -> str:
        """Return all roles with attributes, passwords and memberships, as `pg_dumpall` writes them."""
        user = ADMINISTRATOR if self.kind == SUPERUSER else BOOTSTRAP
        dump = self._execute(["pg_dumpall", "--roles-only", "-U", user])
        assert dump.code == 0, dump.output
        # Newer patch releases put a random key there, against a known attack on psql.
        return re.sub(r"^\\(un)?restrict .*$", "", dump.output, flags=re.MULTILINE)

    def log(self) -> str:
        """Return all that the server has logged."""
        return subprocess.run(
            ["docker", "logs", self.container], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True
        ).stdout

    def _execute(self, command: list[str], text: str = "", environment: dict[str, str] | None = None) -> Outcome:
        variables = [f"--env={name}={value}" for name, value in (environment or {}).items()]
        done = subprocess.run(
            ["docker", "exec", "--interactive", f"--user={USER}", *variables, self.container, *command],
            input=text,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=600,
        )
        return Outcome(done.returncode, done.stdout)


def error_states(output: str) -> list[str]:
    """Return the SQLSTATE of each error that psql printed in its `sqlstate` verbosity."""
    return re.findall(r"ERROR: +(\w{5})$", output, re.MULTILINE)


def password() -> str:
    """Return a unique password, so that a search finds every place where it is written."""
    return f"Pw1{uuid.uuid4().hex}"
