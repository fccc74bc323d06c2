"""Rules for numbers, words, true and false."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from components.inputs.choice import one_of, true_or_false
from components.inputs.number import number, whole_number

WHOLE = whole_number("memory in MB", 512, 1024, "a reason")
WHOLE_RULE = "must be memory in MB, a whole number from 512 to 1024 (a reason)"
NUMBER = number("processors", 0.5, 4)
NUMBER_RULE = "must be processors, a number from 0.5 to 4"
WORD = one_of("production", "development", hint={"Production": "the case matters"})


@pytest.mark.parametrize(
    ("parse", "raw", "value"),
    [
        pytest.param(WHOLE, "512", 512, id="lowest"),
        pytest.param(WHOLE, "1024", 1024, id="highest"),
        pytest.param(WHOLE, 768, 768, id="integer"),
        pytest.param(WHOLE, 768.0, 768, id="other languages send floats"),
        pytest.param(NUMBER, "0.5", 0.5, id="lowest number"),
        pytest.param(NUMBER, "4", 4.0, id="highest number"),
        pytest.param(NUMBER, 1, 1.0, id="integer as number"),
        pytest.param(WORD, "production", "production", id="word"),
        pytest.param(true_or_false, "true", True, id="true"),
        pytest.param(true_or_false, "false", False, id="false"),
        pytest.param(true_or_false, True, True, id="boolean"),
    ],
)
def test_good_value(parse: Callable[[object], object], raw: object, value: object) -> None:
    parsed = parse(raw)
    assert parsed == value
    assert type(parsed) is type(value)


@pytest.mark.parametrize(
    ("parse", "raw", "rule"),
    [
        *[
            pytest.param(WHOLE, raw, WHOLE_RULE, id=f"whole {raw}")
            for raw in ("511", "1025", "0", "-1", "lots", "512.5")
        ],
        *[
            pytest.param(WHOLE, raw, WHOLE_RULE, id=f"whole {raw}")
            for raw in ("nan", "inf", "1e999", "0x200", True, [])
        ],
        *[
            pytest.param(NUMBER, raw, NUMBER_RULE, id=f"number {raw}")
            for raw in ("0.49", "4.1", "-1", "one", "nan", "inf")
        ],
        pytest.param(WORD, "staging", "must be exactly production or development", id="unknown word"),
        pytest.param(WORD, "Production", "must be exactly production or development; the case matters", id="hint"),
        pytest.param(WORD, ["production"], "must be exactly production or development", id="list"),
        *[
            pytest.param(true_or_false, raw, "must be exactly true or false", id=f"boolean {raw}")
            for raw in ("True", "yes", "1", 1, 0)
        ],
    ],
)
def test_bad_value(parse: Callable[[object], object], raw: object, rule: str) -> None:
    with pytest.raises(ValueError, match="must") as refused:
        parse(raw)
    assert str(refused.value) == rule
