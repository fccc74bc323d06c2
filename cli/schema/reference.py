"""docs/reference.md: a table of the inputs and outputs of each component, and an example, from the schema."""

from __future__ import annotations

import re
from collections.abc import Iterable

from components import COMPONENTS
from components.config.stack import camel_case

from . import examples
from .members import FIELD, INPUT, OUTPUT, Declared, Member
from .snapshot import ROOT

FILE = ROOT / "docs" / "reference.md"

_HEAD = """\
# Reference of the components

`make schema` writes this page from the docstrings of the components; do not edit it.
[library.md](library.md) says how to install the package and how to combine the components.

- Names and types are those of Python.
  YAML and TypeScript write the same names in camelCase: `vpc_id` is `vpcId`.
- An input of type `Input[…]` takes a plain value or an Output.
  Every other input takes only a plain value, because the value decides which resources the component creates.
- Every output is a `pulumi.Output` of its type.
- An example shows the inputs that a component requires.
  An id such as `vpc-0123456789abcdef0` stands for a resource of your own.
"""
_TYPES = """\
## Types of inputs

An input of one of these types is a dictionary with the fields in the table of the type.
"""
_PYTHON = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
_SENTENCES = re.compile(r"(?<=\.) +(?=[A-Z0-9`])")
_LONGEST_DEFAULT = 45
_IN_THE_TEXT = "see the meaning"
_OTHER_WORDS = {
    r"(\S+) \(default\)": r"\1",
    "By default the component creates one": "a new one",
    "By default": _IN_THE_TEXT,
}
"""Other words for a default in descriptions, as patterns, to the words in the table."""


def page(declared: Iterable[Declared]) -> str:
    """Return the page: the components in the order of the package, then the types by name."""
    by_name = {each.name: each for each in declared}
    components = [by_name.pop(component.__name__) for component in COMPONENTS]
    types = [by_name[name] for name in sorted(by_name)]
    blocks = [_HEAD, *map(_component, components), _TYPES, *map(_type, types)]
    return "\n".join(blocks)


def _component(declared: Declared) -> str:
    tables = [_inputs("Input", declared.of(INPUT)), _outputs(declared.of(OUTPUT))]
    example = f"```python\n{examples.program(declared.name)}```\n"
    return "\n".join([f"## {declared.name}\n", *_lines(declared.description), "", example, *tables])


def _type(declared: Declared) -> str:
    return "\n".join(
        [f"### {declared.name}\n", *_lines(declared.description), "", _inputs("Field", declared.of(FIELD))]
    )


def _inputs(title: str, members: list[Member]) -> str:
    rows = [f"| {title} | Type | Default | Meaning |", "|---|---|---|---|"]
    # What a user must give comes first.
    for member in sorted(members, key=lambda member: (not member.is_required, member.name)):
        default, meaning = default_and_meaning(member)
        rows.append(_row(f"`{snake_case(member.name)}`", f"`{python_type(member.type)}`", default, meaning))
    return "\n".join([*rows, ""])


def _outputs(members: list[Member]) -> str:
    rows = ["| Output | Type | Meaning |", "|---|---|---|"]
    rows += (
        _row(f"`{snake_case(member.name)}`", f"`{python_type(member.type, is_output=True)}`", member.description)
        for member in sorted(members, key=lambda member: member.name)
    )
    return "\n".join([*rows, ""])


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _lines(text: str) -> list[str]:
    return _SENTENCES.split(text)


def snake_case(name: str) -> str:
    """Return the name in Python of a member of the schema."""
    python = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    if camel_case(python) != name:
        raise ValueError(f"no Python name leads to {name!r}")
    return python


def python_type(declared: str, is_output: bool = False) -> str:
    """Return the type in Python for a type of the schema such as `plain list of plain string`."""
    is_plain = declared.startswith("plain ")
    declared = declared.removeprefix("plain ")
    for prefix, container in (("list of ", "list[{}]"), ("map of ", "dict[str, {}]")):
        if declared.startswith(prefix):
            text = container.format(python_type(declared.removeprefix(prefix), is_output))
            break
    else:
        text = _PYTHON.get(declared, declared)
    return text if is_plain or is_output else f"Input[{text}]"


def default_and_meaning(member: Member) -> tuple[str, str]:
    """Return the default of a member as its description says it, and the rest of the description."""
    if member.is_required:
        return "required", member.description
    sentences = _lines(member.description)
    for number, sentence in enumerate(sentences):
        if sentence.startswith("Default "):
            text = sentence.removeprefix("Default ").removesuffix(".")
            short = re.split(r", (?!\d)|: |; ", text)[0]
            if " if " in short or (" " in short and len(short) > _LONGEST_DEFAULT):
                return _IN_THE_TEXT, member.description
            rest = sentences if text != short else sentences[:number] + sentences[number + 1 :]
            return short, " ".join(rest)
    for pattern, text in _OTHER_WORDS.items():
        if found := re.search(pattern, member.description):
            return found.expand(text), member.description
    return "none", member.description
