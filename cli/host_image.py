"""The newest machine image of a stack's hosts: how they are patched when it suits you."""

from __future__ import annotations

_PARAMETER = "/aws/service/ecs/optimized-ami/amazon-linux-2023/{}recommended/image_id"
"""AWS's own: the newest ECS-optimized Amazon Linux 2023. The program reads the same one where nothing is pinned."""


def newest(region: str, instance_type: str) -> str:
    """Return the id of the newest image in the region that this instance type can run."""
    import boto3  # noqa: PLC0415 - half a second, only where AWS is asked

    ec2, ssm = (boto3.client(service, region_name=region or None) for service in ("ec2", "ssm"))
    (kind,) = ec2.describe_instance_types(InstanceTypes=[instance_type])["InstanceTypes"]
    arm = "arm64/" if "arm64" in kind["ProcessorInfo"]["SupportedArchitectures"] else ""
    return ssm.get_parameter(Name=_PARAMETER.format(arm))["Parameter"]["Value"]
