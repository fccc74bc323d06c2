"""The benchmark: what it measures is what it says, and a broken budget fails it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from policy.bench import __main__ as bench
from policy.bench import budget, measured_stack
from policy.bench.budget import Cost, Figure
from policy.bench.pack_process import Run
from policy.testing.wire import analyze, register

RECORDED = measured_stack.record()


def test_a_block_breaks_no_rule() -> None:
    assert analyze(register(measured_stack.program)) == []


def test_each_copy_depends_on_itself_only() -> None:
    copies = measured_stack.copies(RECORDED, 300)
    urns = [resource.urn for resource in copies.resources]
    assert len(set(urns)) == 300
    assert urns == [resource.urn for resource in copies.stack.resources]
    dependencies = {
        (resource.urn[-2:], urn[-2:])
        for resource in copies.stack.resources
        for each in resource.propertyDependencies.values()
        for urn in each.urns
    }
    assert dependencies == {("-0", "-0"), ("-1", "-1"), ("-2", "-2")}
    assert not any(resource.urn.endswith("-0") for resource in RECORDED.stack.resources), "the original was changed"


def test_the_trivial_rules_read_what_is_there() -> None:
    source = ast.parse((Path(bench.__file__).parent / "trivial" / "__main__.py").read_text(encoding="utf-8"))
    (read,) = (
        ast.literal_eval(node.value)
        for node in source.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "READ"
    )
    there = {(resource.type, name) for resource in RECORDED.resources for name in resource.properties.fields}
    assert len(set(read)) == 28
    assert set(read) <= there


def cost(processor: float, start: float = 0.2, evaluation: float = 0.2) -> Cost:
    return Cost(start, evaluation, processor)


def kept(figures: list[Figure]) -> list[bool]:
    return [figure.is_kept for figure in figures if figure.limit is not None]


def test_the_least_of_each_counts() -> None:
    assert Cost.least([Run(3, 2, 1), Run(1, 3, 2)]) == Cost(1, 2, 1)


@pytest.mark.parametrize(
    ("costs", "expected"),
    [
        pytest.param({0: cost(1), 100: cost(1.1), 1000: cost(2), 10_000: cost(11)}, [True] * 4, id="linear"),
        pytest.param(
            {0: cost(1), 100: cost(1.1), 1000: cost(11), 10_000: cost(1001)}, [True, True, False, False], id="quadratic"
        ),
        pytest.param({0: cost(1, start=1.1), 100: cost(1.1)}, [False, True], id="slow start"),
        pytest.param({0: cost(1), 100: cost(1.1, evaluation=2.1)}, [True, False], id="slow"),
    ],
)
def test_budgets_of_the_pack(costs: dict[int, Cost], expected: list[bool]) -> None:
    assert kept(budget.of_pack(costs, 100)) == expected


def test_a_resource_is_compared_without_the_start() -> None:
    ours, other = {0: cost(1), 100: cost(1.1)}, {0: cost(9), 100: cost(9.05)}
    figures = budget.beside("other", ours, other, 100)
    assert [round(figure.value, 2) for figure in figures] == [0.11, 2.0]
    assert kept(figures) == [False]


def test_only_our_share_of_a_preview_has_a_budget() -> None:
    figures = budget.of_preview({"": 3.0, "kotauth": 4.0, "other": 30.0}, "kotauth")
    assert [figure.value for figure in figures] == [0.25, 0.9]
    assert kept(figures) == [True]
    assert kept(budget.of_preview({"": 3.0, "kotauth": 6.0}, "kotauth")) == [False]


@pytest.mark.parametrize(("value", "code"), [(1.0, 0), (1.01, 1)])
def test_a_broken_budget_is_named_and_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], value: float, code: int
) -> None:
    monkeypatch.setattr("sys.argv", ["bench"])
    monkeypatch.setattr(bench, "measure", lambda _: {"Section": [Figure("start", value, "s", 1.0), Figure("shown", 9)]})
    assert bench.main() == code
    printed = capsys.readouterr().out
    assert ("BROKEN: start" in printed) == bool(code)
    assert ("kept" in printed) == (not code)
    assert "  shown    9.00\n" in printed
