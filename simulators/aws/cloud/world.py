"""Adds to moto what its API can't create: hosted zones and images with a chosen id."""

from __future__ import annotations

import copy

from . import cloud


def add_hosted_zone(name: str, zone_id: str) -> None:
    """Make a public hosted zone with the id that the program's settings name."""
    from moto.route53.models import HostedZoneIdentifier, route53_backends  # noqa: PLC0415 - after its environment
    from moto.utilities.id_generator import moto_id_manager  # noqa: PLC0415

    # As Route 53 spells it. moto takes an id of one's choice for the name that the zone will have.
    full = name.rstrip(".") + "."
    moto_id_manager.set_custom_id(HostedZoneIdentifier(cloud.ACCOUNT, full, None), zone_id)
    route53_backends[cloud.ACCOUNT]["aws"].create_hosted_zone(full, private_zone=False)


def add_image(image_id: str, architecture: str, region: str) -> None:
    """Have an image of that id: one of Amazon's own for the architecture, under another id."""
    from moto.ec2.models import ec2_backends  # noqa: PLC0415 - after its environment

    images = ec2_backends[cloud.ACCOUNT][region].amis
    image = copy.copy(next(each for each in images.values() if each.architecture == architecture))
    image.id = image_id
    images[image_id] = image


def function_code(name: str, region: str) -> bytes:
    """Return the archive of a function."""
    from moto.awslambda_simple.models import lambda_simple_backends  # noqa: PLC0415 - after its environment

    return lambda_simple_backends[cloud.ACCOUNT][region].get_function(name).code_bytes
