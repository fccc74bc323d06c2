"""Writes the descriptions of settings from their declarations: `python -m cli.settings_reference`.

These are the `config` block of `Pulumi.yaml`, `docs/settings.md`, and the docstrings of the deployments' inputs.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import json
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import yaml

from components.config import target as targets
from components.config.declaration import Setting
from components.config.server import ServerSettings
from components.config.stack import StackSettings, camel_case
from components.inputs.declaration import Required, Rule, Section, Value, declared_fields

from .pulumi_command import ROOT

PROJECT_FILE, PAGE = ROOT / "Pulumi.yaml", ROOT / "docs" / "settings.md"

_TITLES = {"docker": "Docker", "aws": "AWS"}
_TYPES = {"int": "whole number", "float": "number", "bool": "true or false"}
_WIDTH = 120
_PAGE_HEAD = """\
# Settings

`make settings` writes this page; do not edit it.
The declarations are in `components/config/server.py`, `components/docker/settings.py` and `components/aws/settings.py`.
Set a value in the stack's own file under `kotauth:NAME`, or with `pulumi config set NAME VALUE --stack STACK`.
[stacks.md](stacks.md#settings) has an example.
The program checks all values at preview and reports every bad value at once.
A library user gives the same values to `DockerDeployment` or `AwsDeployment`, under names such as `base_url`.
"""


@dataclass(frozen=True)
class Entry:
    """A declared setting of one target, or of both where the target is empty."""

    name: str
    target: str
    kind: str
    value: Value
    setting: Setting

    @property
    def allowed(self) -> str:
        """Which values are allowed."""
        return self.setting.allowed or _said_by(self.value.rule)

    @property
    def project_default(self) -> str:
        """The value in `Pulumi.yaml`. That of a single target's setting is empty, as it would be set for the other."""
        return self.setting.development or ("" if self.target else self.setting.default)


def entries() -> list[Entry]:
    """Return all settings: those of both targets, then each target's."""
    shared = [*_entries("", StackSettings), *_entries("", ServerSettings)]
    return shared + [entry for name in targets.TARGETS for entry in _entries(name, targets.load(name).settings)]


def project_file() -> str:
    """Return `Pulumi.yaml` with its `config` block written anew."""
    by_name: dict[str, list[Entry]] = {}
    for entry in entries():
        by_name.setdefault(camel_case(entry.name), []).append(entry)
    lines: list[str] = []
    for name, same in by_name.items():
        lines += [
            f"  {name}:",
            "    type: string",
            f"    default: {_scalar(same[0].project_default)}",
            f"    description: {_scalar(_description(same))}",
        ]
    head, _, _ = PROJECT_FILE.read_text().partition("\nconfig:\n")
    return "\n".join([head, "config:", *lines, ""])


def page() -> str:
    """Return `docs/settings.md`."""
    development = [
        f"`{camel_case(entry.name)}` to `{text}`" for entry in entries() if (text := entry.setting.development)
    ]
    blocks = [_PAGE_HEAD + f"For development, `Pulumi.yaml` sets {' and '.join(development)}.\n"]
    for target in ("", *targets.TARGETS):
        title = f"Only on {_TITLES[target]}" if target else "On every target"
        blocks.append(f"## {title}\n")
        blocks += [_section(entry) for entry in entries() if entry.target == target]
    return "\n".join(blocks)


def inputs_module(target: str) -> tuple[Path, str]:
    """Return the module of a target's deployment, with the docstrings of its settings written anew."""
    deployment: Any = targets.load(target).deployment
    args = inspect.signature(deployment.__init__).parameters["args"].annotation
    module = Path(inspect.getfile(deployment))
    docstrings = {entry.name: _docstring(entry) for entry in entries() if entry.target in ("", target)}
    return module, with_docstrings(module.read_text(), args.__name__, docstrings)


def with_docstrings(source: str, typed_dict: str, docstrings: Mapping[str, str]) -> str:
    """Return a module's source with these docstrings below the fields of a ``TypedDict``, replaced or added."""
    (declared,) = (
        node for node in ast.parse(source).body if isinstance(node, ast.ClassDef) and node.name == typed_dict
    )
    lines = source.split("\n")
    for field, follower in reversed([*zip_longest(declared.body, declared.body[1:])]):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and field.target.id in docstrings:
            # A field that was just added has none: its follower is the next field, or nothing.
            end = follower.end_lineno if isinstance(follower, ast.Expr) else field.end_lineno
            lines[field.end_lineno : end] = docstrings[field.target.id].split("\n")
    return "\n".join(lines)


def files() -> dict[Path, str]:
    """Return each file that is written, with its content."""
    return {PROJECT_FILE: project_file(), PAGE: page(), **dict(inputs_module(target) for target in targets.TARGETS)}


def main() -> None:
    """Write the files that are not as they should be."""
    for file, content in files().items():
        if not file.exists() or file.read_text() != content:
            file.write_text(content)
            print(f"wrote {file.relative_to(ROOT)}")


def _entries(target: str, declared: type[Any]) -> Iterator[Entry]:
    kinds = {field.name: str(field.type) for field in dataclasses.fields(declared)}
    for name, value in declared_fields(declared).items():
        if not isinstance(value, Section):
            kind = "list" if re.match(r"list|pulumi\.Input\[Sequence", kinds[name]) else _TYPES.get(kinds[name], "text")
            yield Entry(name, target, kind, value, value.documented)


def _said_by(rule: Rule | None) -> str:
    """Return what a rule says of a value that no rule takes, without its first words."""
    try:
        if rule:
            rule("?")
    except ValueError as error:
        return re.sub(r"^must be (exactly )?", "", str(error))
    return "any"


def _description(same: list[Entry]) -> str:
    """Return the text of `Pulumi.yaml` about a setting, once for each target where the targets differ."""
    texts = [_project_description(entry, camel_case) for entry in same]
    if len({*texts}) == 1 and (len(same) > 1 or not same[0].target):
        return texts[0]
    return " ".join(f"{_TITLES[entry.target]}. {text}" for entry, text in zip(same, texts, strict=True))


def _project_description(entry: Entry, named: Callable[[str], str]) -> str:
    text = entry.setting.about
    if entry.setting.empty and not entry.project_default:
        text += f" Empty means {entry.setting.empty}."
    return _with_names(text, named)


def _docstring(entry: Entry) -> str:
    empty = f"`{entry.setting.default}`" if entry.kind == "text" and entry.setting.default else entry.setting.empty
    text = entry.setting.about + (f" Default {empty}." if empty else "")
    text = _with_names(text, lambda name: f"`{name}`")
    return textwrap.fill(
        f'"""{text}"""', _WIDTH, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False
    )


def _section(entry: Entry) -> str:
    setting = entry.setting
    is_required = entry.value.default is Required and not entry.value.default_from
    lines = [
        f"### {camel_case(entry.name)}",
        "",
        # One sentence on each line, as the linter of documents asks.
        re.sub(r"(?<=\.) +(?=[A-Z0-9])", "\n", setting.about),
        "",
        f"- Type: {entry.kind}",
        f"- Allowed: {entry.allowed}",
        f"- Default: {setting.empty or ('required' if is_required else 'none')}",
        "",
    ]
    return _with_names("\n".join(lines), lambda name: f"`{camel_case(name)}`")


def _with_names(text: str, named: Callable[[str], str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda name: named(name[1]), text)


def _scalar(text: str) -> str:
    """Return a text as YAML has it, in quotes where it would be something else without."""
    try:
        is_plain = yaml.safe_load(text) == text
    except yaml.YAMLError:
        is_plain = False
    return text if is_plain else json.dumps(text, ensure_ascii=False)


if __name__ == "__main__":
    main()
