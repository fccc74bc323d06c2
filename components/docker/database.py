"""PostgreSQL on a Docker host, and the application's role in it."""

from pathlib import Path
from typing import NotRequired, TypedDict

import pulumi
import pulumi_random as random

from ..inputs.reader import Inputs, number, whole_number
from ..postgres.limits import POOL_SIZE, parse_database_name, parse_fingerprint, parse_password_version, parse_pool_size
from ..postgres.role import OWNER, connection_limit, login_name, role_script, role_settings, scram_verifier
from ..postgres.server import ADMINISTRATOR, DEFAULT_VERSION, IMAGES, USER, database_server, parse_image
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


class DockerDatabaseArgs(TypedDict):
    """Inputs of `DockerDatabase`."""

    network: pulumi.Input[str]
    """Name of an internal network."""
    image: NotRequired[str]
    """PostgreSQL 14 or newer, a Debian variant. Default the official 14."""
    memory: NotRequired[int]
    """Limit in MB. Default 512, a quarter of it for shared buffers."""
    cpus: NotRequired[float]
    """Limit in processors. Default 1."""
    database: NotRequired[str]
    """Name of the database. Default `kotauth`."""
    labels: NotRequired[dict[str, str]]
    """Labels for every child."""


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
        inputs = Inputs.of(DockerDatabaseArgs, name, args)
        image = inputs.take("image", parse_image, parse_image(IMAGES[DEFAULT_VERSION])).reference
        memory = inputs.take("memory", whole_number("memory in MB", 128, 1 << 20), _DEFAULT_MEMORY_MB)
        cpus = inputs.take("cpus", number("processors", 0.1, 256), 1.0)
        database = inputs.take("database", parse_database_name, OWNER)
        inputs.finish()
        super().__init__(token("DockerDatabase"), name, {"image": image, "database": database}, opts)

        # Protected like the data: without it nobody may change a role again.
        password = random.RandomPassword(
            f"{name}-administrator-password",
            length=48,
            special=False,
            opts=pulumi.ResourceOptions(parent=self, protect=True),
        ).result
        server = DockerContainer(
            name,
            {
                "spec": database_server(image=image, memory=memory, cpus=cpus, database=database),
                "secrets": {"administrator_password": password},
                "networks": [{"name": args["network"], "alias": HOST}],
                "labels": args.get("labels", {}),
            },
            pulumi.ResourceOptions(parent=self),
        )
        self.host = server.container_name.apply(lambda _: HOST)
        self.database = pulumi.Output.from_input(database)
        self.administrator_password = password
        self.register_outputs(
            {"host": self.host, "database": self.database, "administrator_password": self.administrator_password}
        )


class DockerDatabaseRoleArgs(TypedDict):
    """Inputs of `DockerDatabaseRole`."""

    network: pulumi.Input[str]
    """Name of the database's network."""
    administrator_password: pulumi.Input[str]
    """Password of the administrator."""
    password: pulumi.Input[str]
    """Password of the login. Only its SCRAM verifier reaches the database server."""
    administrator: NotRequired[str]
    """Role that makes the others; needn't be a superuser. Default `kotauth_admin`."""
    host: NotRequired[pulumi.Input[str]]
    """Name of the server on the network. Default `postgres`."""
    database: NotRequired[str]
    """Name of the database. Default `kotauth`."""
    password_version: NotRequired[int]
    """Two logins take turns, chosen by this number: a rotation leaves the old one its password. Default 1."""
    pool_size: NotRequired[int]
    """Connections of one server. Default 10."""
    secret_key_fingerprint: NotRequired[pulumi.Input[str]]
    """Fingerprint of the server's secret key, from `KotauthCredentials`. Stored while the database holds no table; the
    key guard compares with it. By default only the audit log tells of a wrong key."""
    image: NotRequired[str]
    """Image with `psql`. Default the official PostgreSQL 14."""
    labels: NotRequired[dict[str, str]]
    """Labels for every child."""


class DockerDatabaseRole(pulumi.ComponentResource):
    """The owner of the application's schema, who can't log in, and a login that acts as it."""

    user: pulumi.Output[str]
    """Name of the login, known once it can be used."""

    def __init__(self, name: str, args: DockerDatabaseRoleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Apply `role.sql`."""
        secrets = ["administrator_password", "password", "secret_key_fingerprint"]
        inputs = Inputs.of(DockerDatabaseRoleArgs, name, args, secrets=secrets)
        login = login_name(inputs.take("password_version", parse_password_version, 1))
        limit = connection_limit(inputs.take("pool_size", parse_pool_size, POOL_SIZE))
        database = inputs.take("database", parse_database_name, OWNER)
        fingerprint = inputs.optional("secret_key_fingerprint", parse_fingerprint)
        inputs.finish()
        image = args.get("image", IMAGES[DEFAULT_VERSION])
        labels = args.get("labels", {})
        super().__init__(token("DockerDatabaseRole"), name, {"login": login, "connection_limit": limit}, opts)
        child = pulumi.ResourceOptions(parent=self)

        script = pulumi.Output.secret(args["password"]).apply(
            lambda password: role_script(role_settings(login, scram_verifier(password), limit))
        )
        files = DockerFiles(
            f"{name}-files",
            {
                "image": image,
                "files": {"administrator_password": args["administrator_password"], "role.sql": script},
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
                    "PGHOST": args.get("host", HOST),
                    "PGDATABASE": database,
                    "PGUSER": args.get("administrator", ADMINISTRATOR),
                },
                mounts=mounts,
                networks=[Attachment(args["network"])],
                tmpfs=["/tmp"],  # noqa: S108 - the container's own
                labels=labels,
            ),
            child,
        )
        self.user = job.urn.apply(lambda _: login)
        self.register_outputs({"user": self.user})
