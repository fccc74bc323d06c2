"""The state of a stack as a CloudFormation template, so that AWS's own checks of values and relations apply.

Most names translate by themselves; `counterparts.py` has those that don't. What is translated neither way is an error,
so that nothing in the state escapes in silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from simulators.aws.cloud.cloud import REGION

from .counterpart import WITHOUT, Counterpart
from .counterparts import COUNTERPARTS
from .properties import Reference, Translation, UntranslatedError, merge

__all__ = ["UntranslatedError", "references_of", "template"]

Resource = Mapping[str, Any]
_OWN = "aws:"
"""Resources of other providers are not AWS's."""


def template(resources: Iterable[Resource]) -> dict[str, Any]:
    """Return the template of the resources of an exported state.

    Raises:
        UntranslatedError: A type or an input is neither translated nor listed as one that has no counterpart.
    """
    translated = {
        each["urn"]: each for each in resources if each["type"].startswith(_OWN) and each["type"] not in WITHOUT
    }
    known = {urn: _values(each) for urn, each in translated.items() if not _counterpart(each).part_of}
    found: dict[str, dict[str, Any]] = {}
    for urn in known:
        kind, properties = _translate(translated[urn], known)
        assert _logical_id(urn) not in found, f"two resources would be {_logical_id(urn)}"
        found[_logical_id(urn)] = {"Type": kind.type, "Properties": properties}
    for urn in translated.keys() - known.keys():
        part = translated[urn]
        kind, properties = _translate(part, known)
        (owner,) = references_of(part, kind.part_of)
        merge(found[_logical_id(owner)]["Properties"], properties)
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": dict(sorted(found.items()))}


def references_of(resource: Resource, name: str) -> list[str]:
    """Return the URNs of the resources that an input's value comes from."""
    return (resource.get("propertyDependencies") or {}).get(name, [])


def _counterpart(resource: Resource) -> Counterpart:
    try:
        return COUNTERPARTS[resource["type"]]
    except KeyError:
        raise UntranslatedError(f"{resource['type']} has no counterpart in the table") from None


def _translate(resource: Resource, known: Mapping[str, Mapping[str, Any]]) -> tuple[Counterpart, dict[str, Any]]:
    kind = _counterpart(resource)

    def refer(name: str) -> Reference:
        sources = [known[urn] for urn in references_of(resource, name) if urn in known]
        return lambda value: next((source[value] for source in sources if value in source), value)

    inputs = {name: value for name, value in resource["inputs"].items() if name != "__defaults"}
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, kind.type)
    return kind, Translation(resource["type"], kind, schema, refer).properties(inputs)


def _values(resource: Resource) -> dict[str, Any]:
    """Return how another resource of the template refers to what AWS computed of this one."""
    kind, name = _counterpart(resource), _logical_id(resource["urn"])
    outputs = {**resource.get("outputs", {}), "id": resource["id"]}
    found = {outputs[output]: {"Fn::GetAtt": [name, attribute]} for output, attribute in kind.attributes.items()}
    return {**found, outputs[kind.ref]: {"Ref": name}}


def _logical_id(urn: str) -> str:
    kind, name = urn.split("::")[-2:]
    return re.sub(r"[^A-Za-z0-9]", "", f"{kind.rpartition(':')[2]} {name}".title())
