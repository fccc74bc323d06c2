"""Checks values with cfn-lint, which has AWS's lists of instance classes, engine versions and runtimes."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cfnlint.config import ConfigMixIn
from cfnlint.core import get_rules
from cfnlint.decode.decode import decode_str
from cfnlint.runner.template import run_template_by_data

from simulators.aws.cloud.cloud import REGION


@dataclass(frozen=True, order=True)
class Finding:
    """Something that cfn-lint holds to be wrong."""

    rule: str
    place: str
    """Logical id and path of the property."""
    message: str


@functools.cache
def _rules() -> Any:
    return get_rules([], [], [])


def lint(template: Mapping[str, Any]) -> list[Finding]:
    """Return what cfn-lint finds in a template: errors and warnings."""
    # By way of a text with lines, because that is what it tells findings apart by.
    decoded, errors = decode_str(json.dumps(template, indent=0))
    found: list[Any] = list(errors or run_template_by_data(decoded or {}, ConfigMixIn([], regions=[REGION]), _rules()))
    return sorted(Finding(each.rule.id, ".".join(map(str, each.path[1:])), each.message) for each in found)
