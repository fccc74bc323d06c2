"""cfn-lint, which has AWS's own lists of values: instance classes, engine versions, retention times, runtimes."""

from __future__ import annotations

import functools
import json
from typing import Any

from cfnlint.config import ConfigMixIn
from cfnlint.core import get_rules
from cfnlint.decode.decode import decode_str
from cfnlint.rules import RulesCollection
from cfnlint.runner.template import run_template_by_data

REGION = "eu-central-1"
MUTED = {
    "W3010": "a template for every region hardcodes no zone; the settings of a stack name theirs on purpose",
    "W3691": "takes a major version alone, by which RDS chooses the minor one, for one that is no longer offered",
}
"""Rules that say nothing here, and why. All other errors and warnings count."""


@functools.cache
def _rules() -> RulesCollection:
    return get_rules([], list(MUTED), [])


def problems(template: dict[str, Any]) -> list[str]:
    """Return what cfn-lint finds: rule, place and message."""
    # By way of a text, because a finding's identity is its line.
    decoded, errors = decode_str(json.dumps(template, indent=0))
    found = errors or run_template_by_data(decoded, ConfigMixIn([], regions=[REGION]), _rules())
    return sorted(f"{each.rule.id} {'.'.join(map(str, each.path[1:]))}: {each.message}" for each in found)
