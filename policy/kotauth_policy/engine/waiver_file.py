"""Reads the file of the waivers, or says everything that is wrong with it.

It is read by its nodes instead of its values, so that each fault names its line.
"""

# The stubs of yaml leave its nodes open.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import cast

import yaml

from .configuration import did_you_mean, joined
from .rule import Rule
from .waivers import URN, Waiver

FILE_VARIABLE = "KOTAUTH_POLICY_WAIVERS"
"""Names the file, where it is not the pack's own."""

_OWN_FILE = Path(__file__).parents[2] / "waivers.yaml"
_KEYS = ("rule", "urn", "reason", "owner", "expires")
_TEXT, _DATE, _NULL = (f"tag:yaml.org,2002:{name}" for name in ("str", "timestamp", "null"))
_DATE_FORM = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_BLANKS = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
_SHOWN_CHARACTERS = 80


class WaiverFileError(Exception):
    """The file of waivers is refused; the text lists each fault and its line."""


def read_waivers(rules: Sequence[Rule]) -> list[Waiver]:
    """Read a file of waivers; raise ``WaiverFileError`` for its faults. The pack's own file may be missing."""
    named = os.environ.get(FILE_VARIABLE)
    file = Path(named).absolute() if named else _OWN_FILE
    if not named and not file.exists():
        return []
    try:
        content = file.read_bytes()
    except OSError as error:
        variable = f"variable {FILE_VARIABLE}: " if named else ""
        raise WaiverFileError(f"the waivers can't be read: {variable}{file}: {error.strerror}") from None
    reader = _Reader(rules)
    reader.read(content)
    if reader.faults:
        raise WaiverFileError(f"the waivers in {file} are refused: {joined(reader.faults)}")
    return reader.waivers


class _Reader:
    """Collects waivers and faults."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.waivers: list[Waiver] = []
        self.faults: list[str] = []
        self._rules = {rule.name: rule for rule in rules}
        self._lines: dict[tuple[str, str], int] = {}

    def read(self, content: bytes) -> None:
        """Read the whole file."""
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            self._say(content.count(b"\n", 0, error.start), "is not UTF-8")
            return
        try:
            root = cast("yaml.Node | None", yaml.compose(text, Loader=yaml.SafeLoader))
        except yaml.MarkedYAMLError as error:
            said = ", ".join(filter(None, (error.context, error.problem)))
            self._say(error.problem_mark.line if error.problem_mark else 0, f"is not YAML: {said}")
        except yaml.reader.ReaderError as error:
            self._say(text.count("\n", 0, error.position), f"is not YAML: {error.reason}")
        except RecursionError:
            self._say(0, "is nested too deeply")
        else:
            if root is not None and root.tag != _NULL:
                self._read_root(root)

    def _say(self, line: int, fault: str) -> None:
        self.faults.append(f"line {line + 1}: {fault}")

    def _read_root(self, root: yaml.Node) -> None:
        entries = self._members(root, ("waivers",), "the file").get("waivers")
        if isinstance(entries, yaml.SequenceNode):
            for number, entry in enumerate(entries.value, 1):
                self._read_entry(entry, f"waiver {number}")
        elif entries is not None and entries.tag != _NULL:
            self._say(entries.start_mark.line, "waivers must be a list")

    def _read_entry(self, entry: yaml.Node, what: str) -> None:
        faults_before, line = len(self.faults), entry.start_mark.line
        members = self._members(entry, _KEYS, what)
        if not isinstance(entry, yaml.MappingNode):
            return
        texts = {key: self._text(node, f"{what}: {key}") for key, node in members.items()}
        for key in _KEYS:
            if key not in texts:
                self._say(line, f"{what}: {key} is missing")
        for key, fault in self._broken(texts, line):
            self._say(members[key].start_mark.line, f"{what}: {key} {_shown(texts[key])} {fault}")
        if len(self.faults) == faults_before:
            expires = date.fromisoformat(texts.pop("expires"))
            self.waivers.append(Waiver(**texts, expires=expires, line=line + 1))

    def _members(self, node: yaml.Node, keys: Sequence[str], what: str) -> Mapping[str, yaml.Node]:
        members: dict[str, yaml.Node] = {}
        if not isinstance(node, yaml.MappingNode):
            self._say(node.start_mark.line, f"{what} must be a mapping with {', '.join(keys)}")
            return members
        for key, value in node.value:
            name, line = key.value if isinstance(key, yaml.ScalarNode) else "?", key.start_mark.line
            if name in members:
                self._say(line, f"{what} has {name} twice")
            elif name in keys:
                members[name] = value
            else:
                hint = did_you_mean(name, keys) or f", it has {', '.join(keys)}"
                self._say(line, f"{what} has no key {_shown(name)}{hint}")
        return members

    def _text(self, node: yaml.Node, what: str) -> str:
        """Return a value as one line of text, empty where a fault was said."""
        line = node.start_mark.line
        if not isinstance(node, yaml.ScalarNode) or node.tag not in (_TEXT, _DATE, _NULL):
            self._say(line, f"{what} must be text" + (", in quotes" if isinstance(node, yaml.ScalarNode) else ""))
            return ""
        text = "" if node.tag == _NULL else _BLANKS.sub(" ", node.value).strip()
        if not text:
            self._say(line, f"{what} must not be empty")
        return text

    def _broken(self, texts: Mapping[str, str], line: int) -> Iterator[tuple[str, str]]:
        """Yield which value breaks which rule of the file; one that is empty has been said."""
        rule, urn, expires = (texts.get(key, "") for key in ("rule", "urn", "expires"))
        if rule and rule not in self._rules:
            yield "rule", f"is the name of no rule{did_you_mean(rule, self._rules)}"
        elif rule and not self._rules[rule].waivable:
            yield "rule", "can't be waived, it must hold in every environment"
        if urn and not URN.fullmatch(urn):
            yield "urn", "must be a pattern like urn:pulumi:STACK::PROJECT::*::NAME"
        elif rule and urn and (first := self._lines.setdefault((rule, urn), line)) != line:
            yield "urn", f"has a waiver of {rule} in line {first + 1} already"
        if expires and not _is_date(expires):
            yield "expires", "must be a date like 2027-01-31"


def _is_date(text: str) -> bool:
    try:
        return bool(_DATE_FORM.fullmatch(text) and date.fromisoformat(text))
    except ValueError:
        return False


def _shown(value: str) -> str:
    return repr(value if len(value) <= _SHOWN_CHARACTERS else f"{value[:_SHOWN_CHARACTERS]}…")
