"""What a deployment of Kotauth must have beside its server: what is missing breaks no other rule.

On Docker it is advice: who backs a host up, watches it and reads its logs is often no resource of any stack.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...engine.resource import Resource
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
from ...readers.docker.parts import ALARM, BACKUP, DATABASE, LOGS, parts_in, runs_server
from ...readers.docker.resources import CONTAINER
from ...readers.hosts.user_data import program_of, property_of
from ...readers.kotauth.server import is_server

AREA = Area("presence")
_BACKED_UP = (DATABASE_INSTANCE, DATABASE_CLUSTER, BACKUP_PLAN, SNAPSHOT_POLICY)
"""A database that AWS backs up, and what makes copies of a host's disks."""


@AREA.rule(
    "have-backups",
    Severity.CRITICAL,
    "Back up the data of Kotauth.",
    remedy="Let RDS run the database (`aws.rds.Instance`), or add an `aws.backup.Plan` or an "
    "`aws.dlm.LifecyclePolicy` for the host's volume.",
    types=HOSTS,
    when=runs_server,
    references=References(hub=("RDS.11",), checklist=(11,)),
)
def have_backups(host: Resource, _: Settings) -> Iterator[Verdict]:
    """RDS keeps backups, and for how many days is another rule's business; a database on a host of one's own has none.

    That there is no database at all is said elsewhere, too.
    """
    stack = host.in_stack()
    if parts_in(stack, DATABASE) and not stack.of_type(*_BACKED_UP):
        yield fail("", "runs Kotauth with a database that nothing backs up")


@AREA.rule(
    "have-alarms",
    Severity.HIGH,
    "Raise an alarm when Kotauth is in trouble.",
    remedy="Add an `aws.cloudwatch.MetricAlarm` on the server's errors or its health.",
    types=HOSTS,
    when=runs_server,
    references=References(checklist=(12,)),
)
def have_alarms(host: Resource, _: Settings) -> Iterator[Verdict]:
    """Else the first to know are those who can't log in."""
    if not host.in_stack().of_type(*ALARMS):
        yield fail("", "runs Kotauth in a stack without an alarm")


@AREA.rule(
    "have-log-route",
    Severity.HIGH,
    "Carry the logs of Kotauth off its host.",
    remedy="Name an `aws.cloudwatch.LogGroup` of the stack in the user data, or use the log driver awslogs.",
    types=HOSTS,
    when=runs_server,
    references=References(checklist=(12,)),
)
def have_log_route(host: Resource, _: Settings) -> Iterator[Verdict]:
    """A host that is replaced takes its journal along."""
    named = program_of(host).plan.log_group in host.in_stack().named(LOG_GROUP)
    drivers = [container.get("logDriver").text() for container in containers_in(host)]
    if not named and not is_made_here(host, property_of(host).path, LOG_GROUP) and "awslogs" not in drivers:
        yield fail("", "runs Kotauth and carries its logs nowhere")


@AREA.rule(
    "have-backups-on-docker",
    Severity.CRITICAL,
    "Back up the database of Kotauth on a Docker host.",
    level=Level.ADVISORY,
    remedy='Run a container that does it, with the label `kotauth.part` "backup"; waive this where the host is backed '
    "up from outside.",
    types=(CONTAINER,),
    nested=False,
    when=is_server,
    references=References(checklist=(11,)),
)
def have_backups_on_docker(server: Resource, _: Settings) -> Iterator[Verdict]:
    """A database that another stack or AWS runs is backed up there."""
    stack = server.in_stack()
    if parts_in(stack, DATABASE) and not parts_in(stack, BACKUP) and not stack.of_type(BACKUP_PLAN, SNAPSHOT_POLICY):
        yield fail("", "runs beside a database that nothing backs up")


@AREA.rule(
    "have-alarms-on-docker",
    Severity.HIGH,
    "Raise an alarm when Kotauth on a Docker host is in trouble.",
    level=Level.ADVISORY,
    remedy='Run a container that watches it, with the label `kotauth.part` "alarm"; waive this where something '
    "outside asks `/health/ready`.",
    types=(CONTAINER,),
    nested=False,
    when=is_server,
    references=References(checklist=(12,)),
)
def have_alarms_on_docker(server: Resource, _: Settings) -> Iterator[Verdict]:
    """Else the first to know are those who can't log in."""
    stack = server.in_stack()
    if not parts_in(stack, ALARM) and not stack.of_type(*ALARMS):
        yield fail("", "runs in a stack without an alarm")


@AREA.rule(
    "have-log-route-on-docker",
    Severity.HIGH,
    "Carry the logs of Kotauth off its Docker host.",
    level=Level.ADVISORY,
    remedy='Set `log_driver` to one that sends them, such as "syslog" or "loki", or run a container that does, with '
    'the label `kotauth.part` "logs".',
    types=(CONTAINER,),
    nested=False,
    when=is_server,
    references=References(checklist=(12,)),
)
def have_log_route_on_docker(server: Resource, _: Settings) -> Iterator[Verdict]:
    """Bounded files forget, and a broken host takes them along."""
    if not parts_in(server.in_stack(), LOGS) and server.get("logDriver").text() not in CARRYING_DRIVERS:
        yield fail("logDriver", "keeps the logs on the host")
