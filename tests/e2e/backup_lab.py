"""The containers of the backups beside a real PostgreSQL and real repositories, without a stack.

They are made from the same specs as in a deployment, by the code that runs the jobs of the commands.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from moto.server import ThreadedMotoServer

from cli.backups.database import Database
from cli.backups.host import Host, connect
from cli.backups.job import Job, Mount, Runner, from_spec
from cli.backups.kit import RepositoryKit
from cli.backups.source import CONFIG, SECRETS
from components.backups import dump, store
from components.backups.repository import FOLDER, Repository, parse_repository, secret_file, secret_file_names
from components.kotauth.database import DatabaseConnection
from components.kotauth.secret_key import chain_key_id, key_fingerprint
from components.postgres.role import BACKUP_LOGIN, OWNER
from simulators.docker_command import docker
from simulators.waiting import eventually
from tests.e2e.cluster import SUPERUSER, Cluster, password
from tests.e2e.ssh_server import SshServer
from tests.e2e.stack import hours_away

STACK, LOGIN, KEY = "prod", "kotauth_a", "k" * 64
CANARY = "canary-of-a-user"
ROWS = 200_000
SERVER_USER = "10001:10001"

DATA = f"""
CREATE TYPE level AS ENUM ('low', 'high');
CREATE TABLE flyway_schema_history (installed_rank int PRIMARY KEY, version text, success boolean NOT NULL);
INSERT INTO flyway_schema_history VALUES (1, '1', true), (2, '59', true), (3, '66', false);
CREATE TABLE tenants (id serial PRIMARY KEY, slug text NOT NULL, level level NOT NULL DEFAULT 'low');
INSERT INTO tenants (slug) VALUES ('master'), ('acme');
CREATE TABLE users (id serial PRIMARY KEY, name text NOT NULL);
INSERT INTO users (name) SELECT '{CANARY} ' || n FROM generate_series(1, {ROWS}) n;
CREATE TABLE audit_log (id bigserial PRIMARY KEY, chain_key_id char(8), created_at timestamptz NOT NULL DEFAULT now());
INSERT INTO audit_log (chain_key_id) VALUES ('{chain_key_id(KEY)}'), (NULL);
"""
COUNTS = {"audit_log": 2, "flyway_schema_history": 3, "tenants": 2, "users": ROWS}


@dataclass(frozen=True)
class Site:
    """A repository, and how it is reached."""

    repository: Repository
    shown: str
    """As a kit names it."""
    files: dict[str, str] = field(default_factory=dict[str, str])
    known_hosts: str = ""
    network: str = ""
    volume: str = ""


@dataclass
class Containers:
    """A dump and a store with a spool between them."""

    runner: Runner
    dump: str
    store: str
    spool: str

    def state(self, name: str) -> Any:
        """Return a file of the state as JSON, None where there is none or it is empty."""
        # By a command: the daemon's archive of a file that is replaced meanwhile is cut off.
        content = self.run(f"cat {dump.SPOOL}/state/{name} 2>/dev/null || :")
        return json.loads(content) if content else None

    def stored(self) -> dict[str, Any]:
        """Wait until a backup is stored."""
        # The check that follows the first backup locks the repository.
        eventually("a backup is stored and checked", lambda: self.state("checked") is not None)
        return self.state("last")

    def ask(self, number: str = "77") -> None:
        """Ask for a backup."""
        self.run(f"cd /spool/state && echo 'manual {number}' >request.{number} && mv request.{number} request")

    def run(self, script: str) -> str:
        """Run a script on the spool, as its owner."""
        return docker("exec", self.dump, "bash", "-c", script)

    def probe(self, container: str) -> int:
        """Return the exit code of a container's probe, as if it had run for a minute."""
        probe = f"bash {CONFIG}/dump.sh probe" if container == self.dump else f"sh {CONFIG}/store.sh probe"
        later = f"echo $(($(date +%s) - 60)) >/tmp/started; {probe}"
        return subprocess.run(["docker", "exec", container, "sh", "-c", later], check=False).returncode


@dataclass
class Lab:
    """A PostgreSQL with Kotauth's schema, and what backs it up."""

    runner: Runner
    cluster: Cluster
    network: str
    """The database's, which is internal."""
    outside: str
    """A network with a way to this machine."""
    gateway: str
    """Address of this machine on that network."""
    image: str
    restic: str
    login_password: str
    backup_password: str
    folder: Path
    repository_password: str = field(default_factory=password)
    _made: list[str] = field(default_factory=list[str])

    def volume(self, *options: str) -> str:
        """Make a volume that belongs to the user of the backups."""
        name = docker("volume", "create", f"--label=kotauth.test={os.getpid()}", *options)
        self._made.append(name)
        own = ["chown", dump.USER, "/volume"]
        mount = Mount(volume=name, path="/volume", read_only=False)
        job = Job(image=self.image, command=own, user="0:0", capabilities=["CAP_CHOWN"], mounts=[mount])
        self.runner.run(job, seconds=300)
        return name

    def on_volume(self) -> Site:
        """Return a new repository on a volume."""
        volume = self.volume()
        return Site(parse_repository("volume"), f"volume:{volume}", volume=volume)

    def on_s3(self, server: ThreadedMotoServer) -> Site:
        """Return a new repository in a bucket."""
        _, port = server.get_host_and_port()
        address = f"http://{self.gateway}:{port}"
        client: Any = boto3.client(
            "s3", endpoint_url=address, region_name="us-east-1", aws_access_key_id="AKIATEST", aws_secret_access_key="x"
        )
        client.create_bucket(Bucket="backups")
        repository = parse_repository(f"s3:{address}/backups/prod")
        return Site(repository, str(repository), _files(repository, "AKIATEST:secret"), network=self.outside)

    def on_sftp(self, server: SshServer, folder: Path) -> Site:
        """Return a new repository that sshd serves."""
        user, _, place = server.url.removeprefix("ssh://").partition("@")
        repository = parse_repository(f"sftp://{user}@{place}/{folder}")
        key = Path(server.options[3]).read_text()
        known = Path(server.options[-1].partition("=")[2]).read_text()
        return Site(repository, str(repository), _files(repository, key), known, network=self.outside)

    def back_up(self, site: Site, *, password: str = "", spool: str = "") -> Containers:
        """Start both containers for a repository."""
        spool = spool or self.volume()
        spooled = Mount(volume=spool, path=dump.SPOOL, read_only=False)
        database = DatabaseConnection("postgres", OWNER, BACKUP_LOGIN, self.image)
        schedule = [hours_away()]
        of_dump = dump.dump(stack=STACK, database=database, schedule=schedule, server_image="kotauth:1.22.0")
        of_store = store.store(
            stack=STACK,
            image=self.restic,
            repository=site.repository,
            known_hosts=site.known_hosts,
            schedule=schedule,
            retention=store.Retention(7, 5, 12),
        )
        secrets = {store.PASSWORD_FILE: password or self.repository_password, **site.files}
        repository = [Mount(volume=site.volume, path=FOLDER, read_only=False)] if site.volume else []
        made = [
            self._start(
                from_spec(
                    of_dump,
                    mounts=[spooled],
                    files=_of(of_dump, {dump.PASSWORD_FILE: self.backup_password}),
                    networks=[self.network],
                )
            ),
            self._start(
                from_spec(
                    of_store,
                    mounts=[spooled, *repository],
                    files=_of(of_store, secrets),
                    networks=[site.network] if site.network else [],
                )
            ),
        ]
        dumping, storing = made
        return Containers(self.runner, dumping, storing, spool)

    def reading(self, site: Site, command: str) -> Job:
        """Return a job that runs restic on a repository as the containers do."""
        scripts = {name: (dump.FOLDER / name).read_bytes() for name in ("common.sh", "repository.sh")}
        secrets = {store.PASSWORD_FILE: self.repository_password, **site.files}
        return Job(
            image=self.restic,
            command=["sh", "-c", f". {CONFIG}/common.sh; . {CONFIG}/repository.sh; {command}"],
            user=dump.USER,
            environment={"RESTIC_REPOSITORY": site.repository.address, "RESTIC_CACHE_DIR": "/tmp/cache"},  # noqa: S108
            files={
                SECRETS: {name: content.encode() for name, content in secrets.items()},
                CONFIG: {**scripts, "known_hosts": site.known_hosts.encode()},
            },
            networks=[site.network] if site.network else [],
        )

    def _start(self, job: Job) -> str:
        container = self.runner.create(job)
        self.runner.host.post(f"/containers/{container}/start")
        return container

    def kit(self, site: Site) -> RepositoryKit:
        """Return the kit of a repository."""
        return RepositoryKit(
            stack=STACK,
            repository=site.shown,
            files={store.PASSWORD_FILE: self.repository_password, **site.files},
            known_hosts=site.known_hosts,
            base_url="https://auth.example.com",
            images={"server": "kotauth:1.22.0", "database": self.image, "backup": self.restic},
        )

    def database(self, work: str) -> Database:
        """Return the database as a restore reaches it."""
        secrets = docker("volume", "create", f"--label=kotauth.test={os.getpid()}")
        self._made.append(secrets)
        files = {"database_password": self.login_password.encode(), "secret_key": KEY.encode()}
        mount = Mount(volume=secrets, path=SECRETS, read_only=False)
        carrier = Job(image=self.image, command=["true"], user=SERVER_USER, mounts=[mount], files={SECRETS: {**files}})
        self.runner.remove(self.runner.create(carrier))
        return Database(
            runner=self.runner,
            image=self.image,
            user=SERVER_USER,
            secrets=Mount(volume=secrets, path=SECRETS),
            network=self.network,
            environment={"PGHOST": "postgres", "PGDATABASE": OWNER, "PGUSER": LOGIN},
            work=work,
        )

    def remove(self) -> None:
        """Remove what was made."""
        self.runner.sweep()
        self.cluster.stop()
        for volume in self._made:
            docker("volume", "rm", "--force", volume, check=False)


def _files(repository: Repository, credentials: str) -> dict[str, str]:
    return {name: secret_file(repository, credentials) for name in secret_file_names(repository)}


def _of(spec: Any, secrets: dict[str, str]) -> dict[str, dict[str, bytes | None]]:
    assert set(secrets) == set(spec["secret_files"])
    return {
        SECRETS: {name: content.encode() for name, content in secrets.items()},
        CONFIG: {name: content.encode() for name, content in spec["config_files"].items()},
    }


@contextmanager
def backup_lab(folder: Path, image: str, restic: str) -> Generator[Lab]:
    """Yield a database with data and both networks."""
    label = f"--label=kotauth.test={os.getpid()}"
    suffix = password()[:10].lower()
    with ExitStack() as stack:
        networks: list[str] = []
        for name, options in (("inside", ["--internal"]), ("outside", list[str]())):
            networks.append(docker("network", "create", label, *options, f"kotauth-{name}-{suffix}"))
            stack.callback(docker, "network", "rm", networks[-1], check=False)
        gateway = docker("network", "inspect", "--format={{(index .IPAM.Config 0).Gateway}}", networks[1])
        host: Host = stack.enter_context(connect())
        cluster = Cluster.start(image, SUPERUSER, f"--network={networks[0]}", "--network-alias=postgres")
        runner = Runner(host, f"test/{os.getpid()}")
        lab = Lab(runner, cluster, networks[0], networks[1], gateway, image, restic, password(), password(), folder)
        stack.callback(lab.remove)
        applied = cluster.apply_role(
            LOGIN, lab.login_password, fingerprint=key_fingerprint(KEY), backup_password=lab.backup_password
        )
        assert applied.code == 0, applied.output
        made = cluster.log_in(DATA, LOGIN, lab.login_password)
        assert made.code == 0, made.output
        yield lab
