"""Log metrics, alarms, the SNS topic of the alarms, and a dashboard.

Everything is derived from two tables, of alarms (`alarms.py`) and of events (`events.py`); what isn't given is not
watched.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from ...inputs.addresses import parse_email
from ...inputs.aws_ids import parse_arn, plain, resource_id
from ...inputs.declaration import Problem, optional, own_name, together, value
from ...inputs.parsing import parse_args
from ...inputs.resource_name import parse_resource_name
from ...schema.outputs import declared_outputs
from ...schema.tokens import token
from ..provider.lookups import Lookups
from ..security.iam import allow, deny, document
from ..security.key import customer_managed_key
from .alarms import ALARMS, alarm
from .dashboard import Watched, dashboard
from .events import EVENTS, send_to_topic
from .log_metrics import FILTERS, LOGS


def _threshold(key: str) -> Any:  # noqa: ANN401 - takes the type of its annotation
    return value(alarm(key).rule, default=alarm(key).default)


@dataclass(frozen=True, kw_only=True)
class _ObservabilityInputs:
    name: str = own_name(parse_resource_name)
    log_group_name: pulumi.Input[str] = value()
    alarm_email: str | None = optional(parse_email)
    load_balancer_arn_suffix: pulumi.Input[str] | None = optional()
    target_group_arn_suffix: pulumi.Input[str] | None = optional()
    certificate_arn: pulumi.Input[str] | None = optional(plain(parse_arn))
    database_identifier: pulumi.Input[str] | None = optional()
    group_name: pulumi.Input[str] | None = optional()
    instance_id: pulumi.Input[str] | None = optional(plain(resource_id("i")))
    role_function_name: pulumi.Input[str] | None = optional()
    gate_function_name: pulumi.Input[str] | None = optional()
    nat_gateway_ids: dict[str, pulumi.Input[str]] = value(default={})
    errors: float = _threshold("errors")
    failed_logins: float = _threshold("failed_logins")
    host_failures: float = _threshold("host_failures")
    load_balancer_errors: float = _threshold("load_balancer_errors")
    server_errors: float = _threshold("server_errors")
    latency_seconds: float = _threshold("latency_seconds")
    certificate_days: float = _threshold("certificate_days")
    database_cpu_percent: float = _threshold("database_cpu_percent")
    database_storage_gb: float = _threshold("database_storage_gb")
    database_memory_mb: float = _threshold("database_memory_mb")
    database_connections: float = _threshold("database_connections")
    kms_key_arn: pulumi.Input[str] | None = optional(plain(parse_arn))
    tags: Mapping[str, pulumi.Input[str]] = value(default={})

    @property
    def thresholds(self) -> dict[str, float]:
        """The threshold of each alarm, those that can't be set too."""
        return {alarm.key: getattr(self, alarm.key, alarm.default) for alarm in ALARMS}

    @together
    def check_hosts(self) -> Iterator[Problem]:
        """Check that the hosts behind a load balancer can be measured."""
        suffixes = ("load_balancer_arn_suffix", "target_group_arn_suffix")
        missing = [name for name in suffixes if getattr(self, name) is None]
        if len(missing) == 1:
            (given,) = {*suffixes} - {*missing}
            yield Problem(missing[0], "", f"is required with {given}: CloudWatch measures hosts by both; set it")


class AwsObservabilityArgs(TypedDict):
    """Inputs of `AwsObservability`. A threshold is the number from which on, or below which, an alarm is raised."""

    log_group_name: pulumi.Input[str]
    """Log group of the hosts. The metrics count only log lines that are written after the metrics exist."""
    alarm_email: NotRequired[str]
    """E-mail address for alarms. Its owner must confirm the subscription. Default none."""
    load_balancer_arn_suffix: NotRequired[pulumi.Input[str]]
    """ARN suffix of the load balancer, its name in CloudWatch."""
    target_group_arn_suffix: NotRequired[pulumi.Input[str]]
    """ARN suffix of the target group, its name in CloudWatch. Requires `load_balancer_arn_suffix`."""
    certificate_arn: NotRequired[pulumi.Input[str]]
    """ARN of the ACM certificate."""
    database_identifier: NotRequired[pulumi.Input[str]]
    """Identifier of the RDS instance."""
    group_name: NotRequired[pulumi.Input[str]]
    """Name of the Auto Scaling group. It must collect the metric `GroupInServiceInstances`."""
    instance_id: NotRequired[pulumi.Input[str]]
    """Id of a host without an Auto Scaling group."""
    role_function_name: NotRequired[pulumi.Input[str]]
    """Name of the function that creates the database roles."""
    gate_function_name: NotRequired[pulumi.Input[str]]
    """Name of the function that waits for new hosts."""
    nat_gateway_ids: NotRequired[dict[str, pulumi.Input[str]]]
    """NAT gateways, each under a name of its own, such as its zone."""
    errors: NotRequired[float]
    """Number of error log lines in five minutes. Default 5."""
    failed_logins: NotRequired[float]
    """Number of failed logins in five minutes. Default 50."""
    host_failures: NotRequired[float]
    """Number of hosts that failed to start or were given up, in five minutes. Default 1."""
    load_balancer_errors: NotRequired[float]
    """Number of 5xx responses of the load balancer itself in five minutes. Default 10."""
    server_errors: NotRequired[float]
    """Number of 5xx responses of the server in five minutes. Default 10."""
    latency_seconds: NotRequired[float]
    """99th percentile of the response time in seconds. Default 2."""
    certificate_days: NotRequired[float]
    """Days until the certificate expires. Default 30."""
    database_cpu_percent: NotRequired[float]
    """Processor use of the database in percent. Default 80."""
    database_storage_gb: NotRequired[float]
    """Free storage of the database in GB. Default 1."""
    database_memory_mb: NotRequired[float]
    """Free memory of the database in MB. Default 100."""
    database_connections: NotRequired[float]
    """Open connections of the database. Default 100."""
    kms_key_arn: NotRequired[pulumi.Input[str]]
    """KMS key of the topic. Its policy must allow CloudWatch to use it. By default the component creates one."""
    tags: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Tags for every child."""


class AwsObservability(pulumi.ComponentResource):
    """Alarms on the given resources, and the SNS topic that receives them."""

    topic_arn: pulumi.Output[str]
    """ARN of the SNS topic. Subscribe to it to receive the alarms."""
    dashboard_name: pulumi.Output[str]
    """Name of the dashboard."""
    dashboard_url: pulumi.Output[str]
    """URL of the dashboard in the AWS console."""

    def __init__(self, name: str, args: AwsObservabilityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Make metrics, topic, alarms and dashboard."""
        inputs = parse_args(_ObservabilityInputs, AwsObservabilityArgs, name, args)
        email, thresholds = inputs.alarm_email, inputs.thresholds
        super().__init__(token("AwsObservability"), name, {"alarm_email": email, **thresholds}, opts)
        self._child, self._tags = pulumi.ResourceOptions(parent=self), inputs.tags

        # Of this log group alone: two stacks of one account don't count each other's lines.
        namespace = pulumi.Output.concat("Kotauth/", inputs.log_group_name)
        for metric, pattern in FILTERS.items():
            aws.cloudwatch.LogMetricFilter(
                f"{name}-{metric.replace('_', '-')}",
                log_group_name=inputs.log_group_name,
                pattern=pattern,
                metric_transformation={"name": metric, "namespace": namespace, "value": "1", "default_value": "0"},
                opts=self._child,
            )
        topic = self._topic(name, email, inputs.kms_key_arn)
        dimensions = _dimensions(inputs)
        watched = [
            Watched(
                alarm,
                "-".join([alarm.key.replace("_", "-"), *which]),
                thresholds[alarm.key] * alarm.unit,
                namespace if alarm.namespace == LOGS else alarm.namespace,
                each,
            )
            for alarm in ALARMS
            for which, each in dimensions.get(alarm.subject, {}).items()
        ]
        for one in watched:
            self._alarm(name, one, topic)
        for event in EVENTS:
            for each in dimensions.get(event.subject, {}).values():
                (subject,) = each.values()
                send_to_topic(name, event, subject, topic.arn, tags=self._tags, opts=self._child)
        region = Lookups(self).region
        # Dashboards have no names of the engine's: the topic's is as unique, and known as early.
        board = aws.cloudwatch.Dashboard(
            name,
            dashboard_name=topic.name,
            dashboard_body=dashboard(watched, region, inputs.log_group_name),
            opts=self._child,
        )
        self.topic_arn = topic.arn
        self.dashboard_name = board.dashboard_name
        self.dashboard_url = pulumi.Output.format(
            "https://{0}.console.aws.amazon.com/cloudwatch/home?region={0}#dashboards/dashboard/{1}",
            region,
            board.dashboard_name,
        )
        self.register_outputs(declared_outputs(self, AwsObservability))

    def _topic(self, name: str, email: str | None, key_arn: pulumi.Input[str] | None) -> "aws.sns.Topic":
        """Return a topic that the account's alarms may tell, over TLS only."""
        if key_arn is None:
            key = customer_managed_key(
                f"{name}-key", f"Topic of {name}", self._child, services=["alarms"], tags=self._tags
            )
            key_arn = key.arn
        topic = aws.sns.Topic(f"{name}-alarms", kms_master_key_id=key_arn, tags=self._tags, opts=self._child)
        aws.sns.TopicPolicy(
            f"{name}-alarms-policy",
            arn=topic.arn,
            policy=document(
                allow(
                    "Alarms",
                    "sns:Publish",
                    topic.arn,
                    principal={"Service": "cloudwatch.amazonaws.com"},
                    condition={"StringEquals": {"aws:SourceAccount": Lookups(self).account}},
                ),
                allow("Events", "sns:Publish", topic.arn, principal={"Service": "events.amazonaws.com"}),
                deny("DenyPlainHttp", "sns:Publish", topic.arn, {"Bool": {"aws:SecureTransport": "false"}}),
            ),
            opts=self._child,
        )
        if email:
            aws.sns.TopicSubscription(
                f"{name}-email", topic=topic.arn, protocol="email", endpoint=email, opts=self._child
            )
        return topic

    def _alarm(self, name: str, watched: Watched, topic: "aws.sns.Topic") -> None:
        alarm, percentile = watched.alarm, watched.alarm.statistic.startswith("p")
        aws.cloudwatch.MetricAlarm(
            f"{name}-{watched.name}",
            alarm_description=alarm.says,
            namespace=watched.namespace,
            metric_name=alarm.metric,
            dimensions=watched.dimensions,
            statistic=None if percentile else alarm.statistic,
            extended_statistic=alarm.statistic if percentile else None,
            # Of few requests one is the slowest hundredth: no verdict on so little.
            evaluate_low_sample_count_percentiles="ignore" if percentile else None,
            comparison_operator="LessThanThreshold" if alarm.below else "GreaterThanOrEqualToThreshold",
            threshold=watched.threshold,
            period=alarm.period_seconds,
            evaluation_periods=alarm.periods,
            treat_missing_data=alarm.no_data,
            actions_enabled=True,
            alarm_actions=[topic.arn],
            ok_actions=[topic.arn],
            tags=self._tags,
            opts=self._child,
        )


def _dimensions(inputs: _ObservabilityInputs) -> dict[str, dict[tuple[str, ...], dict[str, pulumi.Input[str]]]]:
    """Return the dimensions of everything that is given, by the subject of the alarms, and which one if several."""
    names = {
        LOGS: {},
        "load_balancer": {"LoadBalancer": "load_balancer_arn_suffix"},
        "targets": {"LoadBalancer": "load_balancer_arn_suffix", "TargetGroup": "target_group_arn_suffix"},
        "certificate": {"CertificateArn": "certificate_arn"},
        "database": {"DBInstanceIdentifier": "database_identifier"},
        "group": {"AutoScalingGroupName": "group_name"},
        "instance": {"InstanceId": "instance_id"},
        "role_function": {"FunctionName": "role_function_name"},
        "gate_function": {"FunctionName": "gate_function_name"},
    }
    single: dict[str, dict[tuple[str, ...], dict[str, pulumi.Input[str]]]] = {
        subject: {(): {dimension: getattr(inputs, key) for dimension, key in keys.items()}}
        for subject, keys in names.items()
        if all(getattr(inputs, key) is not None for key in keys.values())
    }
    gateways = {(zone,): {"NatGatewayId": gateway} for zone, gateway in inputs.nat_gateway_ids.items()}
    return {**single, "nat_gateways": gateways}
