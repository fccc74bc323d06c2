"""The launch template of a host that runs containers: its image, user data, permissions and security group.

A change to the template replaces the host; nothing changes a running host. So the user data contains every value whose
change must roll the servers. Values that are unknown at preview (the database's address, the ARNs of secrets) are in
one SSM parameter.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from ...inputs.aws_ids import plain, resource_id
from ...inputs.declaration import optional, value
from ...inputs.parsing import parse_args
from ...kotauth.database import DATABASE_PORT
from ...schema.outputs import declared_outputs
from ...schema.tokens import token
from ...workload.spec import ContainerSpec
from ..host.description import images
from ..host.machine_image import newest_image_parameter
from ..host.user_data import Volume, render
from ..observability.logs import encrypted_log_group
from ..provider.lookups import Lookups
from ..security.secret import SecretReference
from ..security.security_groups import Egress, allow_between, allow_out
from .host_files import host_files
from .host_inputs import HostInputs, WatchedContainer
from .host_role import boot_and_log, give_up, host_role, may_pull_images, read_secrets


@dataclass(frozen=True, kw_only=True)
class _LaunchTemplateInputs(HostInputs):
    in_group: bool = value()
    volume_id: pulumi.Input[str] | None = optional(plain(resource_id("vol")))

    @property
    def has_volume(self) -> bool:
        """Whether the containers may have volumes."""
        return self.volume_id is not None


class AwsLaunchTemplateArgs(TypedDict):
    """Inputs of `AwsLaunchTemplate`."""

    vpc_id: pulumi.Input[str]
    """The host's VPC."""
    containers: list[ContainerSpec]
    """Containers of the host, in start order. Only one container may publish each host port. Values known at preview go
    into the user data. The host reads the other values at boot from a parameter in Systems Manager."""
    in_group: bool
    """Whether an Auto Scaling group launches the host and replaces it when it reports itself unhealthy."""
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
    volume_id: NotRequired[pulumi.Input[str]]
    """EBS volume for the containers' persistent data, attached to the host as `/dev/sdf`."""
    database_security_group_id: NotRequired[pulumi.Input[str]]
    """Security group of the database. The component adds a rule for the host to it."""
    egress: NotRequired[list[Egress]]
    """TCP ports on which the host may reach the internet. Default 443, 465 and 587."""
    log_retention_days: NotRequired[int]
    """Days that logs are kept. Default 365."""
    kms_key_arn: NotRequired[pulumi.Input[str]]
    """KMS key of the log. By default the component creates one."""
    deletion_protection: NotRequired[bool]
    """Whether the bucket with the hosts' files can only be deleted when empty. Default true."""
    tags: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Tags for every child."""


class AwsLaunchTemplate(pulumi.ComponentResource):
    """A launch template with all resources that a host launched from it needs."""

    template_id: pulumi.Output[str]
    """Id of the launch template, known once all resources of the host exist."""
    template_version: pulumi.Output[str]
    """Newest version of the launch template. Any change makes it unknown at preview."""
    security_group_id: pulumi.Output[str]
    """Security group of the host. It allows outbound traffic and no inbound traffic."""
    role_name: pulumi.Output[str]
    """Name of the host's IAM role."""
    log_group_name: pulumi.Output[str]
    """Log group of the containers and the boot, redacted, with one stream for each part of each host."""
    log_group_arn: pulumi.Output[str]
    """ARN of the log group `log_group_name`."""

    def __init__(self, name: str, args: AwsLaunchTemplateArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Render the host and make what it needs."""
        host = parse_args(_LaunchTemplateInputs, AwsLaunchTemplateArgs, name, args)
        volume = Volume(host.volume_id) if host.volume_id is not None else None
        rendered = render(host.described(f"AwsLaunchTemplate {name}", in_group=host.in_group, volume=volume))
        super().__init__(token("AwsLaunchTemplate"), name, {"instance_type": host.instance_type}, opts)
        self._name, self._host = name, host
        self._tags = host.tags
        self._child = pulumi.ResourceOptions(parent=self)
        self._lookups = Lookups(self)

        logs = encrypted_log_group(
            f"{name}-log",
            own_key=(f"{name}-log-key", f"Log lines of the hosts of {name}"),
            key_arn=host.kms_key_arn,
            retention_days=host.log_retention_days,
            tags=self._tags,
            opts=self._child,
        )
        bucket, files = host_files(
            name,
            rendered.artifacts,
            deletion_protection=host.deletion_protection,
            tags=self._tags,
            opts=self._child,
        )
        parameter = aws.ssm.Parameter(
            f"{name}-boot",
            description="What the hosts read at each boot: addresses and ARNs, no secret",
            type="String",
            value=pulumi.Output.json_dumps(rendered.deferred),
            tags=self._tags,
            opts=self._child,
        )
        role = host_role(
            name,
            [
                *boot_and_log(parameter, bucket, logs),
                *read_secrets(list(host.secrets.values()), self._lookups),
                *may_pull_images(images(host.containers), self._lookups),
                # Without a group, a host that gives up would not be replaced.
                *([give_up(name, self._lookups)] if host.in_group else []),
            ],
            tags=self._tags,
            opts=self._child,
        )
        group = self._security_group()
        names = pulumi.Output.all(parameter=parameter.name, bucket=bucket.bucket, log_group=logs.name)
        user_data = pulumi.Output.all(rendered.labels, names).apply(
            lambda known: _base64(rendered.text(known[0], **known[1]))
        )
        template = aws.ec2.LaunchTemplate(
            name,
            instance_type=host.instance_type,
            image_id=host.image_id or self._newest_image(host.instance_type),
            user_data=user_data,
            iam_instance_profile={"arn": role.profile.arn},
            vpc_security_group_ids=[group.id],
            # Version 2, and one hop: containers on a bridge are one further, so only the host itself is its role.
            metadata_options={
                "http_endpoint": "enabled",
                "http_tokens": "required",
                "http_put_response_hop_limit": 1,
                "instance_metadata_tags": "disabled",
            },
            monitoring={"enabled": True},
            # AWS's own key: the Auto Scaling service may use no other without a grant, and would launch nothing.
            block_device_mappings=[
                {
                    "device_name": "/dev/xvda",
                    "ebs": {
                        "encrypted": "true",
                        "volume_type": "gp3",
                        "volume_size": 30,
                        "delete_on_termination": "true",
                    },
                }
            ],
            update_default_version=False,
            tags=self._tags,
            opts=pulumi.ResourceOptions.merge(
                self._child, pulumi.ResourceOptions(depends_on=[role.rights, parameter, *files])
            ),
        )
        self.template_id = template.id
        self.template_version = template.latest_version.apply(str)
        self.security_group_id = group.id
        self.role_name = role.role.name
        self.log_group_name = logs.name
        self.log_group_arn = logs.arn
        self.register_outputs(declared_outputs(self, AwsLaunchTemplate))

    def _security_group(self) -> "aws.ec2.SecurityGroup":
        group = aws.ec2.SecurityGroup(
            f"{self._name}-group",
            description=f"Hosts of {self._name}",
            vpc_id=self._host.vpc_id,
            tags=self._tags,
            opts=self._child,
        )
        allow_out(self._name, group.id, self._host.egress, tags=self._tags, opts=self._child)
        if self._host.database_security_group_id is not None:
            allow_between(
                f"{self._name}-to-database",
                client_group=group.id,
                server_group=self._host.database_security_group_id,
                port=DATABASE_PORT,
                description="PostgreSQL from the hosts",
                tags=self._tags,
                opts=self._child,
            )
        return group

    def _newest_image(self, instance_type: str) -> pulumi.Output[str]:
        path = self._lookups.architectures(instance_type).apply(newest_image_parameter)
        return self._lookups.public_parameter(path)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
