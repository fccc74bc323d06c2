"""A single host that ends TLS itself, without a load balancer: a fixed address, and a volume for the certificates.

Only one host at a time can hold the address and the volume. So a changed host is deleted before the new one is made,
which takes minutes without service. A host that fails is restarted only by EC2's automatic recovery.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from ...inputs.aws_ids import parse_subnet_id, plain
from ...inputs.declaration import value
from ...inputs.number import whole_number
from ...inputs.parsing import parse_args
from ...inputs.shape import settled
from ...inputs.text import pattern
from ...schema.outputs import declared_outputs
from ...schema.tokens import token
from ...workload.spec import ContainerSpec
from ..host.description import HTTPS_PORT, VOLUME_DEVICE
from ..security.secret import SecretReference
from ..security.security_groups import Egress, allow_in
from .boot_gate import AwsBootGate, AwsBootGateArgs
from .host_inputs import HostInputs, WatchedContainer, passed_on
from .launch_template import AwsLaunchTemplate

_HTTP_PORT = 80
_PORTS = {_HTTP_PORT: "Redirect to https, and certificate challenges", HTTPS_PORT: "The public https port"}


_parse_zone = pattern(
    r"[a-z]{2}(-[a-z]+)+-[0-9](-[a-z]+-[0-9])?[a-z]", "must be an availability zone such as eu-central-1a"
)


@dataclass(frozen=True, kw_only=True)
class _SingleHostInputs(HostInputs):
    public_port: ClassVar[int | None] = HTTPS_PORT
    subnet_id: pulumi.Input[str] = value(parse_subnet_id)
    availability_zone: pulumi.Input[str] = value(plain(_parse_zone))
    volume_gb: int = value(whole_number("size in GB", 1, 1024), default=1)

    @property
    def has_volume(self) -> bool:
        """Whether the containers may have volumes."""
        return True


class AwsSingleHostArgs(TypedDict):
    """Inputs of `AwsSingleHost`."""

    vpc_id: pulumi.Input[str]
    """The host's VPC."""
    subnet_id: pulumi.Input[str]
    """Public subnet of the host."""
    availability_zone: pulumi.Input[str]
    """Availability zone of the subnet. The volume is created in the same zone."""
    containers: list[ContainerSpec]
    """Containers of the host, in start order. Exactly one publishes port 443. Ports 443 and 80 are open to the
    internet."""
    database_security_group_id: NotRequired[pulumi.Input[str]]
    """Security group of the database. The component adds a rule for the host to it."""
    egress: NotRequired[list[Egress]]
    """TCP ports on which the host may reach the internet. Default 443, 465 and 587."""
    secrets: NotRequired[dict[str, SecretReference]]
    """Secret files of the containers, by file name, each with the secret that holds the content."""
    watch: NotRequired[WatchedContainer]
    """Container whose health the host checks every 20 seconds. Default the first one, on port 8080 at `/health`. After
    three failed checks in a row, the host restarts what does not answer: this container, the container on port 443, or
    Docker."""
    instance_type: NotRequired[str]
    """EC2 instance type. Default `t4g.small`."""
    image_id: NotRequired[pulumi.Input[str]]
    """AMI of the host. Default the newest ECS-optimized Amazon Linux 2023, so any update may replace the host."""
    volume_gb: NotRequired[int]
    """Size of the volume in GB. Default 1; certificates are small."""
    log_retention_days: NotRequired[int]
    """Days that logs are kept. Default 365."""
    kms_key_arn: NotRequired[pulumi.Input[str]]
    """KMS key of the logs. By default the component creates one for each log."""
    deletion_protection: NotRequired[bool]
    """Whether the address and the volume are protected from deletion. Default true."""
    tags: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Tags for every child."""


class AwsSingleHost(pulumi.ComponentResource):
    """A host with a fixed public address."""

    public_ip: pulumi.Output[str]
    """Fixed public IPv4 address. DNS must resolve the public name to it."""
    instance_id: pulumi.Output[str]
    """Id of the host, known once it runs with its address and its volume."""
    ready: pulumi.Output[str]
    """Known once the host reports that its containers are healthy. It does not check the public name."""
    gate_function_name: pulumi.Output[str]
    """Function that waits for the host."""
    log_group_name: pulumi.Output[str]
    """Log group of the host."""
    security_group_id: pulumi.Output[str]
    """Security group of the host."""

    def __init__(self, name: str, args: AwsSingleHostArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Make the address and the volume, and the host that holds them."""
        args = settled(args)
        inputs = parse_args(_SingleHostInputs, AwsSingleHostArgs, name, args)
        super().__init__(token("AwsSingleHost"), name, {"volume_gb": inputs.volume_gb}, opts)
        child, tags = pulumi.ResourceOptions(parent=self), inputs.tags
        # Names point to the address, and a new volume's certificates would count against the authority's limits.
        # Never False, which would undo the protection of the whole component.
        protected = pulumi.ResourceOptions(parent=self, protect=inputs.deletion_protection or None)

        address = aws.ec2.Eip(f"{name}-address", domain="vpc", tags={**tags, "Name": name}, opts=protected)
        volume = aws.ebs.Volume(
            f"{name}-volume",
            availability_zone=inputs.availability_zone,
            size=inputs.volume_gb,
            type="gp3",
            encrypted=True,
            tags={**tags, "Name": name},
            opts=protected,
        )
        template = AwsLaunchTemplate(name, passed_on(args, in_group=False, volume_id=volume.id), child)
        ingress_rules = allow_in(f"{name}-from", template.security_group_id, _PORTS, tags=tags, opts=child)
        instance = aws.ec2.Instance(
            name,
            subnet_id=inputs.subnet_id,
            launch_template={"id": template.template_id, "version": template.template_version},
            # Nothing here about a public address: either value sends a network interface, which EC2 refuses beside the
            # template's security groups, and with the address attached a refresh would replace the host.
            vpc_security_group_ids=[template.security_group_id],
            # Else the provider turns off what the template says.
            monitoring=True,
            tags={**tags, "Name": name},
            opts=pulumi.ResourceOptions.merge(
                child,
                pulumi.ResourceOptions(
                    replace_on_changes=["launchTemplate"],
                    delete_before_replace=True,
                    depends_on=[template, *ingress_rules],
                ),
            ),
        )
        deleted_first = pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(delete_before_replace=True))
        attachment = aws.ec2.VolumeAttachment(
            f"{name}-attachment",
            instance_id=instance.id,
            volume_id=volume.id,
            device_name=VOLUME_DEVICE,
            # Else it is pulled from under the running file system.
            stop_instance_before_detaching=True,
            opts=deleted_first,
        )
        association = aws.ec2.EipAssociation(
            f"{name}-association", instance_id=instance.id, allocation_id=address.id, opts=deleted_first
        )
        self.public_ip = address.public_ip
        self.instance_id = pulumi.Output.all(instance.id, attachment.id, association.id).apply(lambda ids: str(ids[0]))
        gate_args: AwsBootGateArgs = {
            "instance_id": self.instance_id,
            "log_group_arn": template.log_group_arn,
            "log_retention_days": inputs.log_retention_days,
            "tags": tags,
        }
        if inputs.kms_key_arn is not None:
            gate_args["kms_key_arn"] = inputs.kms_key_arn
        gate = AwsBootGate(f"{name}-boot-gate", gate_args, child)
        self.ready = gate.result
        self.gate_function_name = gate.function_name
        self.log_group_name = template.log_group_name
        self.security_group_id = template.security_group_id
        self.register_outputs(declared_outputs(self, AwsSingleHost))
