"""`make image`: the newest machine image and the digests of the container images, written into the stack's file.

This is how the hosts of a stack on AWS are patched when it suits the user.
"""

from __future__ import annotations

import sys

from components.aws.host.machine_image import newest_image_parameter

from . import image_digest, stack_file
from .aws_client import AwsError, call
from .stack import Stack


def pin_images(stack: Stack) -> None:
    """Write the newest machine image for the hosts into the stack's file, and the digests of the container images."""
    if not stack.is_on_aws:
        sys.exit(f"error: only stacks on AWS have a host image, and kotauth:target of {stack.name} is not aws")
    from components.aws.compute.capacity import INSTANCE_TYPE  # noqa: PLC0415 - loads Pulumi's SDK
    from components.inputs.error import InvalidInputError  # noqa: PLC0415

    try:
        images = image_digest.images(stack.setting)
        host_image = newest(stack.setting("aws:region"), stack.setting("instanceType") or INSTANCE_TYPE)
    except AwsError as error:
        sys.exit(f"error: AWS does not return the newest image: {error}")
    except InvalidInputError as error:
        sys.exit(f"error: {error}")
    registries, pins, unresolved = image_digest.Registries(), {"hostImageId": host_image}, list[str]()
    for setting, image in images.items():
        try:
            pins[setting] = registries.pinned(image)
        except image_digest.UnresolvedError as error:
            unresolved.append(f"error: {error}")
    text = stack.file.read_text(encoding="utf-8")
    for setting, value in pins.items():
        before, text = text, stack_file.pin(text, setting, value)
        print(f"{stack.file.name}: kotauth:{setting} is {'unchanged:' if text == before else 'now'} {value}")
    stack.file.write_text(text, encoding="utf-8")
    print(f"`make preview STACK={stack.name}` shows which hosts it replaces.")
    if unresolved:
        sys.exit("\n".join(unresolved))


def newest(region: str, instance_type: str) -> str:
    """Return the id of the newest image in the region that this instance type can run."""
    (description,) = call("ec2", region, "describe_instance_types", InstanceTypes=[instance_type])["InstanceTypes"]
    # The program reads the same parameter where nothing is pinned.
    parameter = newest_image_parameter(description["ProcessorInfo"]["SupportedArchitectures"])
    return call("ssm", region, "get_parameter", Name=parameter)["Parameter"]["Value"]
