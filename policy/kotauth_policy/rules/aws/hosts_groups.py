"""Auto Scaling groups and launch templates."""

from __future__ import annotations

from collections.abc import Iterator

from ...engine.resource import Resource
from ...engine.rule import Kind, Parameter, References, Settings, Severity
from ...engine.value import Value, seen
from ...engine.verdict import Verdict, fail, undecidable
from ...readers.aws.resources import (
    GROUP,
    INSTANCE,
    LAUNCH_TEMPLATE,
    SPOT_REQUEST,
)
from ...readers.aws.zones import zones
from .hosts import AREA

_FLOATING = ("$latest", "$default")


@AREA.rule(
    "spread-groups-over-zones",
    Severity.HIGH,
    "Spread the hosts of every Auto Scaling group over at least two availability zones.",
    remedy="Set `vpc_zone_identifiers` to subnets in two availability zones.",
    types=(GROUP,),
    references=References(hub=("AutoScaling.2",)),
    parameters=(Parameter("minimum", Kind.NUMBER, 2, "The minimum number of availability zones.", relaxes=True),),
)
def spread_groups_over_zones(group: Resource, settings: Settings) -> Iterator[Verdict]:
    """When one availability zone fails, the group replaces its hosts in another zone."""
    if zones(group, "vpcZoneIdentifiers", "availabilityZones") < settings.number("minimum"):
        yield fail("vpcZoneIdentifiers", f"covers fewer than {settings.number('minimum'):g} availability zones")


@AREA.rule(
    "pin-launch-template",
    Severity.MEDIUM,
    "Launch hosts from a numbered version of a launch template.",
    remedy="Set `version` of `launch_template` to the template's `latest_version`, and use no launch configuration.",
    types=(GROUP, INSTANCE, SPOT_REQUEST),
    references=References(hub=("AutoScaling.9",), checkov=("CKV_AWS_315",)),
)
def pin_launch_template(resource: Resource, _: Settings) -> Iterator[Verdict]:
    """With `$Latest`, the next host can be different without a change in any preview."""
    templates = list(_templates(resource))
    if resource.type == GROUP and not templates:
        yield fail("launchTemplate", "is not set")
    for template in templates:
        version = template.field("version")
        if version.is_unknown:
            if not resource.origins_of(version, LAUNCH_TEMPLATE):
                yield undecidable(version.path)
        elif (version.text() or "$Default").lower() in _FLOATING:
            yield fail(version.path, seen(version, "not a version number"))


def _templates(resource: Resource) -> Iterator[Value]:
    """Yield each launch template that a group or an instance uses, including those of single instance types."""
    mixed = resource.get("mixedInstancesPolicy").field("launchTemplate") if resource.type == GROUP else None
    named = [resource.get("launchTemplate")]
    if mixed:
        named += [mixed, *mixed.field("overrides").items()]
    specified = (named[0], *(each.field("launchTemplateSpecification") for each in named[1:]))
    yield from (each for each in specified if not each.is_absent)
