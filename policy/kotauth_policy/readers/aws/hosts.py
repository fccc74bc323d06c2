"""Launch settings of EC2 hosts: launch templates, disks and defaults of the account."""

from __future__ import annotations

from collections.abc import Iterator

from ...engine.resource import Resource
from ...engine.value import ABSENT, Value
from .resources import (
    EBS_DEFAULT_ENCRYPTION,
    EBS_VOLUME,
    ENCRYPTED_IMAGE,
    GROUP,
    LAUNCH_CONFIGURATION,
    LAUNCH_TEMPLATE,
    METADATA_DEFAULTS,
)


def launches_itself(host: Resource) -> bool:
    """Whether a host defines its own launch settings instead of a launch template's."""
    if host.type in (LAUNCH_TEMPLATE, LAUNCH_CONFIGURATION):
        return True
    template = host.get("launchTemplate")
    return not template.is_unknown and not template.fields()


def says(host: Resource, name: str) -> bool:
    """Whether a host itself decides a property: it sets the property, or has no launch template that could."""
    return launches_itself(host) or not host.get(name).is_absent


def metadata_option(host: Resource, name: str) -> Value | None:
    """Return an option of the metadata service, or the account's default; ``None`` where the service is off."""
    options = host.get("metadataOptions")
    if options.field("httpEndpoint").known_text() == "disabled":
        return None
    own = options.field(name)
    defaults = (
        [account_defaults.get(name) for account_defaults in host.in_stack().of_type(METADATA_DEFAULTS)]
        if own.is_absent
        else []
    )
    return next((default for default in defaults if not default.is_absent), own)


def disks(resource: Resource) -> Iterator[Value]:
    """Yield the encryption setting of each disk; nothing if the account encrypts all disks."""
    if any(each.get("enabled").flag() is not False for each in resource.in_stack().of_type(EBS_DEFAULT_ENCRYPTION)):
        return
    if resource.type == EBS_VOLUME:
        yield resource.get("encrypted")
    elif resource.type == LAUNCH_TEMPLATE:
        yield from _disks_of_template(resource)
    else:
        root = resource.get("rootBlockDevice").field("encrypted")
        image = "imageId" if resource.type == LAUNCH_CONFIGURATION else "ami"
        if launches_itself(resource) and not (root.is_absent and _is_encrypted(resource, image)):
            yield root
        added = (disk for disk in resource.get("ebsBlockDevices").items() if not disk.field("noDevice").flag())
        yield from (disk.field("encrypted") for disk in added)


def _disks_of_template(template: Resource) -> Iterator[Value]:
    found = [each.field("ebs") for each in template.get("blockDeviceMappings").items()]
    for disk in (each for each in found if not each.is_absent):
        # EC2 takes no word about encryption beside a snapshot, whose own encryption the disk has.
        if disk.field("snapshotId").is_absent or not disk.field("encrypted").is_absent:
            yield disk.field("encrypted")
    if all(disk.is_absent for disk in found) and not _is_encrypted(template, "imageId"):
        # Then the root disk is as the machine image has it.
        yield Value("blockDeviceMappings", ABSENT)


def _is_encrypted(host: Resource, image: str) -> bool:
    """Whether a host's machine image is a copy that the stack encrypts."""
    return any(
        machine_image.get("encrypted").flag() for machine_image in host.origins_of(host.get(image), ENCRYPTED_IMAGE)
    )


def instance_types(host: Resource) -> list[Value]:
    """Return each type of instance that a host can be launched as: its own, and those of the groups that launch it."""
    own = host.get("instanceType")
    groups = host.in_stack().consumers(host, GROUP) if host.type == LAUNCH_TEMPLATE else []
    policies = [group.get("mixedInstancesPolicy") for group, name in groups if name == "mixedInstancesPolicy"]
    overrides = [each for policy in policies for each in policy.field("launchTemplate").field("overrides").items()]
    others = [kind for each in overrides if not (kind := each.field("instanceType")).is_absent]
    return others or [own]
