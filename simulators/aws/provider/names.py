"""Physical names as the real provider makes them: the resource's name and seven digits, known at preview."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..schema import sdk


@dataclass(frozen=True)
class Naming:
    """How the name of a type is made; by default the property `name`, up to 255 characters."""

    input: str = "name"
    longest: int = 255
    separator: str = "-"
    digits: int = 7
    before: Callable[[str], str] = str
    """Applied to the resource's name."""
    after: Callable[[str], str] = str
    """Applied to the whole."""


# From pulumi-aws's resources.go.
_SPECIAL: dict[str, Naming] = {
    "aws:iam/role:Role": Naming(longest=64),
    "aws:kms/alias:Alias": Naming(longest=238, after="alias/{}".format),
    "aws:lambda/function:Function": Naming(longest=64),
    "aws:lb/loadBalancer:LoadBalancer": Naming(longest=32),
    "aws:lb/targetGroup:TargetGroup": Naming(longest=32),
    "aws:rds/instance:Instance": Naming("identifier", separator=""),
    "aws:s3/bucket:Bucket": Naming("bucket", 63, before=str.lower),
    "aws:s3/bucketObjectv2:BucketObjectv2": Naming("key", separator="", digits=0),
    "aws:sns/topic:Topic": Naming(longest=80),
}
_DESCRIBED = (
    "aws:ec2/securityGroup:SecurityGroup",
    "aws:rds/parameterGroup:ParameterGroup",
    "aws:rds/subnetGroup:SubnetGroup",
)
PREFIXES = {"namePrefix": "name", "bucketPrefix": "bucket", "identifierPrefix": "identifier"}


class TooLongError(Exception):
    """The name would be too long."""


def naming(token: str) -> Naming | None:
    """Return how the type is named; None if the program has to say, or there is no name."""
    found = _SPECIAL.get(token, Naming())
    inputs = sdk.schema(token).inputs
    return found if inputs.types.get(found.input) is str and found.input not in inputs.required else None


def add(token: str, resource: str, inputs: dict[str, Any], old: Mapping[str, Any], seed: bytes) -> None:
    """Give the resource a name, and where AWS wants one a description, if the program doesn't; a name stays.

    Raises:
        TooLongError: The name is longer than the provider allows.
    """
    defaults: list[str] = []
    if token in _DESCRIBED and "description" not in inputs:
        inputs["description"] = "Managed by Pulumi"
        defaults.append("description")
    how = naming(token)
    if how and how.input not in inputs and not any(PREFIXES.get(name) == how.input for name in inputs):
        kept = how.input in old.get("__defaults", ())
        inputs[how.input] = old[how.input] if kept else _make(how, resource, seed)
        defaults.append(how.input)
    inputs["__defaults"] = defaults


def _make(how: Naming, resource: str, seed: bytes) -> str:
    prefix = how.before(resource) + how.separator
    if len(prefix) + how.digits > how.longest:
        raise TooLongError(
            f"name '{prefix}' plus {how.digits} random chars is longer than maximum length {how.longest}"
        )
    return how.after(prefix + hashlib.sha256(seed or secrets.token_bytes(16)).hexdigest()[: how.digits])


def is_the_program_s(token: str, inputs: Mapping[str, Any]) -> bool:
    """Whether the program set the physical name itself, so that two of the resource can't exist at a time."""
    how = naming(token)
    return how is not None and how.input in inputs and how.input not in inputs.get("__defaults", ())


def complete(inputs: Mapping[str, Any], ending: Callable[[], str]) -> dict[str, Any]:
    """Return the inputs with a full name in the place of a prefix."""
    found = dict(inputs)
    for prefix, name in PREFIXES.items():
        if prefix in found and name not in found:
            found[name] = found.pop(prefix) + ending()
    return found
