"""Alarms, the lines that they count, and where they go."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase
from typing import Any

import pytest

from components.aws.host.scripts.redact import redact
from components.aws.host.scripts.stages import log
from components.aws.observability.alarms import ALARMS
from components.aws.observability.log_metrics import FILTERS
from components.aws.observability.observability import AwsObservability
from components.inputs.error import InvalidInputError
from tests.unit.aws import TAGS, statements, untagged
from tests.unit.aws_outputs import arn, certificate_arn, engine_name
from tests.unit.recording import Declared, declare

LOG = "kotauth-log-0c0ffee"
BALANCER, TARGETS = "app/kotauth/50dc6c495c0c9188", "targetgroup/kotauth/943f017f100becff"
EVERYTHING: dict[str, Any] = {
    "alarm_email": "ops@example.com",
    "load_balancer_arn_suffix": BALANCER,
    "target_group_arn_suffix": TARGETS,
    "certificate_arn": certificate_arn(),
    "database_identifier": "kotauth-database",
    "group_name": "kotauth-server",
    "instance_id": "i-0123456789abcdef0",
    "role_function_name": "kotauth-database-role",
    "gate_function_name": "kotauth-server-gate",
    "nat_gateway_ids": {"eu-central-1a": "nat-a", "eu-central-1b": "nat-b"},
}
TOPIC = arn("service", "watch-alarms-0c0ffee")


def watch(**more: Any) -> Declared:
    args: Any = {"log_group_name": LOG, "tags": TAGS, **more}

    return declare(lambda: AwsObservability("watch", args))


@pytest.fixture(scope="module")
def declared() -> Declared:
    return watch(**EVERYTHING)


def alarm(declared: Declared, name: str) -> dict[str, Any]:
    return dict(declared.named(f"watch-{name}", ":MetricAlarm").inputs)


OF_LOG = f"Kotauth/{LOG}"
OF_BALANCER = {"LoadBalancer": BALANCER}
OF_TARGETS = {"LoadBalancer": BALANCER, "TargetGroup": TARGETS}
OF_DATABASE = {"DBInstanceIdentifier": "kotauth-database"}
OF_GROUP, OF_INSTANCE = {"AutoScalingGroupName": "kotauth-server"}, {"InstanceId": "i-0123456789abcdef0"}
OF_ROLE, OF_GATE = {"FunctionName": "kotauth-database-role"}, {"FunctionName": "kotauth-server-gate"}
OF_NAT = {zone: {"NatGatewayId": f"nat-{zone}"} for zone in "ab"}
OF_CERTIFICATE = {"CertificateArn": certificate_arn()}
ELB, RDS, EC2 = "AWS/ApplicationELB", "AWS/RDS", "AWS/EC2"
LAMBDA, NAT = "AWS/Lambda", "AWS/NATGateway"
DAY = 24 * 60
ROWS: list[tuple[str, str, str, dict[str, str], str, int, str]] = [
    ("errors", OF_LOG, "errors Sum", {}, ">= 5", 5, "notBreaching"),
    ("failed-logins", OF_LOG, "failed_logins Sum", {}, ">= 50", 5, "notBreaching"),
    ("host-failures", OF_LOG, "host_failures Sum", {}, ">= 1", 5, "notBreaching"),
    ("readiness-lost", OF_LOG, "readiness_lost Sum", {}, ">= 1", 5, "notBreaching"),
    ("load-balancer-errors", ELB, "HTTPCode_ELB_5XX_Count Sum", OF_BALANCER, ">= 10", 5, "notBreaching"),
    ("server-errors", ELB, "HTTPCode_Target_5XX_Count Sum", OF_TARGETS, ">= 10", 5, "notBreaching"),
    ("latency-seconds", ELB, "TargetResponseTime p99", OF_TARGETS, ">= 2", 15, "notBreaching"),
    ("unhealthy-hosts", ELB, "UnHealthyHostCount Maximum", OF_TARGETS, ">= 1", 10, "notBreaching"),
    ("healthy-hosts", ELB, "HealthyHostCount Maximum", OF_TARGETS, "< 1", 3, "breaching"),
    ("certificate-days", "AWS/CertificateManager", "DaysToExpiry Minimum", OF_CERTIFICATE, "< 30", DAY, "ignore"),
    ("database-cpu-percent", RDS, "CPUUtilization Average", OF_DATABASE, ">= 80", 15, "missing"),
    ("database-storage-gb", RDS, "FreeStorageSpace Minimum", OF_DATABASE, "< 1073741824", 15, "missing"),
    ("database-memory-mb", RDS, "FreeableMemory Average", OF_DATABASE, "< 104857600", 15, "missing"),
    ("database-connections", RDS, "DatabaseConnections Maximum", OF_DATABASE, ">= 100", 15, "missing"),
    ("group-instances", "AWS/AutoScaling", "GroupInServiceInstances Minimum", OF_GROUP, "< 1", 10, "breaching"),
    ("instance-status", EC2, "StatusCheckFailed Maximum", OF_INSTANCE, ">= 1", 5, "breaching"),
    ("group-cpu-credits", EC2, "CPUSurplusCreditBalance Maximum", OF_GROUP, ">= 100", 15, "notBreaching"),
    ("instance-cpu-credits", EC2, "CPUSurplusCreditBalance Maximum", OF_INSTANCE, ">= 100", 15, "notBreaching"),
    ("database-cpu-credits", RDS, "CPUSurplusCreditBalance Maximum", OF_DATABASE, ">= 100", 15, "notBreaching"),
    ("role-function-errors", LAMBDA, "Errors Sum", OF_ROLE, ">= 1", 5, "notBreaching"),
    ("gate-function-errors", LAMBDA, "Errors Sum", OF_GATE, ">= 1", 5, "notBreaching"),
    ("nat-port-errors-eu-central-1a", NAT, "ErrorPortAllocation Sum", OF_NAT["a"], ">= 1", 5, "notBreaching"),
    ("nat-port-errors-eu-central-1b", NAT, "ErrorPortAllocation Sum", OF_NAT["b"], ">= 1", 5, "notBreaching"),
]
"""Name; namespace, metric and statistic; dimensions, threshold, minutes, and what no data means."""


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_alarms(declared: Declared, row: tuple[str, str, str, dict[str, str], str, int, str]) -> None:
    name, namespace, metric, dimensions, verdict, minutes, no_data = row
    found = alarm(declared, name)
    operator = {"GreaterThanOrEqualToThreshold": ">=", "LessThanThreshold": "<"}[found["comparisonOperator"]]
    assert f"{operator} {found['threshold']:.0f}" == verdict
    statistic = found.get("statistic") or found["extendedStatistic"]
    assert (found["namespace"], f"{found['metricName']} {statistic}") == (namespace, metric)
    assert found.get("dimensions", {}) == dimensions
    assert found["period"] * found["evaluationPeriods"] == minutes * 60
    assert found["treatMissingData"] == no_data
    assert found["alarmDescription"]


def test_every_alarm_speaks_when_it_begins_and_when_it_ends(declared: Declared) -> None:
    alarms = declared.of_type(":MetricAlarm")
    assert len(alarms) == len(ALARMS) + 1 == 23, "there are two NAT gateways"
    for each in alarms:
        assert each.inputs["actionsEnabled"] is True
        assert each.inputs["alarmActions"] == each.inputs["okActions"] == [TOPIC]
    assert untagged(declared) == []


def test_what_is_not_given_is_not_watched() -> None:
    assert [r.name for r in watch().of_type(":MetricAlarm")] == [
        "watch-errors",
        "watch-failed-logins",
        "watch-host-failures",
        "watch-readiness-lost",
    ]
    assert len(watch(instance_id="i-0123456789abcdef0").of_type(":MetricAlarm")) == 6
    assert watch().of_type(":EventRule") == []


def test_thresholds_are_inputs() -> None:
    thresholds: dict[str, float] = {
        "errors": 1,
        "failed_logins": 10,
        "host_failures": 2,
        "load_balancer_errors": 3,
        "server_errors": 4,
        "latency_seconds": 0.5,
        "certificate_days": 14,
        "database_cpu_percent": 50,
        "database_storage_gb": 2,
        "database_memory_mb": 200,
        "database_connections": 20,
    }
    declared = watch(**EVERYTHING, **thresholds)
    units = {"database_storage_gb": 1024**3, "database_memory_mb": 1024**2}
    for key, value in thresholds.items():
        assert alarm(declared, key.replace("_", "-"))["threshold"] == value * units.get(key, 1), key
    assert set(thresholds) == {each.key for each in ALARMS if each.parse}


@pytest.mark.parametrize("key", [each.key for each in ALARMS if each.parse])
def test_thresholds_below_nothing_are_refused(key: str) -> None:
    with pytest.raises(InvalidInputError, match=rf'{key} = "-1": must be '):
        watch(**{key: -1})


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({"alarm_email": "ops"}, 'alarm_email = "ops": must be an e-mail address'),
        ({"load_balancer_arn_suffix": BALANCER}, 'target_group_arn_suffix = "": is required with load_balancer_'),
        ({"target_group_arn_suffix": TARGETS}, 'load_balancer_arn_suffix = "": is required with target_group_'),
        ({"database_cpu_percent": 101}, 'database_cpu_percent = "101": must be percent, a number from 1 to 100'),
    ],
)
def test_bad_inputs(args: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        watch(**args)


def test_metrics_are_this_log_groups_alone(declared: Declared) -> None:
    filters = declared.of_type(":LogMetricFilter")
    assert {each.inputs["metricTransformation"]["name"]: each.inputs["pattern"] for each in filters} == FILTERS
    for each in filters:
        assert each.inputs["logGroupName"] == LOG
        transformation = each.inputs["metricTransformation"]
        assert transformation["namespace"] == OF_LOG
        assert (transformation["value"], transformation["defaultValue"]) == ("1", "0")


def counts(metric: str, line: str) -> bool:
    """Say whether CloudWatch counts the line: of its JSON patterns the part that ours use."""
    try:
        fields = json.loads(line)
    except json.JSONDecodeError:
        return False
    pattern = FILTERS[metric].strip("{} ")

    def compared(found: re.Match[str]) -> str:
        value = fields.get(found[1])
        if found[0].endswith("NOT EXISTS"):
            return str(found[1] not in fields)
        return str(isinstance(value, str) and fnmatchcase(value, found[3]) is (found[2] == "="))

    expression = re.sub(r'\$\.(\w+) (?:(!?=) "([^"]*)"|NOT EXISTS)', compared, pattern)
    expression = expression.replace("&&", "and").replace("||", "or")
    assert re.fullmatch(r"((True|False|and|or)|[() ])+", expression)
    return eval(expression)  # noqa: S307 - of the words above only


def line(message: str, **more: str) -> str:
    return json.dumps({"message": message, "level": "INFO", "logger_name": "io.ktor.server.Application", **more})


def access(status: str, method: str, path: str, *, coloured: bool = True) -> str:
    """Return an access line as Kotauth writes it, or as the host leaves it without the colours."""
    if coloured:
        return line(f"\x1b[31m{status}\x1b[m: \x1b[36m{method}\x1b[m - {path} in 46ms")
    return line(f"{status}: {method} - {path} in 46ms")


@pytest.mark.parametrize("coloured", [True, False])
@pytest.mark.parametrize(
    ("status", "method", "path", "counted"),
    [
        ("401 Unauthorized", "POST", "/t/master/authorize", True),
        ("429 Too Many Requests", "POST", "/t/acme/authorize", True),
        ("302 Found", "POST", "/t/acme/authorize", False),
        ("200 OK", "GET", "/t/acme/authorize", False),
        ("401 Unauthorized", "GET", "/t/acme/api/v1/users", False),
        ("401 Unauthorized", "POST", "/t/acme/protocol/openid-connect/token", False),
    ],
)
def test_failed_logins_are_counted(status: str, method: str, path: str, counted: bool, coloured: bool) -> None:
    assert counts("failed_logins", access(status, method, path, coloured=coloured)) is counted


def test_errors_are_counted() -> None:
    assert counts("errors", line("audit row lost", level="ERROR"))
    assert not counts("errors", line("ERROR in a word"))
    assert not counts("errors", "FATAL: not JSON, level ERROR")


def thrown(exception: str, *, path: str = "/t/acme/api/v1/users") -> str:
    """Return the line of Kotauth's handler of exceptions, redacted as the host sends it (11 KB of it is the trace)."""
    trace = f"{exception}\n\tat io.ktor.server.netty.NettyApplicationCall.respond(NettyApplicationCall.kt:42)\n"
    return redact(
        json.dumps(
            {
                "@timestamp": "2026-11-24T09:30:00.123Z",
                "@version": "1",
                "message": f"Unhandled exception at {path}",
                "logger_name": "ktor.application",
                "thread_name": "eventLoopGroupProxy-4-1",
                "level": "ERROR",
                "level_value": 40000,
                "stack_trace": trace + "\tat kotlin.coroutines.jvm.internal.BaseContinuationImpl.resumeWith\n" * 110,
                "requestId": "0b6c1f9e-61c4-4b0b-a8c5-92f5d1f3a001",
                "tenantSlug": "acme",
            }
        )
    )


@pytest.mark.parametrize(
    "exception",
    [
        "java.lang.UnsupportedOperationException: Headers can no longer be set because response was already completed",
        "io.ktor.server.engine.BaseApplicationResponse$ResponseAlreadySentException: Response has already been sent",
        "io.ktor.server.plugins.BadRequestException: Failed to convert request body to class CreateUserRequest",
        "io.ktor.server.plugins.CannotTransformContentToTypeException: Cannot transform this request's content",
        "io.ktor.server.plugins.UnsupportedMediaTypeException: Content type text/plain is not supported",
        "io.ktor.http.URLDecodeException: Incomplete trailing HEX escape: %, in /%",
        "io.ktor.util.cio.ChannelWriteException: Cannot write to a channel",
        "java.nio.channels.ClosedChannelException",
        "java.io.IOException: Broken pipe",
        "java.io.IOException: Connection reset by peer",
    ],
)
def test_errors_that_a_client_causes_are_not_counted(exception: str) -> None:
    assert not counts("errors", thrown(exception))


@pytest.mark.parametrize(
    "exception",
    [
        "org.jetbrains.exposed.exceptions.ExposedSQLException: org.postgresql.util.PSQLException: ERROR: no column",
        "org.postgresql.util.PSQLException: An I/O error occurred while sending to the backend.\n"
        "Caused by: java.io.IOException: Connection reset by peer",
        "java.sql.SQLTransientConnectionException: HikariPool-1 - Connection is not available",
        "java.lang.UnsupportedOperationException: not the one of the answer",
        "java.lang.IllegalStateException: Illegal base64 character 2d",
        "java.io.IOException: No space left on device",
        "java.lang.OutOfMemoryError: Java heap space",
    ],
)
def test_errors_of_the_server_are_counted(exception: str) -> None:
    assert counts("errors", thrown(exception))


def test_a_pattern_is_no_longer_than_cloudwatch_takes() -> None:
    assert max(map(len, FILTERS.values())) <= 1024


def test_hosts_that_give_up_are_counted() -> None:
    assert counts(
        "host_failures", json.dumps({"kotauth": "boot", "stage": "images", "outcome": "failed", "detail": ""})
    )
    assert not counts("host_failures", json.dumps({"kotauth": "boot", "stage": "images", "outcome": "retry"}))
    assert not counts("host_failures", line("something", outcome="failed"))


def test_a_loss_of_readiness_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """As the watchdog writes it; its end isn't one."""
    log("readiness", "lost", "frontend answers 503")
    log("readiness", "ok")
    log("ready", "retry", "server is starting")
    told = capsys.readouterr().out.splitlines()
    assert [counts("readiness_lost", said) for said in told] == [True, False, False]
    assert [said for said in told if counts("host_failures", said)] == []


@pytest.mark.parametrize(
    ("name", "event", "told"),
    [
        (
            "failed-launches",
            {
                "source": "aws.autoscaling",
                "detail-type": "EC2 Instance Launch Unsuccessful",
                "detail": {"AutoScalingGroupName": "kotauth-server", "StatusMessage": "no capacity"},
            },
            "kotauth-server could not launch a host: no capacity",
        ),
        (
            "database-events",
            {
                "source": "aws.rds",
                "detail-type": "RDS DB Instance Event",
                "detail": {
                    "SourceIdentifier": "kotauth-database",
                    "EventCategories": ["failover"],
                    "Message": "Multi-AZ instance failover completed",
                },
            },
            "Database kotauth-database: Multi-AZ instance failover completed",
        ),
    ],
)
def test_events_tell_the_topic(declared: Declared, name: str, event: dict[str, Any], told: str) -> None:
    pattern = json.loads(declared.named(f"watch-{name}", ":EventRule").inputs["eventPattern"])

    def matched(pattern: dict[str, Any], event: dict[str, Any]) -> bool:
        return all(
            matched(wanted, event[key])
            if isinstance(wanted, dict)
            else bool({*wanted} & ({*event[key]} if isinstance(event[key], list) else {event[key]}))
            for key, wanted in pattern.items()
        )

    assert matched(pattern, event)
    for field in event["detail"].keys() & pattern["detail"].keys():
        assert not matched(pattern, {**event, "detail": {**event["detail"], field: ["another"]}})
    target = declared.named(f"watch-{name}-topic").inputs
    assert (target["rule"], target["arn"]) == (engine_name(f"watch-{name}"), TOPIC)
    transformer = target["inputTransformer"]
    text = transformer["inputTemplate"]
    for variable, path in transformer["inputPaths"].items():
        text = text.replace(f"<{variable}>", event["detail"][path.removeprefix("$.detail.")])
    assert json.loads(text) == told


def test_only_the_accounts_alarms_and_events_tell_the_topic_and_only_over_tls(declared: Declared) -> None:
    assert declared.named("watch-alarms").inputs["kmsMasterKeyId"] == arn("kms", "key/watch-key-id")
    assert statements(declared.named("watch-alarms-policy")) == [
        {
            "Sid": "Alarms",
            "Effect": "Allow",
            "Principal": {"Service": "cloudwatch.amazonaws.com"},
            "Action": "sns:Publish",
            "Resource": TOPIC,
            "Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}},
        },
        {
            "Sid": "Events",
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sns:Publish",
            "Resource": TOPIC,
        },
        {
            "Sid": "DenyPlainHttp",
            "Effect": "Deny",
            "Principal": {"AWS": "*"},
            "Action": "sns:Publish",
            "Resource": TOPIC,
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    ]
    _, alarms = statements(declared.named("watch-key"))
    assert alarms["Sid"] == "Alarms"
    given = watch(kms_key_arn="arn:key")
    assert given.named("watch-alarms").inputs["kmsMasterKeyId"] == "arn:key"
    assert given.of_type(":Key") == []


def test_mails_go_only_to_a_given_address(declared: Declared) -> None:
    assert declared.named("watch-email").inputs == {
        "topic": TOPIC,
        "protocol": "email",
        "endpoint": "ops@example.com",
    }
    assert watch().of_type(":TopicSubscription") == []


def test_the_dashboard_shows_every_alarm_and_the_latest_errors(declared: Declared) -> None:
    board = declared.named("watch", ":Dashboard").inputs
    assert board["dashboardName"] == "watch-alarms-0c0ffee"
    widgets = json.loads(board["dashboardBody"])["widgets"]
    *graphs, errors = widgets

    def key(namespace: str, metric: str, *dimensions: str) -> tuple[str, str, frozenset[tuple[str, str]]]:
        return namespace, metric, frozenset(zip(dimensions[::2], dimensions[1::2], strict=True))

    shown = {key(*graph["properties"]["metrics"][0]): graph["properties"] for graph in graphs}
    assert len(shown) == len(graphs) == len({graph["properties"]["title"] for graph in graphs})
    for each in declared.of_type(":MetricAlarm"):
        dimensions = [part for pair in each.inputs.get("dimensions", {}).items() for part in pair]
        properties = shown[key(each.inputs["namespace"], each.inputs["metricName"], *dimensions)]
        (threshold,) = properties["annotations"]["horizontal"]
        assert threshold["value"] == each.inputs["threshold"]
        assert properties["region"] == "eu-central-1"
    assert errors["type"] == "log"
    assert errors["properties"]["query"].startswith(f"SOURCE '{LOG}' | fields @timestamp")
    places = {
        (x, y) for w in widgets for x in range(w["x"], w["x"] + w["width"]) for y in range(w["y"], w["y"] + w["height"])
    }
    assert len(places) == sum(w["width"] * w["height"] for w in widgets), "no two overlap"
    assert max(x for x, _ in places) < 24
    assert declared.outputs == {
        "topic_arn": TOPIC,
        "dashboard_name": "watch-alarms-0c0ffee",
        "dashboard_url": "https://eu-central-1.console.aws.amazon.com/cloudwatch/home"
        "?region=eu-central-1#dashboards/dashboard/watch-alarms-0c0ffee",
    }
