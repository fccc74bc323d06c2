"""The server behind a load balancer: one host in an Auto Scaling group that heals it, and that is replaced to roll it.

A changed launch template makes a new group beside the old one. The old one goes only when the new one's host is healthy
in the target group, which the provider waits for and the gate asks again: no request is lost, and an update that fails
leaves the old host serving.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from ...inputs.aws_ids import parse_arn, parse_subnet_list, plain, resource_id
from ...inputs.declaration import value
from ...inputs.parsing import parse_args
from ...inputs.shape import settled
from ...schema.outputs import declared_outputs
from ...schema.tokens import token
from ...workload.spec import ContainerSpec
from ..host.description import HTTPS_PORT
from ..security.secret import SecretReference
from ..security.security_groups import Egress, allow_between
from .host_inputs import HostInputs, WatchedContainer, passed_on
from .launch_template import AwsLaunchTemplate
from .roll_gate import AwsRollGate, AwsRollGateArgs

_CAPACITY_TIMEOUT = "15m"
"""Time for one host: boot, images, migrations, probes. The default of 10 minutes is short for a first start."""
_GRACE_SECONDS = 300


@dataclass(frozen=True, kw_only=True)
class _ServerGroupInputs(HostInputs):
    public_port: ClassVar[int | None] = HTTPS_PORT

    subnet_ids: pulumi.Input[Sequence[pulumi.Input[str]]] = value(parse_subnet_list)
    target_group_arn: pulumi.Input[str] = value(plain(parse_arn))
    load_balancer_security_group_id: pulumi.Input[str] = value(plain(resource_id("sg")))


class AwsServerGroupArgs(TypedDict):
    """Inputs of `AwsServerGroup`."""

    vpc_id: pulumi.Input[str]
    """The hosts' VPC."""
    subnet_ids: pulumi.Input[Sequence[pulumi.Input[str]]]
    """Private subnets with internet access, in two or more zones. The group launches in a zone with capacity."""
    containers: list[ContainerSpec]
    """Containers of the host, in start order. Exactly one publishes port 443, which serves the load balancer."""
    target_group_arn: pulumi.Input[str]
    """ARN of the target group in which the host must become healthy."""
    load_balancer_security_group_id: pulumi.Input[str]
    """Security group of the load balancer. Only it may reach the host."""
    database_security_group_id: NotRequired[pulumi.Input[str]]
    """Security group of the database. The component adds a rule for the host to it."""
    egress: NotRequired[list[Egress]]
    """TCP ports on which the host may reach the internet. Default 443, 465 and 587."""
    secrets: NotRequired[dict[str, SecretReference]]
    """Secret files of the containers, by file name, each with the secret that holds the content."""
    watch: NotRequired[WatchedContainer]
    """Container whose health the host checks every 20 seconds. Default the first one, on port 8080 at `/health`. After
    three failed checks in a row, the host restarts what does not answer: this container, the container on port 443, or
    Docker. If the restart does not help, the group replaces the host."""
    instance_type: NotRequired[str]
    """EC2 instance type. Default `t4g.small`."""
    image_id: NotRequired[pulumi.Input[str]]
    """AMI of the host. Default the newest ECS-optimized Amazon Linux 2023, so any update may replace the host."""
    log_retention_days: NotRequired[int]
    """Days that logs are kept. Default 365."""
    kms_key_arn: NotRequired[pulumi.Input[str]]
    """KMS key of the logs. By default the component creates one for each log."""
    deletion_protection: NotRequired[bool]
    """Whether the bucket with the hosts' files can only be deleted when empty. Default true."""
    tags: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Tags for every child, and for the hosts."""


class AwsServerGroup(pulumi.ComponentResource):
    """A group of one host, replaced without a lost request."""

    group_name: pulumi.Output[str]
    """Name of the Auto Scaling group."""
    log_group_name: pulumi.Output[str]
    """Log group of the hosts."""
    security_group_id: pulumi.Output[str]
    """Security group of the hosts."""
    gate_function_name: pulumi.Output[str]
    """Name of the roll gate's function."""
    ready: pulumi.Output[str]
    """Known once the host of the group serves traffic."""

    def __init__(self, name: str, args: AwsServerGroupArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Make the group and wait until its host is healthy."""
        args = settled(args)
        inputs = parse_args(_ServerGroupInputs, AwsServerGroupArgs, name, args)
        super().__init__(token("AwsServerGroup"), name, {"instance_type": inputs.instance_type}, opts)
        child, tags = pulumi.ResourceOptions(parent=self), inputs.tags

        template = AwsLaunchTemplate(name, passed_on(args, in_group=True), child)
        ingress_rules = allow_between(
            f"{name}-from-load-balancer",
            client_group=inputs.load_balancer_security_group_id,
            server_group=template.security_group_id,
            port=HTTPS_PORT,
            description="TLS from the load balancer to the hosts",
            tags=tags,
            opts=child,
        )
        group = aws.autoscaling.Group(
            name,
            vpc_zone_identifiers=inputs.subnet_ids,
            launch_template={"id": template.template_id, "version": template.template_version},
            min_size=1,
            max_size=1,
            desired_capacity=1,
            target_group_arns=[inputs.target_group_arn],
            min_elb_capacity=1,
            wait_for_capacity_timeout=_CAPACITY_TIMEOUT,
            # The group tries again by itself: a zone without capacity, or a profile that EC2 doesn't see yet, is no
            # reason to end the update. The time-out and the gate decide.
            ignore_failed_scaling_activities=True,
            # Not ELB: readiness includes the database, and a failover of it would cost the only host.
            health_check_type="EC2",
            health_check_grace_period=_GRACE_SECONDS,
            metrics_granularity="1Minute",
            enabled_metrics=[
                aws.autoscaling.Metric.GROUP_IN_SERVICE_INSTANCES,
                aws.autoscaling.Metric.GROUP_DESIRED_CAPACITY,
            ],
            tags=[
                {"key": key, "value": value, "propagate_at_launch": True}
                for key, value in sorted({**tags, "Name": name}.items())
            ],
            opts=pulumi.ResourceOptions.merge(
                child,
                pulumi.ResourceOptions(replace_on_changes=["launchTemplate"], depends_on=[template, *ingress_rules]),
            ),
        )
        gate_args: AwsRollGateArgs = {
            "group_name": group.name,
            "target_group_arn": inputs.target_group_arn,
            "log_retention_days": inputs.log_retention_days,
            "tags": tags,
        }
        if inputs.kms_key_arn is not None:
            gate_args["kms_key_arn"] = inputs.kms_key_arn
        gate = AwsRollGate(f"{name}-gate", gate_args, child)
        self.group_name = group.name
        self.log_group_name = template.log_group_name
        self.security_group_id = template.security_group_id
        self.gate_function_name = gate.function_name
        self.ready = gate.result
        self.register_outputs(declared_outputs(self, AwsServerGroup))
