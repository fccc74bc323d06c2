"""The two programs of many violations are found as each violation by itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from policy.testing import aws_program
from policy.testing import docker_program as program
from policy.testing.change import Resources
from policy.testing.wire import RULES

from .batch import APART, NOT_PLAYED, together
from .changed import compliant


@pytest.mark.parametrize(("of", "rules"), [(program.compliant, 45), (aws_program.compliant, 70)])
def test_rules_that_share_a_program_are_found_there(of: Callable[[], Resources], rules: int) -> None:
    changes, expected = together(of)
    found = compliant(of).violations(changes)
    assert {f"{violation.rule}@{violation.resource}" for violation in found} == expected, "see APART"
    assert len({violation.rule for violation in found}) >= rules


def test_what_is_left_out_is_a_rule() -> None:
    assert {*APART, *NOT_PLAYED} <= {rule.name for rule in RULES}
