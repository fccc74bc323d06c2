"""The alarms as data: metric, threshold, and the meaning of missing data.

A threshold that can be set is also an input in `observability.py`; a count of log lines has its filter in
`log_metrics.py`.

The default thresholds are for one server of the smallest size. A comment gives the reason for a default that is not
obvious.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from ...inputs.number import number, whole_number
from .log_metrics import LOGS

OK, ALARM, KEEP, NO_DATA = "notBreaching", "breaching", "ignore", "missing"
"""Treatments of missing data: as good, as bad, as no change, or as a state of its own ("insufficient data")."""


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """One alarm. By default it is raised when the sum over five minutes reaches the threshold."""

    key: str
    """Name of its threshold."""
    says: str
    """Text of the mail: what is wrong, and its causes or consequences."""
    subject: str
    """Watched resource: a key of the dimensions."""
    namespace: str
    metric: str
    default: float
    parse: Callable[[object], float] | None = None
    """Rule for a threshold that can be set; None for a fixed threshold."""
    statistic: str = "Sum"
    below: bool = False
    """Whether the alarm is raised below the threshold, instead of at or above it."""
    period_seconds: int = 300
    periods: int = 1
    no_data: str = OK
    unit: float = 1
    """Factor that converts the threshold into the metric's unit."""

    @property
    def rule(self) -> Callable[[object], float]:
        """The rule of a threshold that can be set; raises ``TypeError`` for one that can't."""
        if self.parse is None:
            raise TypeError(f"the threshold of {self.key} is fixed")
        return self.parse


def _lines(what: str) -> Callable[[object], float]:
    parse = whole_number(f"{what} in 5 minutes", 1, 10**6)
    # A float, as every threshold that is given: the dashboard's text shows the difference.
    return lambda raw: float(parse(raw))


_count = number("a count in five minutes", 1, 10**6)
_of_log = partial(Alarm, subject=LOGS, namespace=LOGS)
_of_balancer = partial(Alarm, subject="load_balancer", namespace="AWS/ApplicationELB")
_of_targets = partial(Alarm, subject="targets", namespace="AWS/ApplicationELB")
_of_function = partial(Alarm, namespace="AWS/Lambda", metric="Errors", default=1)
# Credits of burstable types; other types have no such metric. A credit is a minute of one processor.
_of_credits = partial(Alarm, metric="CPUSurplusCreditBalance", statistic="Maximum", periods=3, default=100)
# A failover of the database leaves a gap, which says nothing either way; the hosts' alarms see its effect.
_of_database = partial(Alarm, subject="database", namespace="AWS/RDS", periods=3, no_data=NO_DATA)

ALARMS = (
    _of_log(
        key="errors",
        says="The server logs errors that no client causes.",
        metric="errors",
        default=5,  # a mail that can't be delivered is one or two; an audit row or the database is one for each request
        parse=_lines("error lines"),
    ),
    _of_log(
        key="failed_logins",
        says="Many logins fail. Causes: guessed passwords, or an application with an old password.",
        metric="failed_logins",
        default=50,  # Kotauth lets one address try 25 times in a workspace: two such, or a hundred people on Monday
        parse=_lines("failed logins"),
    ),
    _of_log(
        key="host_failures",
        says="A host could not start, was given up, or refused a certificate. The host's log names the failed step.",
        metric="host_failures",
        default=1,  # it tried for a long time before it said so
        parse=_count,
    ),
    _of_log(
        key="readiness_lost",
        says="Logins have failed for three minutes or more. The host's log names the part that does not answer.",
        metric="readiness_lost",
        default=1,  # the host repeats the line every three minutes, so the alarm stays until it is ready again
    ),
    _of_balancer(
        key="load_balancer_errors",
        says="The load balancer itself returns 5xx: there is no host, or no host answers in time.",
        metric="HTTPCode_ELB_5XX_Count",
        default=10,  # a client that goes away in the middle is counted too, now and then
        parse=_count,
    ),
    _of_targets(
        key="server_errors",
        says="The server returns 5xx.",
        metric="HTTPCode_Target_5XX_Count",
        default=10,  # a failover of the database takes about a minute, and a user or two meets it
        parse=_count,
    ),
    _of_targets(
        key="latency_seconds",
        says="The slowest 1 % of responses take too long.",
        metric="TargetResponseTime",
        statistic="p99",
        periods=3,
        default=2,  # a login is 0.3 s of work (bcrypt), and five at once share one processor
        parse=number("seconds", 0.1, 60),
    ),
    _of_targets(
        key="unhealthy_hosts",
        says="A host has not been healthy for ten minutes.",
        metric="UnHealthyHostCount",
        statistic="Maximum",
        period_seconds=60,
        periods=10,  # a new host is unhealthy while it boots and migrates
        default=1,
    ),
    _of_targets(
        key="healthy_hosts",
        says="No host is healthy, so no user can log in.",
        metric="HealthyHostCount",
        statistic="Maximum",  # of the load balancer's nodes: one that reaches a host serves
        below=True,
        period_seconds=60,
        periods=3,
        no_data=ALARM,  # the metric ends with the last target
        default=1,
    ),
    Alarm(
        key="certificate_days",
        says="The certificate expires soon. ACM could not renew it, or an imported certificate was not replaced.",
        subject="certificate",
        namespace="AWS/CertificateManager",
        metric="DaysToExpiry",
        statistic="Minimum",
        below=True,
        period_seconds=86400,
        no_data=KEEP,  # it comes about once a day, not always in the same hour
        default=30,  # ACM begins to renew 60 days before: by then it has failed for a month
        parse=number("days", 1, 365),
    ),
    _of_database(
        key="database_cpu_percent",
        says="The database's processors are busy.",
        metric="CPUUtilization",
        statistic="Average",
        default=80,  # a quarter of an hour of it: more than a backup or a vacuum
        parse=number("percent", 1, 100),
    ),
    _of_database(
        key="database_storage_gb",
        says="The database's storage fills up and did not grow. Check whether it has reached its limit.",
        metric="FreeStorageSpace",
        statistic="Minimum",
        below=True,
        unit=1024**3,
        default=1,  # RDS lets it grow at a tenth, 2 of the first 20 GB
        parse=number("GB", 0.1, 65536),
    ),
    _of_database(
        key="database_memory_mb",
        says="The database has little memory left.",
        metric="FreeableMemory",
        statistic="Average",
        below=True,
        unit=1024**2,
        default=100,  # a twentieth of the smallest class; a backend takes about ten
        parse=number("MB", 1, 10**6),
    ),
    _of_database(
        key="database_connections",
        says="Many connections are open. Check for clients that do not close their connections.",
        metric="DatabaseConnections",
        statistic="Maximum",
        default=100,  # half of what the smallest class lets in; two servers during a roll hold 25
        parse=number("connections", 1, 10**5),
    ),
    Alarm(
        key="group_instances",
        says="The group has had no host in service for ten minutes and does not get one.",
        subject="group",
        namespace="AWS/AutoScaling",
        metric="GroupInServiceInstances",
        statistic="Minimum",
        below=True,
        period_seconds=60,
        periods=10,  # to replace a host takes less
        no_data=ALARM,  # a group that is gone measures nothing
        default=1,
    ),
    Alarm(
        key="instance_status",
        says="The host fails the checks of EC2, or is stopped.",
        subject="instance",
        namespace="AWS/EC2",
        metric="StatusCheckFailed",
        statistic="Maximum",
        period_seconds=60,
        periods=5,  # a reboot takes less
        no_data=ALARM,  # a stopped instance measures nothing
        default=1,
    ),
    _of_credits(
        key="group_cpu_credits",
        says="The host uses more processor than its type includes: further credits are charged.",
        subject="group",
        namespace="AWS/EC2",
    ),
    _of_credits(
        key="instance_cpu_credits",
        says="The host uses more processor than its type includes: further credits are charged.",
        subject="instance",
        namespace="AWS/EC2",
    ),
    _of_credits(
        key="database_cpu_credits",
        says="The database uses more processor than its class includes: further credits are charged.",
        subject="database",
        namespace="AWS/RDS",
    ),
    _of_function(
        key="role_function_errors",
        says="The function that makes the database's roles failed; its own log says why.",
        subject="role_function",
    ),
    _of_function(
        key="gate_function_errors",
        says="The roll gate failed: the new hosts are not healthy, or it can't look.",
        subject="gate_function",
    ),
    Alarm(
        key="nat_port_errors",
        says="A NAT gateway has no free port for a new connection: the server's internet access fails intermittently.",
        subject="nat_gateways",
        namespace="AWS/NATGateway",
        metric="ErrorPortAllocation",
        default=1,
    ),
)


def alarm(key: str) -> Alarm:
    """Return the alarm with that key."""
    return next(each for each in ALARMS if each.key == key)
