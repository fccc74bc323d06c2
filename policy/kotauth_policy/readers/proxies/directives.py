"""A configuration as directives, which nginx and Caddy have in common, and its headers that clients can set.

A header that a proxy neither sets nor removes reaches Kotauth as the client sent it.
"""

from __future__ import annotations

import fnmatch
import itertools
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

RAW = re.compile(r":8080\b")
"""The port of Kotauth in an address that whole connections are passed on to, with the headers in them."""
_MOST = 100
_DEEPEST = 50
"""Blocks in one another, more than any configuration has."""


@dataclass(frozen=True)
class Directive:
    """One directive, with what it contains."""

    name: str
    arguments: tuple[str, ...]
    line: int
    block: tuple[Directive, ...] | None = None
    """Its directives, ``None`` without braces."""


class ConfigurationSyntaxError(Exception):
    """A text is no configuration of the proxy."""


@dataclass(frozen=True)
class Finding:
    """What is wrong in a configuration. No text of the configuration is in it, because that could be a secret."""

    reason: str
    is_open: bool = False
    """Whether something that is not in the stack decides."""


class Nesting:
    """Collects directives in blocks, while a text is read."""

    def __init__(self) -> None:
        """Begin outside of all blocks."""
        self._open: list[tuple[Directive, list[Directive]]] = [(Directive("", (), 0), [])]

    @property
    def depth(self) -> int:
        """How many blocks are open."""
        return len(self._open) - 1

    def add(self, words: Sequence[str], line: int) -> None:
        """Add a directive without a block."""
        self._open[-1][1].append(_directive(words, line))

    def begin(self, words: Sequence[str], line: int) -> None:
        """Begin a block."""
        if self.depth == _DEEPEST:
            raise ConfigurationSyntaxError(f"line {line} is in more than {_DEEPEST} blocks")
        self._open.append((_directive(words, line), []))

    def end(self, line: int) -> None:
        """End the innermost block."""
        if not self.depth:
            raise ConfigurationSyntaxError(f'line {line} has a "}}" that ends nothing')
        begun, block = self._open.pop()
        self._open[-1][1].append(replace(begun, block=tuple(block)))

    def all(self) -> tuple[Directive, ...]:
        """Return the directives, at the end of the text."""
        if self.depth:
            raise ConfigurationSyntaxError(f'the block that begins in line {self._open[-1][0].line} has no "}}"')
        return tuple(self._open[0][1])


def _directive(words: Sequence[str], line: int) -> Directive:
    return Directive(words[0] if words else "", tuple(words[1:]), line)


def with_included(
    directives: Iterable[Directive],
    name: str,
    block_of: Callable[[str], Sequence[Directive] | None],
    taken: Iterator[int] | None = None,
) -> Iterator[Directive]:
    """Yield directives, with those of a file or snippet in place of the directive that names it, where it is known.

    After `_MOST` files, the rest counts as unknown: files that include one another have no end.
    """
    taken = itertools.count() if taken is None else taken
    for directive in directives:
        included = None
        if directive.name == name and directive.arguments and next(taken) < _MOST:
            included = block_of(directive.arguments[0])
        if included is not None:
            yield from with_included(included, name, block_of, taken)
        elif directive.block is None:
            yield directive
        else:
            yield replace(directive, block=tuple(with_included(directive.block, name, block_of, taken)))


def files_named(pattern: str, files: Iterable[str]) -> list[str]:
    """Return the files of the stack that a path or a pattern of paths can mean: those of the same name."""
    name = posixpath.basename(pattern)
    return [path for path in sorted(files) if fnmatch.fnmatchcase(posixpath.basename(path), name)]
