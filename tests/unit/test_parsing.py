"""Raw values become a frozen dataclass as a whole, or are refused with every problem at once."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import FrozenInstanceError, dataclass
from typing import Any, NotRequired, TypedDict

import pulumi
import pytest

from components.inputs.declaration import Problem, derived, optional, own_name, section, together, value
from components.inputs.error import InvalidInputError
from components.inputs.number import whole_number
from components.inputs.parsing import parse, parse_args, parse_some
from components.inputs.problems import Problems
from components.inputs.text import items
from tests.own_loop import run_alone

MEMORY = whole_number("memory in MB", 512, 1024, "a reason")
MEMORY_RULE = "must be memory in MB, a whole number from 512 to 1024 (a reason)"
PORT = whole_number("a port", 1, 100)
PORT_RULE = "must be a port, a whole number from 1 to 100"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The limits."""

    memory: int = value(MEMORY, default=600)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Two ports, a note, names and the limits."""

    port: int = value(PORT)
    other_port: int = derived(PORT, lambda place: place.port + 1)
    note: str | None = optional(str)
    names: list[str] = value(items, default=[])
    token: int | None = optional(PORT, secret=True)
    limits: Limits = section(Limits)

    @property
    def first_port(self) -> int:
        return min(self.port, self.other_port)

    @together
    def check_ports(self) -> Iterator[Problem]:
        if self.port == self.other_port:
            yield Problem("other_port", self.other_port, "must differ from {port}, not from {colour}")

    @together
    def check_note(self) -> Iterator[Problem]:
        if self.note and self.first_port > 50:
            yield Problem("note", self.note, "is for ports up to 50")


def parsed(values: Mapping[str, object], **named: Any) -> Place:
    return parse(Place, values, Problems("it", **named))


def refusals(read: Callable[[], object]) -> list[str]:
    with pytest.raises(InvalidInputError) as refused:
        read()
    return str(refused.value).splitlines()


def test_all_values_or_their_defaults() -> None:
    assert parsed({"port": "7"}) == Place(
        port=7, other_port=8, note=None, names=[], token=None, limits=Limits(memory=600)
    )
    assert parsed({"port": 7, "other_port": 9.0, "note": "x", "memory": "512"}) == Place(
        port=7, other_port=9, note="x", names=[], token=None, limits=Limits(memory=512)
    )


@pytest.mark.parametrize("empty", ["", None])
def test_an_empty_value_is_an_absent_one(empty: object) -> None:
    assert parsed({"port": 7, "other_port": empty, "note": empty, "memory": empty}) == parsed({"port": 7})
    assert refusals(lambda: parsed({"port": empty})) == ["it is not valid:", '  port = "": is required']


def test_what_was_parsed_can_t_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        parsed({"port": 7}).port = 8  # pyright: ignore[reportAttributeAccessIssue]
    parsed({"port": 7}).names.append("x")
    assert parsed({"port": 7}).names == []


def test_all_problems_at_once_named_as_the_user_knows_them() -> None:
    values = {"PORT": "0", "MEMORY": "1", "COLOUR": "blue"}
    assert refusals(lambda: parsed(values, named=str.upper, prefix="kotauth:")) == [
        "3 values of it are not valid:",
        f'  kotauth:MEMORY = "1": {MEMORY_RULE}',
        f'  kotauth:PORT = "0": {PORT_RULE}',
        '  kotauth:COLOUR = "blue": is an unknown name: remove it',
    ]


def test_a_rule_between_values_names_the_others_as_the_user_does() -> None:
    (_, line) = refusals(lambda: parsed({"PORT": 7, "OTHER_PORT": 7}, named=str.upper, prefix="k:"))
    assert line == '  k:OTHER_PORT = "7": must differ from k:PORT, not from {colour}'


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"port": 0, "note": "x"}, ["port"]),
        ({"port": 60, "other_port": 60, "note": "x", "memory": 1}, ["memory", "other_port", "note"]),
        ({"port": 60, "other_port": 0, "note": "x"}, ["other_port"]),
    ],
)
def test_what_follows_from_a_bad_value_is_no_problem_of_its_own(values: dict[str, object], named: list[str]) -> None:
    assert [line.split(" = ")[0].strip() for line in refusals(lambda: parsed(values))[1:]] == named


def test_a_rule_may_hang_on_a_field_before() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Range:
        """A least number, and one from there on."""

        least: int = value(PORT)
        number: int = derived(
            None, lambda made: made.least, rule_from=lambda made: whole_number("a number", made.least, 100)
        )

    assert parse(Range, {"least": 5}, Problems("it")) == Range(least=5, number=5)
    rule = "must be a number, a whole number from 5 to 100"
    assert refusals(lambda: parse(Range, {"least": 5, "number": 4}, Problems("it")))[1:] == [f'  number = "4": {rule}']
    (_, line) = refusals(lambda: parse(Range, {"least": 0, "number": 4}, Problems("it")))
    assert line.startswith('  least = "0"')


def test_a_default_can_t_hang_on_a_field_after() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Backwards:
        """Two fields in the wrong order."""

        first: int = derived(PORT, lambda made: made.second)
        second: int = value(PORT, default=1)

    with pytest.raises(AttributeError, match="second"):
        parse(Backwards, {}, Problems("it"))


def test_a_fault_of_a_check_itself_is_not_hidden() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Faulty:
        port: int = value(PORT)

        @together
        def check(self) -> Iterator[Problem]:
            yield Problem("port", self.prot, "x")  # pyright: ignore[reportAttributeAccessIssue]

    with pytest.raises(AttributeError, match="prot"):
        parse(Faulty, {"port": "x"}, Problems("it"))


@pytest.mark.parametrize(
    ("name", "rule"),
    [("memorry", "is an unknown name: did you mean k:memory?"), ("colour", "is an unknown name: remove it")],
)
def test_an_unknown_name(name: str, rule: str) -> None:
    lines = refusals(lambda: parsed({"port": 7, name: "512"}, prefix="k:"))
    assert lines == ["it is not valid:", f'  k:{name} = "512": {rule}']


def test_a_name_that_is_known_elsewhere() -> None:
    assert parse(Place, {"port": 7, "labels": {}}, Problems("it"), also_known=["labels"]).port == 7


def test_a_secret_value_is_not_shown() -> None:
    values = {"port": "hunter2", "memory": "hunter2", "memorry": "hunter2", "token": "hunter2"}
    problems = Problems("it")
    problems.hide(["port", "memory"])
    lines = refusals(lambda: parse(Place, values, problems))
    assert [line.partition(" = ")[0].strip() for line in lines[1:]] == ["memory", "port", "token", "memorry"]
    assert "hunter2" not in "\n".join(lines)


def test_long_values_are_cut_and_lines_joined() -> None:
    (_, line) = refusals(lambda: parsed({"port": "x\n" + "y" * 1000}))
    assert line.startswith('  port = "x\\nyyy')
    assert len(line) < 250
    assert "y…" in line


def test_an_output_where_a_plain_value_is_needed() -> None:
    (_, line) = refusals(lambda: parsed({"port": pulumi.Output.from_input(7)}))
    assert line.startswith('  port = "an Output": must be a plain value: an Output may be unknown at preview')


def test_some_fields_alone() -> None:
    some = parse_some(Place, ["port", "other_port"], {"port": 7}, Problems("it"))
    assert (some.port, some.other_port) == (7, 8)
    assert len(refusals(lambda: parse_some(Place, ["memory"], {"port": 0, "memory": 1}, Problems("it")))) == 2


class BoxArgs(TypedDict):
    """Inputs of a component."""

    lid: NotRequired[pulumi.Input[str]]
    port: NotRequired[int]


def _short(raw: object) -> str:
    if len(str(raw)) > 3:
        raise ValueError("must be short")
    return str(raw)


@dataclass(frozen=True, kw_only=True)
class BoxInputs:
    """What the component decides by."""

    name: str = own_name(_short)
    lid: pulumi.Input[str] | None = optional()
    port: int = value(PORT, default=1)


def test_the_inputs_of_a_component_and_its_name() -> None:
    inputs = parse_args(BoxInputs, BoxArgs, "box", {"lid": pulumi.Output.from_input("oak")})
    assert inputs == BoxInputs(name="box", lid=inputs.lid, port=1)
    assert isinstance(inputs.lid, pulumi.Output)
    assert refusals(lambda: parse_args(BoxInputs, BoxArgs, "boxes", {"prt": 1})) == [
        "2 values of Box boxes are not valid:",
        '  prt = "1": is an unknown name: did you mean port?',
        '  name = "boxes": must be short',
    ]


def test_the_refusal_of_an_output_waits_until_the_sdk_has_started_its_server_for_hooks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An error before that ends Python with a segmentation fault."""
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    async def refused() -> None:
        lid: Any = parse_args(BoxInputs, BoxArgs, "box", {"lid": pulumi.Output.from_input(7)}).lid
        with pytest.raises(InvalidInputError, match='lid = "an Output": must be a text, not a number'):
            await lid.future()

    monkeypatch.setattr(asyncio, "sleep", sleep)
    run_alone(refused())
    assert waited == [0.1]
