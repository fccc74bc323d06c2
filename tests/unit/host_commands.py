"""Every command that a host calls: by its scripts, by its units, by its user data."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import yaml

from tests.unit import hosts

_CALLERS = {"run", "follow"}


def used_commands() -> set[str]:
    """Return the names of all programs that a host of either kind runs outside of containers."""
    found: set[str] = set()
    for data in (hosts.rendered(), hosts.rendered_edge()):
        document = yaml.safe_load(data.text(**hosts.NAMES))
        found.update(command[0] for command in document["runcmd"])
        for content in [*data.artifacts.values(), *(file["content"] for file in document["write_files"])]:
            found.update(_of_unit(content) if content.startswith("[Unit]") else [])
            found.update(_of_script(content) if "from __future__" in content else [])
    return found


def _of_unit(content: str) -> Iterator[str]:
    for path in re.findall(r"^Exec\w+=[-@:+!]*(\S+)", content, re.MULTILINE):
        yield path.rpartition("/")[2]


def _of_script(content: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(content)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in _CALLERS and isinstance(node.args[0], ast.Constant):
            yield str(node.args[0].value)
