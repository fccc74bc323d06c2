"""Backups, alarms and log routes, which every deployment of Kotauth needs beside its server.

The rules for Docker are advisory: a host's backup, monitoring and log collection are often not part of any stack.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...engine.resource import Resource, Stack
from ...engine.rule import Area, Level, References, Settings, Severity
from ...engine.verdict import Verdict, fail
from ...readers.aws.resources import (
    ALARMS,
    BACKUP_PLAN,
    DATABASE_CLUSTER,
    DATABASE_INSTANCE,
    HOSTS,
    LOG_GROUP,
    SNAPSHOT_POLICY,
    is_made_here,
)
from ...readers.docker.containers import CARRYING_DRIVERS, containers_in
from ...readers.docker.log_route import is_sent
from ...readers.docker.mounts import volumes_of
from ...readers.docker.networks import reaches_database
from ...readers.docker.parts import (
    ALARM,
    BACKUP,
    BACKUP_DUMP,
    BACKUP_STORE,
    DATABASE,
    LOGS,
    part,
    parts_in,
    runs_server,
)
from ...readers.docker.resources import CONTAINER
from ...readers.hosts.user_data import program_of, property_of
from ...readers.kotauth.server import is_server

AREA = Area("presence")
_BACKED_UP = (DATABASE_INSTANCE, DATABASE_CLUSTER, BACKUP_PLAN, SNAPSHOT_POLICY)
"""A database that AWS backs up, and what makes copies of a host's disks."""


@AREA.rule(
    "have-backups",
    Severity.CRITICAL,
    "Back up the database of Kotauth.",
    remedy="Use an `aws.rds.Instance` as the database. If the database stays on the host, back up the host's volume "
    "with an `aws.backup.Plan` or an `aws.dlm.LifecyclePolicy`.",
    types=HOSTS,
    when=runs_server,
    references=References(hub=("RDS.11",), checklist=(11,)),
)
def have_backups(host: Resource, _: Settings) -> Iterator[Verdict]:
    """RDS makes backups; a database on an EC2 host has none by default.

    The rule `back-up-database` evaluates the retention of RDS, and `complete-stack` evaluates a missing database.
    """
    stack = host.in_stack()
    if parts_in(stack, DATABASE) and not stack.of_type(*_BACKED_UP):
        yield fail("", "runs Kotauth with a database that has no backup")


@AREA.rule(
    "have-alarms",
    Severity.HIGH,
    "Define an alarm for the Kotauth server.",
    remedy="Add an `aws.cloudwatch.MetricAlarm` on the server's errors or its health.",
    types=HOSTS,
    when=runs_server,
    references=References(checklist=(12,)),
)
def have_alarms(host: Resource, _: Settings) -> Iterator[Verdict]:
    """Without an alarm, users who can't log in are the first to notice an outage."""
    if not host.in_stack().of_type(*ALARMS):
        yield fail("", "runs Kotauth in a stack without an alarm")


@AREA.rule(
    "have-log-route",
    Severity.HIGH,
    "Send the logs of Kotauth to a system outside its host.",
    remedy="Write the name of an `aws.cloudwatch.LogGroup` of the stack into the user data, or start containers with "
    "`--log-driver awslogs`.",
    types=HOSTS,
    when=runs_server,
    references=References(checklist=(12,)),
)
def have_log_route(host: Resource, _: Settings) -> Iterator[Verdict]:
    """A replaced host loses its journal."""
    named = program_of(host).plan.log_group in host.in_stack().named(LOG_GROUP)
    drivers = [container.get("logDriver").text() for container in containers_in(host)]
    if not named and not is_made_here(host, property_of(host).path, LOG_GROUP) and "awslogs" not in drivers:
        yield fail("", "runs Kotauth and sends its logs to no other system")


@AREA.rule(
    "have-backups-on-docker",
    Severity.CRITICAL,
    "Back up the database of Kotauth on a Docker host.",
    level=Level.ADVISORY,
    remedy="Use `DockerBackups`; in a stack of this repository, set `backups` to true. A container of your own counts "
    'if it has the label `kotauth.part` "backup" and a network or a volume of the database. If a system outside the '
    "stack backs up the host, waive this rule.",
    types=(CONTAINER,),
    nested=False,
    when=is_server,
    references=References(checklist=(11,)),
)
def have_backups_on_docker(server: Resource, _: Settings) -> Iterator[Verdict]:
    """A database of another stack or of AWS is backed up there.

    A container that dumps needs another one that takes its dumps from a volume.
    """
    stack = server.in_stack()
    if parts_in(stack, DATABASE) and not stack.of_type(BACKUP_PLAN, SNAPSHOT_POLICY) and not _backups(stack):
        yield fail("", "runs with a database that has no backup")


def _backups(stack: Stack) -> bool:
    """Whether a container reads the database, over a network or on its volume, and stores what it read."""
    data = {volume for database in parts_in(stack, DATABASE) for volume in volumes_of(database)}
    stored = {volume for store in parts_in(stack, BACKUP_STORE) for volume in volumes_of(store)}
    for backup in parts_in(stack, BACKUP, BACKUP_DUMP, BACKUP_STORE):
        volumes = volumes_of(backup)
        if not (reaches_database(backup) or volumes & data):
            continue
        if part(backup) != BACKUP_DUMP or volumes & stored:
            return True
    return False


@AREA.rule(
    "have-alarms-on-docker",
    Severity.HIGH,
    "Define an alarm for Kotauth on a Docker host.",
    level=Level.ADVISORY,
    remedy='Run a monitoring container with the label `kotauth.part` "alarm". If a system outside the stack probes '
    "`/health/ready`, waive this rule.",
    types=(CONTAINER,),
    nested=False,
    when=is_server,
    references=References(checklist=(12,)),
)
def have_alarms_on_docker(server: Resource, _: Settings) -> Iterator[Verdict]:
    """Without an alarm, users who can't log in are the first to notice an outage."""
    stack = server.in_stack()
    if not parts_in(stack, ALARM) and not stack.of_type(*ALARMS):
        yield fail("", "runs in a stack without an alarm")


@AREA.rule(
    "have-log-route-on-docker",
    Severity.HIGH,
    "Send the logs of Kotauth to a system outside its Docker host.",
    level=Level.ADVISORY,
    remedy="Set `logs` of `DockerDeployment`, or `log_driver` to a driver that sends the logs to another system. If "
    'another container sends the logs, set its label `kotauth.part` to "logs".',
    types=(CONTAINER,),
    nested=False,
    when=is_server,
    references=References(checklist=(12,)),
)
def have_log_route_on_docker(server: Resource, _: Settings) -> Iterator[Verdict]:
    """Log files of limited size lose old lines, and a broken host loses all of them."""
    carried = server.get("logDriver").text() in CARRYING_DRIVERS
    if not carried and not parts_in(server.in_stack(), LOGS) and not is_sent(server):
        yield fail("logDriver", "keeps the logs on the host")
