"""The IAM documents in a state, and what parliament, which has AWS's own list of actions, finds in them."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # parliament finds its files through pkg_resources
    import parliament

# Documents that hang on one resource say "*" for it, or nothing. parliament knows only what a resource's ARN tells.
_HANG_ON = ("aws:iam/role:Role", "aws:kms/key:Key")


@dataclass(frozen=True, order=True)
class Finding:
    """Something that parliament holds to be wrong."""

    document: str
    """Where it is: the resource's name in the program."""
    statement: str
    """The statement's Sid, or its number."""
    issue: str
    detail: str


def documents(resources: Iterable[Mapping[str, Any]]) -> list[tuple[Mapping[str, Any], str]]:
    """Return each IAM document with the resource that has it; by what it looks like, not by the input's name."""
    return [
        (resource, text)
        for resource in resources
        for text in _texts(resource.get("inputs", {}))
        if text.lstrip().startswith("{") and '"Statement"' in text
    ]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def findings(resource: Mapping[str, Any], text: str) -> list[Finding]:
    """Return what is wrong with a document."""
    name = resource["urn"].rpartition("::")[2]
    try:
        written = json.loads(text)
    except ValueError as error:
        return [Finding(name, "", "MALFORMED_JSON", str(error))]
    statements = written["Statement"] if isinstance(written["Statement"], list) else [written["Statement"]]
    if resource["type"] in _HANG_ON:
        arn = resource.get("outputs", {})["arn"]
        statements = [each if each.get("Resource", "*") != "*" else {**each, "Resource": arn} for each in statements]
    # A line for each statement: the finding's line tells which.
    head = json.dumps({**written, "Statement": "@"})
    lines = head.replace('"@"', "[\n" + ",\n".join(map(json.dumps, statements)) + "\n]")
    found = parliament.analyze_policy_string(lines).findings
    return sorted(Finding(name, _sid(statements, each.location), each.issue, str(each.detail)) for each in found)


def _sid(statements: list[dict[str, Any]], location: Mapping[str, Any]) -> str:
    number = location.get("line", 0) - 2
    if not 0 <= number < len(statements):
        return ""
    return str(statements[number].get("Sid", number))
