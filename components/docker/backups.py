"""The backups of a database on a Docker host.

One container reaches the database, and one the repository, with a spool between them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NotRequired, TypedDict

import pulumi
import pulumi_random as random

from ..backups import dump, store
from ..backups.known_hosts import parse_known_hosts
from ..backups.repository import (
    DEFAULT_REPOSITORY,
    Repository,
    access_problems,
    credentials_rule,
    parse_repository,
    secret_files,
)
from ..backups.schedule import (
    DEFAULT_SCHEDULE,
    KEEP_DAILY,
    KEEP_MONTHLY,
    KEEP_WEEKLY,
    parse_keep_daily,
    parse_keep_monthly,
    parse_keep_weekly,
    parse_schedule,
)
from ..inputs.declaration import Problem, derived, optional, own_name, together, value
from ..inputs.image import Image
from ..inputs.parsing import parse_args
from ..inputs.resource_name import parse_docker_name
from ..kotauth.database import DatabaseConnection
from ..kotauth.server import DEFAULT_IMAGE as DEFAULT_SERVER_IMAGE
from ..postgres.limits import parse_database_name
from ..postgres.role import BACKUP_LOGIN, OWNER
from ..postgres.server import DEFAULT_VERSION, IMAGES
from ..postgres.server import parse_image as parse_database_image
from ..schema.outputs import declared_outputs
from ..schema.tokens import token
from .container import DockerContainer, NetworkAttachment
from .database import HOST
from .network import NETWORK_LABEL, DockerNetwork


@dataclass(frozen=True, kw_only=True)
class _BackupInputs:
    name: str = own_name(parse_docker_name)
    stack: str = value()
    network: pulumi.Input[str] = value()
    login_password: pulumi.Input[str] = value(secret=True)
    server_image: str = value(default=DEFAULT_SERVER_IMAGE)
    host: pulumi.Input[str] = value(default=HOST)
    database: str = value(parse_database_name, default=OWNER)
    repository: Repository = value(parse_repository, default=DEFAULT_REPOSITORY)
    credentials: pulumi.Input[str] | None = derived(
        None, lambda _: None, rule_from=lambda made: credentials_rule(made.repository), secret=True
    )
    known_hosts: str | None = optional(parse_known_hosts)
    schedule: list[str] = value(parse_schedule, default=DEFAULT_SCHEDULE)
    keep_daily: int = value(parse_keep_daily, default=KEEP_DAILY)
    keep_weekly: int = value(parse_keep_weekly, default=KEEP_WEEKLY)
    keep_monthly: int = value(parse_keep_monthly, default=KEEP_MONTHLY)
    image: Image = value(store.parse_image, default=store.parse_image(store.DEFAULT_IMAGE))
    database_image: Image = value(parse_database_image, default=parse_database_image(IMAGES[DEFAULT_VERSION]))
    labels: Mapping[str, pulumi.Input[str]] = value(default={})
    container_labels: Mapping[str, pulumi.Input[str]] = value(default={})

    @together
    def check_repository(self) -> Iterator[Problem]:
        """Check that what the kind of repository needs is there, and nothing else."""
        for field, given, rule in access_problems(self.repository, self.credentials, self.known_hosts):
            yield Problem(field, given, rule)


class DockerBackupsArgs(TypedDict):
    """Inputs of `DockerBackups`."""

    stack: str
    """Name by which the repository knows the backups of this database."""
    network: pulumi.Input[str]
    """Name of the database's network."""
    login_password: pulumi.Input[str]
    """Password of `kotauth_backup`, as `DockerDatabaseRole` has it."""
    server_image: NotRequired[str]
    """Image of Kotauth, which a backup names as its version. Default the default image of Kotauth."""
    host: NotRequired[pulumi.Input[str]]
    """Name of the database server on the network, known once the login works. Default `postgres`."""
    database: NotRequired[str]
    """Name of the database. Default `kotauth`."""
    repository: NotRequired[str]
    """`volume`, `s3:HOST/BUCKET/FOLDER` or `sftp:USER@HOST:/FOLDER`. Default a volume of its own, which outlives the
    stack."""
    credentials: NotRequired[pulumi.Input[str]]
    """Access to the repository: ACCESS_KEY_ID:SECRET_ACCESS_KEY, or the text of a private key. Required without a
    volume."""
    known_hosts: NotRequired[str]
    """Lines of known_hosts for the host of an SFTP repository."""
    schedule: NotRequired[list[str]]
    """Times of day in UTC. Default 03:30."""
    keep_daily: NotRequired[int]
    """Number of days of which the newest backup is kept. Default 7."""
    keep_weekly: NotRequired[int]
    """Number of weeks of which the newest backup is kept. Default 5."""
    keep_monthly: NotRequired[int]
    """Number of months of which the newest backup is kept. Default 12."""
    image: NotRequired[str]
    """Image of restic with an exact tag. Default the official image."""
    database_image: NotRequired[str]
    """Image with `pg_dump` of the database's version. Default the official PostgreSQL 14."""
    labels: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Labels for every child."""
    container_labels: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Labels for the two containers alone."""


class DockerBackups(pulumi.ComponentResource):
    """Scheduled dumps of the database in an encrypted repository."""

    repository_password: pulumi.Output[str]
    """Password of the repository (secret). Without it, no backup can be read."""
    repository: pulumi.Output[str]
    """Where the repository is: its address, or `volume:` and the name of the volume."""

    def __init__(self, name: str, args: DockerBackupsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Make the containers, and a network for the one that reaches a repository elsewhere."""
        inputs = parse_args(_BackupInputs, DockerBackupsArgs, name, args)
        repository, labels = inputs.repository, inputs.labels
        super().__init__(
            token("DockerBackups"), name, {"repository": str(repository), "schedule": inputs.schedule}, opts
        )
        child = pulumi.ResourceOptions(parent=self)
        files_image = inputs.database_image.reference

        # Protected like the backups: without the password they can't be read.
        self.repository_password = random.RandomPassword(
            f"{name}-repository-password",
            length=48,
            special=False,
            opts=pulumi.ResourceOptions(parent=self, protect=True),
        ).result
        dumps = DockerContainer(
            f"{name}-dump",
            {
                "spec": dump.dump(
                    stack=inputs.stack,
                    database=DatabaseConnection(inputs.host, inputs.database, BACKUP_LOGIN, files_image),
                    schedule=inputs.schedule,
                    server_image=inputs.server_image,
                ),
                "secrets": {dump.PASSWORD_FILE: inputs.login_password},
                "networks": [{"name": inputs.network}],
                "files_image": files_image,
                "labels": labels,
                "container_labels": inputs.container_labels,
            },
            child,
        )
        stores = DockerContainer(
            f"{name}-store",
            {
                "spec": store.store(
                    stack=inputs.stack,
                    image=inputs.image.reference,
                    repository=repository,
                    known_hosts=inputs.known_hosts or "",
                    schedule=inputs.schedule,
                    retention=store.Retention(inputs.keep_daily, inputs.keep_weekly, inputs.keep_monthly),
                ),
                "secrets": {
                    store.PASSWORD_FILE: self.repository_password,
                    **secret_files(repository, inputs.credentials),
                },
                "shared_volumes": {f"{dump.PART}/{dump.SPOOL_VOLUME}": dumps.volumes[dump.SPOOL_VOLUME]},
                "networks": _networks(name, repository, labels, child),
                "files_image": files_image,
                "labels": labels,
                "container_labels": inputs.container_labels,
            },
            child,
        )
        self.repository = stores.volumes.apply(
            lambda volumes: str(repository) if repository.is_remote else f"volume:{volumes[store.REPOSITORY_VOLUME]}"
        )
        self.register_outputs(declared_outputs(self, DockerBackups))


def _networks(
    name: str, repository: Repository, labels: Mapping[str, pulumi.Input[str]], opts: pulumi.ResourceOptions
) -> list[NetworkAttachment]:
    """Return the network by which a repository elsewhere is reached; none for a volume."""
    if not repository.is_remote:
        return []
    network = DockerNetwork(f"{name}-network", {"internal": False, "labels": {**labels, NETWORK_LABEL: "backup"}}, opts)
    return [{"name": network.network_name}]
