"""In how many availability zones a resource is."""

from __future__ import annotations

from ...engine.resource import Resource
from .resources import SUBNET, sources


def zones(resource: Resource, subnets: str, named: str | None = None) -> int:
    """Return how many zones ``resource`` is in, by its subnets or by the zones that it names.

    A subnet from elsewhere counts as one zone: nothing here tells where it is.
    """
    listed = resource.get(named).items() if named else []
    if listed:
        return len({zone.text() for zone in listed})
    found = sources(resource, subnets, SUBNET)
    value = resource.get(subnets)
    if value.is_unknown and found:
        return len(found)
    elements = [each.field("subnetId") if isinstance(each.raw, dict) else each for each in value.items()]
    ours = [each for each in elements if resource.origins_of(each, SUBNET)]
    places = [subnet.get("availabilityZone") for subnet in found]
    if ours and not any(place.is_unknown or place.is_absent for place in places):
        return len({place.text() for place in places}) + len(elements) - len(ours)
    return len(elements)
