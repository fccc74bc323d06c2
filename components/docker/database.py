"""PostgreSQL on a Docker host, and the application's role in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NotRequired, TypedDict

import pulumi
import pulumi_random as random

from ..inputs.declaration import optional, own_name, value
from ..inputs.image import Image
from ..inputs.number import number, whole_number
from ..inputs.parsing import parse_args
from ..inputs.resource_name import parse_docker_name
from ..postgres.limits import POOL_SIZE, parse_database_name, parse_fingerprint, parse_password_version, parse_pool_size
from ..postgres.role import OWNER, connection_limit, login_name, role_script, role_settings, scram_verifier
from ..postgres.server import ADMINISTRATOR, DEFAULT_VERSION, IMAGES, USER, database_server, parse_image
from ..schema.outputs import declared_outputs
from ..schema.tokens import token
from ..workload.hardening import CHECK_CPUS, CHECK_MEMORY_MB
from .container import DockerContainer
from .files import DockerFiles
from .hardened import Attachment, Mount, Runtime
from .job import run_job

HOST = "postgres"
"""Name of the server on its network."""

_DEFAULT_MEMORY_MB = 512
APPLY_ROLE = (Path(__file__).parent.parent / "postgres" / "apply_role.sh").read_text()
"""Runs `role.sql` as the administrator."""
KEY_FINGERPRINT_FILE = "key_fingerprint"


@dataclass(frozen=True, kw_only=True)
class _DatabaseInputs:
    name: str = own_name(parse_docker_name)
    network: pulumi.Input[str] = value()
    image: Image = value(parse_image, default=parse_image(IMAGES[DEFAULT_VERSION]))
    memory: int = value(whole_number("memory in MB", 128, 1 << 20), default=_DEFAULT_MEMORY_MB)
    cpus: float = value(number("processors", 0.1, 256), default=1.0)
    database: str = value(parse_database_name, default=OWNER)
    labels: Mapping[str, pulumi.Input[str]] = value(default={})
    container_labels: Mapping[str, pulumi.Input[str]] = value(default={})


class DockerDatabaseArgs(TypedDict):
    """Inputs of `DockerDatabase`."""

    network: pulumi.Input[str]
    """Name of an internal Docker network."""
    image: NotRequired[str]
    """Image of PostgreSQL 14 or newer, in a Debian variant. Default the official PostgreSQL 14."""
    memory: NotRequired[int]
    """Memory limit in MB. Default 512. A quarter of it is for shared buffers."""
    cpus: NotRequired[float]
    """Processor limit. Default 1."""
    database: NotRequired[str]
    """Name of the database. Default `kotauth`."""
    labels: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Labels for every child."""
    container_labels: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Labels for the server's container alone, not for its volumes and jobs."""


class DockerDatabase(pulumi.ComponentResource):
    """A PostgreSQL server on a protected volume, reachable as `postgres` on its network only."""

    host: pulumi.Output[str]
    """Name of the server on its network, known once it is ready."""
    database: pulumi.Output[str]
    """Name of the database."""
    administrator_password: pulumi.Output[str]
    """Password of `kotauth_admin`, the superuser."""

    def __init__(self, name: str, args: DockerDatabaseArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Start the server."""
        inputs = parse_args(_DatabaseInputs, DockerDatabaseArgs, name, args)
        image = inputs.image.reference
        super().__init__(token("DockerDatabase"), name, {"image": image, "database": inputs.database}, opts)

        # Protected like the data: without this password, no role can be changed any more.
        password = random.RandomPassword(
            f"{name}-administrator-password",
            length=48,
            special=False,
            opts=pulumi.ResourceOptions(parent=self, protect=True),
        ).result
        server = DockerContainer(
            name,
            {
                "spec": database_server(image=image, memory=inputs.memory, cpus=inputs.cpus, database=inputs.database),
                "secrets": {"administrator_password": password},
                "networks": [{"name": inputs.network, "alias": HOST}],
                "labels": inputs.labels,
                "container_labels": inputs.container_labels,
            },
            pulumi.ResourceOptions(parent=self),
        )
        self.host = server.container_name.apply(lambda _: HOST)
        self.database = pulumi.Output.from_input(inputs.database)
        self.administrator_password = password
        self.register_outputs(declared_outputs(self, DockerDatabase))


@dataclass(frozen=True, kw_only=True)
class _RoleInputs:
    name: str = own_name(parse_docker_name)
    network: pulumi.Input[str] = value()
    administrator_password: pulumi.Input[str] = value(secret=True)
    password: pulumi.Input[str] = value(secret=True)
    administrator: pulumi.Input[str] = value(default=ADMINISTRATOR)
    host: pulumi.Input[str] = value(default=HOST)
    database: str = value(parse_database_name, default=OWNER)
    password_version: int = value(parse_password_version, default=1)
    pool_size: int = value(parse_pool_size, default=POOL_SIZE)
    secret_key_fingerprint: pulumi.Output[str] | None = optional(parse_fingerprint, secret=True)
    backup_password: pulumi.Input[str] | None = optional(secret=True)
    image: pulumi.Input[str] = value(default=IMAGES[DEFAULT_VERSION])
    labels: Mapping[str, pulumi.Input[str]] = value(default={})


class DockerDatabaseRoleArgs(TypedDict):
    """Inputs of `DockerDatabaseRole`."""

    network: pulumi.Input[str]
    """Name of the database's network."""
    administrator_password: pulumi.Input[str]
    """Password of the administrator."""
    password: pulumi.Input[str]
    """Password of the login. Only its SCRAM verifier reaches the database server."""
    administrator: NotRequired[pulumi.Input[str]]
    """Role that creates the other roles. It need not be a superuser. Default `kotauth_admin`."""
    host: NotRequired[pulumi.Input[str]]
    """Name of the server on the network. Default `postgres`."""
    database: NotRequired[str]
    """Name of the database. Default `kotauth`."""
    password_version: NotRequired[int]
    """Version of the password. Its number selects one of two logins, so a rotation keeps the password of the previous
    login. Default 1."""
    pool_size: NotRequired[int]
    """Maximum number of connections of one server. Default 10."""
    secret_key_fingerprint: NotRequired[pulumi.Input[str]]
    """Fingerprint of the server's secret key, from `KotauthCredentials`. It is stored while the database holds no
    table, and the key guard compares each start with it. Without it, only the audit log shows a wrong key."""
    backup_password: NotRequired[pulumi.Input[str]]
    """Password of `kotauth_backup`, the login that reads everything for a dump and writes nothing. Without it, that
    login is locked."""
    image: NotRequired[pulumi.Input[str]]
    """Image with `psql`. Default the official PostgreSQL 14."""
    labels: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Labels for every child."""


class DockerDatabaseRole(pulumi.ComponentResource):
    """The owner role of the application's schema, which can't log in, and a login that acts as the owner."""

    user: pulumi.Output[str]
    """Name of the login, known once the login works."""

    def __init__(self, name: str, args: DockerDatabaseRoleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Apply `role.sql`."""
        inputs = parse_args(_RoleInputs, DockerDatabaseRoleArgs, name, args)
        login, limit = login_name(inputs.password_version), connection_limit(inputs.pool_size)
        image, labels, fingerprint = inputs.image, inputs.labels, inputs.secret_key_fingerprint
        super().__init__(token("DockerDatabaseRole"), name, {"login": login, "connection_limit": limit}, opts)
        child = pulumi.ResourceOptions(parent=self)

        script = pulumi.Output.secret(pulumi.Output.all(inputs.password, inputs.backup_password)).apply(
            lambda passwords: _script(login, limit, *passwords)
        )
        files = DockerFiles(
            f"{name}-files",
            {
                "image": image,
                "files": {
                    "administrator_password": pulumi.Output.secret(inputs.administrator_password),
                    "role.sql": script,
                },
                "owner": USER,
                "labels": labels,
            },
            child,
        )
        mounts = [Mount(files.volume_name, "/run/secrets")]
        if fingerprint is not None:
            # In a volume of its own: only so is it known, before it has a value, that nothing else comes from the key.
            of_key = DockerFiles(
                f"{name}-key",
                {"image": image, "files": {KEY_FINGERPRINT_FILE: fingerprint}, "owner": USER, "labels": labels},
                child,
            )
            mounts.append(Mount(of_key.volume_name, "/run/key"))
        job = run_job(
            name,
            Runtime(
                part="job",
                image=image,
                user=USER,
                memory=CHECK_MEMORY_MB,
                cpus=CHECK_CPUS,
                command=["sh", "-c", APPLY_ROLE],
                environment={
                    "PGHOST": inputs.host,
                    "PGDATABASE": inputs.database,
                    "PGUSER": inputs.administrator,
                },
                mounts=mounts,
                networks=[Attachment(inputs.network)],
                tmpfs=["/tmp"],  # noqa: S108 - the container's own
                labels=labels,
            ),
            child,
        )
        self.user = job.urn.apply(lambda _: login)
        self.register_outputs(declared_outputs(self, DockerDatabaseRole))


def _script(login: str, limit: int, password: str, backup_password: str | None) -> str:
    backups = scram_verifier(backup_password) if backup_password else ""
    return role_script(role_settings(login, scram_verifier(password), limit, backups))
