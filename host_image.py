"""The machine image of a stack's hosts, pinned in the stack's file: how the hosts are patched when it suits you.

The file is changed line by line: a YAML library would write it without its comments.
"""

from __future__ import annotations

import re

_PARAMETER = "/aws/service/ecs/optimized-ami/amazon-linux-2023/{}recommended/image_id"
"""AWS's own: the newest ECS-optimized Amazon Linux 2023. The program reads the same one where nothing is pinned."""
_SET, _COMMENTED = (
    re.compile(rf"^( *){mark}(kotauth:hostImageId:)(?: +[^\s#]+)?", re.MULTILINE) for mark in ("", "# *")
)
_BLOCK = re.compile(r"^config: *(?:#.*)?\n(?P<indent> +)?", re.MULTILINE)


def newest(region: str, instance_type: str) -> str:
    """Return the id of the newest image in the region that this instance type can run."""
    import boto3  # noqa: PLC0415 - half a second, only where AWS is asked

    ec2, ssm = (boto3.client(service, region_name=region or None) for service in ("ec2", "ssm"))
    (kind,) = ec2.describe_instance_types(InstanceTypes=[instance_type])["InstanceTypes"]
    arm = "arm64/" if "arm64" in kind["ProcessorInfo"]["SupportedArchitectures"] else ""
    return ssm.get_parameter(Name=_PARAMETER.format(arm))["Parameter"]["Value"]


def pin(settings: str, image: str) -> str:
    """Return a stack's file with this image in it; a line that names one, also as a comment, is the place for it."""
    for line in (_SET, _COMMENTED):
        if line.search(settings):
            return line.sub(rf"\1\2 {image}", settings, count=1)
    if not (block := _BLOCK.search(settings)):
        raise ValueError("has no config block")
    indent = block["indent"] or "  "
    start = settings.index("\n", block.start()) + 1
    return f"{settings[:start]}{indent}kotauth:hostImageId: {image}\n{settings[start:]}"
