"""What tests of the AWS components share: documents read back, and who misses its tags."""

from __future__ import annotations

import json
import keyword
from collections.abc import Mapping
from typing import Any

import pulumi_aws as aws

from tests.unit.recording import Declared, Registered

TAGS = {"team": "identity"}


def statements(resource: Registered, key: str = "policy") -> list[dict[str, Any]]:
    """Return the statements of a resource's IAM document, given as an object or as text."""
    document = resource.inputs[key]
    return (json.loads(document) if isinstance(document, str) else document)["Statement"]


def untagged(declared: Declared, tags: Mapping[str, str] = TAGS) -> list[str]:
    """Return the AWS resources that take tags and lack some of these."""
    return [
        f"{r.type} {r.name}"
        for r in declared.resources
        if r.type.startswith("aws:") and _takes_tags(r.type) and not tags.items() <= tags_of(r).items()
    ]


def tags_of(resource: Registered) -> dict[str, str]:
    """Return the tags of a resource; those of a group only where its instances get them, too."""
    tags = resource.inputs.get("tags", {})
    return tags if isinstance(tags, dict) else {tag["key"]: tag["value"] for tag in tags if tag["propagateAtLaunch"]}


def _takes_tags(kind: str) -> bool:
    """Say what the SDK says of a type such as `aws:ec2/vpc:Vpc`."""
    _, path, name = kind.split(":")
    service = path.partition("/")[0]
    module = getattr(aws, f"{service}_" if keyword.iskeyword(service) else service)
    return hasattr(getattr(module, name), "tags")
