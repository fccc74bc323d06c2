"""The settings of backups. A target whose database makes no backups by itself inherits them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pulumi

from ..backups import schedule, store
from ..backups.known_hosts import parse_known_hosts
from ..backups.repository import (
    DEFAULT_REPOSITORY,
    Repository,
    access_problems,
    credentials_rule,
    parse_repository,
)
from ..inputs.choice import true_or_false
from ..inputs.declaration import Problem, together
from ..inputs.image import Image
from .declaration import setting
from .server import ServerSettings


@dataclass(frozen=True, kw_only=True)
class BackupSettings:
    """When the database is backed up, and where to."""

    server: ServerSettings

    backups: bool = setting(
        true_or_false,
        default_from=lambda made: made.server.environment == "production",
        about="Whether the database is dumped on schedule, into an encrypted repository.",
        empty="true if {environment} is production, otherwise false",
    )
    backup_repository: Repository = setting(
        parse_repository,
        default=DEFAULT_REPOSITORY,
        about="Repository of the backups: volume (a volume of its own on the Docker host), or the address of a bucket "
        "or of a folder on another host. A volume on the same host doesn't survive the loss of the host.",
        empty="volume",
        allowed="volume, s3:HOST/BUCKET/FOLDER or sftp:USER@HOST:/FOLDER",
    )
    backup_schedule: list[str] = setting(
        schedule.parse_schedule,
        default=schedule.DEFAULT_SCHEDULE,
        about="Times of day in UTC at which the database is dumped, such as 03:30,15:30.",
        empty="03:30",
    )
    backup_keep_daily: int = setting(
        schedule.parse_keep_daily,
        default=schedule.KEEP_DAILY,
        about="Number of days of which the newest backup is kept.",
    )
    backup_keep_weekly: int = setting(
        schedule.parse_keep_weekly,
        default=schedule.KEEP_WEEKLY,
        about="Number of weeks of which the newest backup is kept.",
    )
    backup_keep_monthly: int = setting(
        schedule.parse_keep_monthly,
        default=schedule.KEEP_MONTHLY,
        about="Number of months of which the newest backup is kept.",
    )
    backup_credentials: pulumi.Input[str] | None = setting(
        rule_from=lambda made: credentials_rule(made.backup_repository),
        default=None,
        secret=True,
        about="Access to the repository: for a bucket ACCESS_KEY_ID:SECRET_ACCESS_KEY, for SFTP the text of a private "
        "key without a passphrase. Set it with `pulumi config set --secret`. Required if {backup_repository} is not "
        "volume.",
        allowed="an access key or a private key",
    )
    backup_known_hosts: str | None = setting(
        parse_known_hosts,
        default=None,
        about="Lines of known_hosts by which ssh recognizes the host of an SFTP repository. Required for sftp, and "
        "only allowed there.",
    )
    backup_image: Image = setting(
        store.parse_image,
        default=store.parse_image(store.DEFAULT_IMAGE),
        about="Image of restic with an exact tag.",
    )

    @together
    def check_backup_repository(self) -> Iterator[Problem]:
        """Check that what the kind of repository needs is there, and nothing else."""
        repository = self.backup_repository
        for field, given, rule in access_problems(repository, self.backup_credentials, self.backup_known_hosts):
            yield Problem(f"backup_{field}", given, rule.replace("{repository}", "{backup_repository}"))
        if not repository.is_encrypted_on_the_way and self.server.environment == "production":
            rule = (
                "must not be http in {environment} production: the access key's requests would be readable; use https"
            )
            yield Problem("backup_repository", repository.address, rule)
