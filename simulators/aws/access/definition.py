"""The Service Authorization Reference, in the copy that parliament brings: actions, their resources, their keys."""

from __future__ import annotations

import functools
import importlib.util
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

GLOBAL_KEYS = frozenset({"aws:requestedregion", "aws:principalaccount", "aws:resourceaccount", "aws:securetransport"})
"""In the context of every request."""


class UnknownActionError(Exception):
    """There is no such action."""


@dataclass(frozen=True)
class Resource:
    """A type of resource that an action takes."""

    type: str
    """Its name, such as `security-group`."""
    arn: str
    """The form of its ARN, with `${Name}` for what varies."""
    required: bool
    """Whether each call names one."""
    keys: frozenset[str]
    """Condition keys of the action on it, in lower case; one that takes a tag's key ends with `/`."""

    def is_arn(self, arn: str) -> bool:
        """Whether an ARN is one of this type."""
        return _arn_pattern(self.arn).fullmatch(arn) is not None


@dataclass(frozen=True)
class Action:
    """An action."""

    name: str
    resources: tuple[Resource, ...]
    """Empty for an action that has none, and is asked for on `*`."""
    keys: frozenset[str]
    """Condition keys without regard to a resource."""

    def supports(self, key: str, resource: Resource | None = None) -> bool:
        """Whether AWS puts the key into the context of this action, on that type of resource."""
        plain = re.sub(r"/.*", "/", key.lower())
        return plain in GLOBAL_KEYS | self.keys | (resource.keys if resource else frozenset())


@functools.cache
def action(name: str) -> Action:
    """Return an action by its full name, such as `ec2:RunInstances`."""
    prefix, _, short = name.partition(":")
    service = _services().get(prefix, {"privileges": [], "resources": []})
    found = next((each for each in service["privileges"] if each["privilege"].lower() == short.lower()), None)
    if found is None:
        raise UnknownActionError(f"IAM has no action {name}: add to _ACTIONS of access/calls.py what AWS asks for")
    types = {each["resource"]: each for each in service["resources"]}
    rows = found["resource_types"]
    general = frozenset(key for row in rows if not row["resource_type"] for key in _keys(row))
    resources = [
        Resource(
            row["resource_type"].rstrip("*"),
            types[row["resource_type"].rstrip("*")]["arn"],
            row["resource_type"].endswith("*"),
            # EC2's reference repeats at each action which keys a resource has there; elsewhere it stands at the type.
            frozenset(_keys(row)) | (frozenset() if prefix == "ec2" else _of_type(types, row)),
        )
        for row in rows
        if row["resource_type"]
    ]
    return Action(f"{prefix}:{found['privilege']}", tuple(resources), general)


def _of_type(types: dict[str, Any], row: dict[str, Any]) -> frozenset[str]:
    keys = frozenset(_keys(types[row["resource_type"].rstrip("*")]))
    return frozenset(key for key in keys if "requesttag" not in key and "tagkeys" not in key)


def _keys(row: dict[str, Any]) -> list[str]:
    return [re.sub(r"\$\{.*", "", key).lower() for key in row["condition_keys"]]


@functools.cache
def _services() -> dict[str, Any]:
    spec = importlib.util.find_spec("parliament")
    assert spec
    assert spec.origin
    found = json.loads((Path(spec.origin).parent / "iam_definition.json").read_text(encoding="utf-8"))
    return {each["prefix"]: each for each in found}


@functools.cache
def _arn_pattern(form: str) -> re.Pattern[str]:
    """Return what ARNs of a form look like; accounts and regions may be empty."""
    head, tail = form.split(":", 5)[:5], form.split(":", 5)[5]
    parts = [re.sub(r"\\\$\\\{[^}]*\\\}", "[^:]*", re.escape(part)) for part in head]
    return re.compile(":".join(parts) + ":" + re.sub(r"\\\$\\\{[^}]*\\\}", ".*", re.escape(tail)))
