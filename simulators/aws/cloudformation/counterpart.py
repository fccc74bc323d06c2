"""Maps one type of the AWS provider to CloudFormation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Without:
    """An input that CloudFormation has nothing for."""

    reason: str


FLAT = "."
"""The members of the block belong to what is around it."""
Name = str | Without | Callable[[Any], dict[str, Any]]
"""Another name, with dots for one inside a block; or a function from the value to properties."""


@dataclass(frozen=True)
class Counterpart:
    """A type of CloudFormation."""

    type: str
    names: Mapping[str, Name] = field(default_factory=dict)
    """By the path of the input, with dots and without indices."""
    inside: str = ""
    """Block that has what the resource itself has not."""
    part_of: str = ""
    """The input that names the resource whose properties these are: no resource of its own."""
    always: Mapping[str, Any] = field(default_factory=dict)
    """Properties that the provider's type implies."""
    attributes_in: str = ""
    """The list of keys and values that has these inputs:"""
    attribute_keys: Mapping[str, str] = field(default_factory=dict)
    ref: str = "id"
    """The output that `Ref` is."""
    attributes: Mapping[str, str] = field(default_factory=dict)
    """The outputs that `Fn::GetAtt` knows, with their names there."""


WITHOUT = {
    "aws:acm/certificateValidation:CertificateValidation": "waits for a certificate, is nothing by itself",
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": "takes over a group that AWS makes; only custom resources do",
    "aws:lambda/invocation:Invocation": "a call of a function; only custom resources do",
    "aws:s3/bucketObjectv2:BucketObjectv2": "an object's content; only custom resources do",
    "aws:secretsmanager/secretVersion:SecretVersion": "a property of the secret there; its value stays encrypted here",
}
"""Types that have no counterpart, and why."""
