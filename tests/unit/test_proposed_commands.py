"""Commands that messages propose: each can be copied and run for the stack at hand."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from cli.pulumi_command import ROOT

_OF_STACK = re.compile(
    r"\bmake (?:up|preview|down|purge|backups?|restore|upgrade|restore-drill|backup-kit|image)(?![\w-])"
    "(?P<rest>.{0,40})"
)
_NAMES_IT = re.compile(r" STACK=|\{[\w.]*make_option\}| \{[\w.]*option\}")
_TALKS_OF_IT = (" needs AWS", " refuses")
"""What follows a command that a message only talks of."""
_SOURCES = [
    path for folder in ("cli", "components") for kind in ("py", "sh") for path in (ROOT / folder).rglob(f"*.{kind}")
]


def _texts(path: Path) -> Iterator[str]:
    """Yield the texts of a program that are no documentation; an f-string with its expressions in braces."""
    if path.suffix == ".sh":
        yield from (line for line in path.read_text().splitlines() if not line.lstrip().startswith("#"))
        return
    tree = ast.parse(path.read_text())
    of_formatted = {part for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    documentation = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(map(_text, node.values))
        elif isinstance(node, ast.Constant) and node not in documentation | of_formatted:
            yield _text(node)


def _text(part: ast.expr) -> str:
    return f"{{{ast.unparse(part.value)}}}" if isinstance(part, ast.FormattedValue) else str(ast.literal_eval(part))


def test_a_proposed_command_names_the_stack() -> None:
    proposed = [
        (str(path.relative_to(ROOT)), found)
        for path in _SOURCES
        for text in _texts(path)
        for found in _OF_STACK.finditer(text.replace("`", ""))
        if not found["rest"].startswith(_TALKS_OF_IT)
    ]
    assert len(proposed) > 10
    assert [(path, found[0]) for path, found in proposed if not _NAMES_IT.match(found["rest"])] == []
