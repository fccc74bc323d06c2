"""Backups on a Docker host: where they are stored, and what the containers that make them can reach."""

from __future__ import annotations

from collections.abc import Iterator

from ...engine.resource import Resource, Stack
from ...engine.rule import Area, References, Settings, Severity
from ...engine.verdict import Verdict, fail
from ...readers.aws.resources import DEFAULT_ADMINISTRATORS
from ...readers.docker.containers import options
from ...readers.docker.mounts import volumes_of
from ...readers.docker.networks import reaches_database
from ...readers.docker.parts import BACKUP_DUMP, BACKUP_STORE, DATABASE, SERVER, is_part, parts_in
from ...readers.docker.resources import CONTAINER
from ...readers.kotauth.server import setting, variables

AREA = Area("backups")
_REPOSITORY = "RESTIC_REPOSITORY"
_IN_CLEAR = ("s3:http://", "rest:http://", "swift:http://", "--insecure-no-password", "--insecure-tls")
_LOGIN = "PGUSER"
_LOGINS_OF_SERVERS = ("kotauth_a", "kotauth_b")
"""A rotation of the password changes from one to the other, and both may write."""
_LOGINS_OF_OTHERS = ("DB_USER", "ADMINISTRATOR", "POSTGRES_USER")


@AREA.rule(
    "encrypt-backup-repository",
    Severity.CRITICAL,
    "Encrypt the backups, and the connection to their repository.",
    remedy="Set `RESTIC_REPOSITORY` in `envs` to a folder, or to an address with sftp or https. Remove "
    "`--insecure-no-password` and `--insecure-tls` from `command`.",
    types=(CONTAINER,),
    nested=False,
    when=is_part(BACKUP_STORE),
    references=References(checklist=(11,)),
)
def encrypt_backup_repository(store: Resource, _: Settings) -> Iterator[Verdict]:
    """A backup holds all accounts. restic encrypts each repository that has a password."""
    if not setting(store, _REPOSITORY):
        yield fail("envs", f"does not set {_REPOSITORY}")
    for option in options(store):
        text = (option.text() or "").lower()
        for in_clear in _IN_CLEAR:
            if in_clear in text:
                yield fail(option.path, f"contains {in_clear}")


@AREA.rule(
    "store-backups-apart",
    Severity.CRITICAL,
    "Do not mount volumes of the database in the containers that make backups.",
    remedy="Dump the database over its network, and store the dumps in a `docker.Volume` of their own, or better on "
    "another host.",
    types=(CONTAINER,),
    nested=False,
    when=is_part(BACKUP_DUMP, BACKUP_STORE),
    references=References(checklist=(11,)),
)
def store_backups_apart(backup: Resource, _: Settings) -> Iterator[Verdict]:
    """Whatever destroys such a volume would destroy the data and the backups.

    A copy of the files of a running PostgreSQL can't be restored, either.
    """
    if volumes_of(backup) & backup.in_stack().once(_volumes_of_databases):
        yield fail("volumes", "contains a volume of the database")


def _volumes_of_databases(stack: Stack) -> set[str]:
    return {volume for database in parts_in(stack, DATABASE) for volume in volumes_of(database)}


@AREA.rule(
    "dump-with-own-login",
    Severity.HIGH,
    "Dump the database with a login that can only read.",
    remedy="Set `PGUSER` in `envs` to `kotauth_backup`, which `DockerDatabaseRole` creates with its input "
    "`backup_password`.",
    types=(CONTAINER,),
    nested=False,
    when=is_part(BACKUP_DUMP),
    references=References(checklist=(9, 11)),
)
def dump_with_own_login(dump: Resource, _: Settings) -> Iterator[Verdict]:
    """The container that dumps needs neither the rights of the server nor those of the administrator."""
    login = setting(dump, _LOGIN)
    if not login:
        yield fail("envs", f"does not set {_LOGIN}")
        return
    if login in DEFAULT_ADMINISTRATORS or login in _LOGINS_OF_SERVERS:
        yield fail("envs", f"sets {_LOGIN} to {login}, which can write")
    for container in parts_in(dump.in_stack(), SERVER, DATABASE):
        # Only what is known: other rules ask for the server's login.
        if any(each.name in _LOGINS_OF_OTHERS and each.text == login for each in variables(container)):
            yield fail("envs", f"sets {_LOGIN} to the login of {container.name}")


@AREA.rule(
    "separate-backup-store-from-database",
    Severity.HIGH,
    "Do not connect the container that stores backups to a network of the database.",
    remedy="Connect the container to a network of its own, or to none if the repository is a volume. It gets the "
    "dumps by a volume that it shares with the container that dumps.",
    types=(CONTAINER,),
    nested=False,
    when=is_part(BACKUP_STORE),
    references=References(checklist=(2, 11)),
)
def separate_backup_store_from_database(store: Resource, _: Settings) -> Iterator[Verdict]:
    """The container that reaches another host must not reach the database."""
    for network in reaches_database(store):
        yield fail("networksAdvanced", f"contains the network {network.name}, which the database is connected to")
