"""Reading raw values: every bad one is named, with its rule, at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from components.inputs.reader import Inputs, InvalidInputError, number, one_of, true_or_false, whole_number

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


def problems(reader: Inputs) -> list[str]:
    with pytest.raises(InvalidInputError) as refused:
        reader.finish()
    return str(refused.value).splitlines()


def test_default_where_absent_or_empty() -> None:
    reader = Inputs({"empty": "", "none": None}, "it")
    assert [reader.take(key, WHOLE, 600) for key in ("absent", "empty", "none")] == [600, 600, 600]
    assert [reader.optional(key, WHOLE) for key in ("absent", "empty", "none")] == [None, None, None]
    reader.finish()


def test_all_problems_at_once_named_as_the_user_knows_them() -> None:
    reader = Inputs({"memory": "1", "cpus": "9", "url": ""}, "stack dev", named=str.lower, prefix="kotauth:")
    reader.take("memory", WHOLE, 512)
    reader.optional("cpus", NUMBER)
    reader.take("URL", str)
    assert problems(reader) == [
        "3 values of stack dev are not valid:",
        f'  kotauth:memory = "1": {WHOLE_RULE}',
        f'  kotauth:cpus = "9": {NUMBER_RULE}',
        '  kotauth:url = "": is required',
    ]


def test_one_problem() -> None:
    reader = Inputs({"memory": "1"}, "stack dev")
    reader.take("memory", WHOLE, 512)
    assert problems(reader) == ["stack dev is not valid:", f'  memory = "1": {WHOLE_RULE}']


def test_only_the_first_rule_that_a_value_breaks() -> None:
    reader = Inputs({"memory": "1"}, "it")
    reader.take("memory", WHOLE, 512)
    reader.problem("memory", 512, "must differ from cpus")
    assert problems(reader) == ["it is not valid:", f'  memory = "1": {WHOLE_RULE}']


def test_a_secret_value_is_not_shown() -> None:
    reader = Inputs({"key": "hunter2", "other": "hunter2"}, "it", secrets=["key", "other"])
    reader.take("key", WHOLE, 512)
    reader.optional("other", WHOLE)
    assert "hunter2" not in "\n".join(problems(reader))


@pytest.mark.parametrize(
    ("key", "problem"),
    [("memorry", "is not known; is memory meant?"), ("colour", "is not known")],
)
def test_unknown_key(key: str, problem: str) -> None:
    reader = Inputs({key: "512"}, "it")
    reader.take("memory", WHOLE, 512)
    assert problems(reader) == ["it is not valid:", f'  {key} = "512": {problem}']


def test_long_values_are_cut() -> None:
    reader = Inputs({"memory": "x" * 1000}, "it")
    reader.take("memory", WHOLE, 512)
    assert "x" * 120 + "…" in problems(reader)[1]
    assert len(problems(reader)[1]) < 250


def test_known_elsewhere() -> None:
    reader = Inputs({"labels": {}}, "it")
    reader.finish(also_known=["labels"])
