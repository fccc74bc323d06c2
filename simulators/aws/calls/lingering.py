"""Network interfaces that Lambda keeps for a while after a function in a VPC is gone.

Lambda removes them with the rights of the function's role. Until then they hold their subnet and security group, for
which the real provider waits (`deleteLingeringENIs` in its internal/service/ec2), and then it deletes what is left.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from .kind import Call, RefusedError, is_gone

if TYPE_CHECKING:
    from collections.abc import Iterator

_RIGHT = "ec2:DeleteNetworkInterface"
_DESCRIPTION = "AWS Lambda VPC ENI-"


def leave(call: Call) -> None:
    """Leave the interfaces of a function that is deleted."""
    network = call.inputs.get("vpcConfig", {})
    role = call.inputs["role"].rpartition("/")[2]
    # With this input, the provider moves the interfaces to the VPC's default group.
    groups = [] if call.inputs.get("replaceSecurityGroupsOnDestroy") else network.get("securityGroupIds", [])
    for subnet in network.get("subnetIds", []):
        call.of_aws("ec2").create_network_interface(
            SubnetId=subnet, Description=f"{_DESCRIPTION}{role}", **({"Groups": groups} if groups else {})
        )


def remove(call: Call, holds: str) -> None:
    """Wait until Lambda has removed its interfaces from what is deleted (`group-id`, `subnet-id`), and delete them.

    Raises:
        RefusedError: Lambda never does, because the role or its right is gone.
    """
    for interface in _of(call, holds):
        role = interface["Description"].removeprefix(_DESCRIPTION)
        if not _may_remove(call, role):
            raise RefusedError(
                f"DependencyViolation: {call.id} has a dependent object, {interface['NetworkInterfaceId']}: Lambda has "
                f"lost the right to remove it with the role {role}"
            )
        try:
            call.client.delete_network_interface(NetworkInterfaceId=interface["NetworkInterfaceId"])
        except ClientError as error:
            if not is_gone(error):
                raise


def _of(call: Call, holds: str) -> Iterator[Any]:
    filters = [{"Name": holds, "Values": [call.id]}]
    for interface in call.client.describe_network_interfaces(Filters=filters)["NetworkInterfaces"]:
        if interface["Description"].startswith(_DESCRIPTION):
            yield interface


def _may_remove(call: Call, role: str) -> bool:
    statements = (statement for document in _rights(call, role) for statement in document["Statement"])
    return any(statement["Effect"] == "Allow" and _RIGHT in statement["Action"] for statement in statements)


def _rights(call: Call, role: str) -> Iterator[Any]:
    """Yield what the policies of a role allow; one may be deleted meanwhile, and the others still hold."""
    iam = call.of_aws("iam")
    try:
        names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    except ClientError:
        return
    for name in names:
        with contextlib.suppress(ClientError):
            yield iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
