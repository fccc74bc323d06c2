"""The newest machine image of a stack's hosts: how they are patched when it suits you."""

from __future__ import annotations

from components.aws.host.machine_image import newest_image_parameter


def newest(region: str, instance_type: str) -> str:
    """Return the id of the newest image in the region that this instance type can run."""
    import boto3  # noqa: PLC0415 - half a second, only where AWS is asked

    ec2, ssm = (boto3.client(service, region_name=region or None) for service in ("ec2", "ssm"))
    (kind,) = ec2.describe_instance_types(InstanceTypes=[instance_type])["InstanceTypes"]
    name = newest_image_parameter(kind["ProcessorInfo"]["SupportedArchitectures"])
    return ssm.get_parameter(Name=name)["Parameter"]["Value"]
