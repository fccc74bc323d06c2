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
    subnets_here = sources(resource, subnets, SUBNET)
    value = resource.get(subnets)
    if value.is_unknown and subnets_here:
        return len(subnets_here)
    elements = [element.field("subnetId") if isinstance(element.raw, dict) else element for element in value.items()]
    ours = [element for element in elements if resource.origins_of(element, SUBNET)]
    places = [subnet.get("availabilityZone") for subnet in subnets_here]
    if ours and not any(place.is_unknown or place.is_absent for place in places):
        return len({place.text() for place in places}) + len(elements) - len(ours)
    return len(elements)
