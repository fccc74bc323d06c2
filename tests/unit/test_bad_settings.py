"""Each bad value is one line that names key, value and rule: as a stack's setting and as a deployment's input."""

from __future__ import annotations

import re
from typing import Any

import pytest

from components.config import target
from tests import bad_settings
from tests.unit.stack_settings import as_input, load, refusals


def rows(groups: list[tuple[dict[str, str], bad_settings.Rows]]) -> list[Any]:
    return [
        pytest.param(valid, key, value, rule, id=f"{valid.get('target', 'docker')}-{key}={value}")
        for valid, bad in groups
        for (key, value), rule in bad.items()
    ]


@pytest.mark.parametrize(("valid", "key", "value", "rule"), rows(bad_settings.STACKS))
def test_a_bad_setting(valid: dict[str, str], key: str, value: str, rule: str) -> None:
    assert refusals(load, {**valid, key: value}) == [f'kotauth:{key} = "{bad_settings.shown(value)}": {rule}']


@pytest.mark.parametrize(("valid", "key", "value", "rule"), rows(bad_settings.EVERYWHERE))
def test_a_bad_input(valid: dict[str, str], key: str, value: str, rule: str) -> None:
    of = target.load(valid.get("target", "docker")).settings
    args = {as_input(name): given for name, given in {**valid, key: value}.items() if name != "target"}
    inputs_rule = re.sub(r"kotauth:([a-z]\w*)", lambda name: as_input(name[1]), rule)
    expected = f'{as_input(key)} = "{bad_settings.shown(value)}": {inputs_rule}'
    assert refusals(lambda values: of.resolve(values, "it"), args) == [expected]


@pytest.mark.parametrize("valid", [valid for valid, _ in bad_settings.EVERYWHERE])
def test_beside_the_bad_values_all_is_valid(valid: dict[str, str]) -> None:
    load(valid)
