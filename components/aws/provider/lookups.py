"""What AWS answers through the provider of a component.

At preview, the configuration of a provider can be unknown, for example because the program makes the provider's role.
Pulumi's engine then answers every question with an empty object. Here such an answer is unknown, like everything that
follows from it. At update, the provider is configured before it is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import pulumi
import pulumi_aws as aws

_Value = TypeVar("_Value")
_UNKNOWN: Any = pulumi.UNKNOWN


class Lookups:
    """The questions to AWS. Methods whose names end with `_now` return plain values, the others Outputs."""

    def __init__(self, parent: pulumi.Resource | None) -> None:
        """Ask through the provider that children of ``parent`` have."""
        self._options = pulumi.InvokeOutputOptions(parent=parent)
        self._options_now = pulumi.InvokeOptions(parent=parent)

    @property
    def partition(self) -> pulumi.Output[str]:
        """Partition, such as `aws`."""
        return _known(aws.get_partition_output(opts=self._options).partition)

    @property
    def region(self) -> pulumi.Output[str]:
        """Region, such as `eu-central-1`."""
        return _known(aws.get_region_output(opts=self._options).region)

    @property
    def account(self) -> pulumi.Output[str]:
        """Id of the account."""
        return _known(aws.get_caller_identity_output(opts=self._options).account_id)

    def architectures(self, instance_type: str) -> pulumi.Output[Sequence[str]]:
        """Return the architectures of an EC2 instance type."""
        kind = aws.ec2.get_instance_type_output(instance_type=instance_type, opts=self._options)
        return _known(kind.supported_architectures)

    def public_parameter(self, name: pulumi.Input[str]) -> pulumi.Output[str]:
        """Return the value of a parameter that AWS publishes in Systems Manager."""
        # The plain form: the value of a public parameter is no secret, and would hide the image from every preview.
        return _known(aws.ssm.get_parameter_output(name=name, opts=self._options).insecure_value)

    def subnets(self, ids: pulumi.Input[Sequence[pulumi.Input[str]]]) -> pulumi.Output[list[aws.ec2.GetSubnetResult]]:
        """Return the subnets with these ids, in the same order."""
        return pulumi.Output.from_input(ids).apply(
            lambda known: pulumi.Output.all(
                *(aws.ec2.get_subnet_output(id=subnet, opts=self._options).apply(_described) for subnet in known)
            )
        )

    def region_now(self) -> str | None:
        """Return the region; None if it is unknown."""
        return aws.get_region(opts=self._options_now).region or None

    def subnets_now(self, ids: Sequence[str]) -> Sequence[aws.ec2.GetSubnetResult] | None:
        """Return the subnets with these ids, in the same order; None if they are unknown."""
        found = [aws.ec2.get_subnet(id=subnet, opts=self._options_now) for subnet in ids]
        return found if all(subnet.id for subnet in found) else None


def _known(value: pulumi.Output[_Value]) -> pulumi.Output[_Value]:
    """Return a property of an answer, unknown if the answer is empty."""
    return value.apply(lambda given: _UNKNOWN if given is None else given)


def _described(subnet: aws.ec2.GetSubnetResult) -> aws.ec2.GetSubnetResult:
    return subnet if subnet.id else _UNKNOWN
