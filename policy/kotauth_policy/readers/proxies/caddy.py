"""Reads Caddyfiles: their directives, and the headers that reach the server.

A directive ends with its line. A brace at the end of a line begins a block, and one alone on a line ends it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from .directives import ConfigurationSyntaxError, Directive, Finding, Nesting, files_named, with_included

_TOKEN = re.compile(
    r"(?P<blank>[^\S\n]+|#[^\n]*|\\\r?\n)|(?P<end>\n)|\"(?P<double>(?:[^\"\\]|\\.)*)\"|`(?P<raw>[^`]*)`"
    r"|<<(?P<mark>\w+)\n(?P<text>.*?)\n[^\S\n]*(?P=mark)(?=\s|$)|(?P<plain>(?![\"`])\S+)",
    re.DOTALL,
)
_IS_CADDYFILE = re.compile(r"^[ \t]*(?:reverse_proxy|header_up|tls[ \t]+internal)\b", re.M)
_FORGED = re.compile(r"\{(?:http\.request\.)?(?:header|cookie|(?:uri\.)?query|re|regexp)\.", re.I)
_OWN = frozenset({"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"})
"""Headers that Caddy itself sets for clients that it does not trust."""


def is_caddyfile(text: str) -> bool:
    """Whether a text is a Caddyfile that passes requests on, also one with an error."""
    return _IS_CADDYFILE.search(text) is not None


def parse_caddyfile(text: str) -> tuple[Directive, ...]:
    """Return the directives of a text; raise ``ConfigurationSyntaxError`` where Caddy would refuse it."""
    nesting, words = Nesting(), list[str]()
    at, line, first = 0, 1, 1
    while at <= len(text):
        token = _TOKEN.match(text, at) if at < len(text) else None
        if at < len(text) and token is None:
            raise ConfigurationSyntaxError(f"line {line} has a quotation mark without an end")
        if token is None or token["end"]:
            _end_line(nesting, words, first)
            words = []
        elif token["blank"] is None:
            first = first if words else line
            words.append(next(word for word in token.group("double", "raw", "text", "plain") if word is not None))
        if token is None:
            break
        at, line = token.end(), line + token[0].count("\n")
    return nesting.all()


def _end_line(nesting: Nesting, words: Sequence[str], line: int) -> None:
    if not words:
        return
    if words[0] == "}" and len(words) == 1:
        nesting.end(line)
    elif words[-1] == "{":
        nesting.begin(words[:-1], line)
    else:
        nesting.add(words, line)


def expanded(files: Mapping[str, tuple[Directive, ...]]) -> dict[str, tuple[Directive, ...]]:
    """Return the files that no other one imports, each with the snippets and files that it imports."""
    imported: set[str] = set()

    def whole(path: str) -> tuple[Directive, ...]:
        snippets = {each.name[1:-1]: each.block for each in files[path] if each.name.startswith("(") and each.block}
        others = {each: file for each, file in files.items() if each != path}

        def block_of(name: str) -> Sequence[Directive] | None:
            if name in snippets:
                return snippets[name]
            named = files_named(name, others)
            imported.update(named)
            return [directive for each in named for directive in others[each]] if named else None

        sites = [each for each in files[path] if not each.name.startswith("(")]
        return tuple(with_included(sites, "import", block_of))

    every = {path: whole(path) for path in files}
    return {path: file for path, file in every.items() if path not in imported}


def passed_headers(directives: Iterable[Directive], headers: Sequence[str]) -> Iterator[Finding]:
    """Yield each place from which a header reaches the server as the client sent it."""
    yield from _passed(tuple(directives), headers, frozenset(), is_open=False)


def _passed(
    block: Sequence[Directive], headers: Sequence[str], outer: frozenset[str], *, is_open: bool
) -> Iterator[Finding]:
    set_here = outer | frozenset(_changed(block, "request_header"))
    is_open = is_open or any(each.name == "import" for each in block)
    for directive in block:
        if directive.name == "reverse_proxy":
            inner = directive.block or ()
            changed = set_here | frozenset(_changed(inner, "header_up"))
            missing = [each for each in headers if each.lower() not in _OWN and not _is_among(each.lower(), changed)]
            at = f"the reverse_proxy in line {directive.line}"
            if missing and (is_open or any(each.name == "import" for each in inner)):
                yield Finding(f"{at} has an import that is not in this stack, which can set headers", is_open=True)
            elif missing:
                yield Finding(f"{at} passes on {', '.join(missing)} as the client sends it")
            for header in (each for each in headers if each.lower() in _forged(inner)):
                yield Finding(f"{at} sets {header} to what the client sends")
        elif directive.block is not None:
            yield from _passed(directive.block, headers, set_here, is_open=is_open)


def _changed(block: Iterable[Directive], name: str) -> Iterator[str]:
    """Yield the headers, or patterns of them, that directives of a block set or remove for every request."""
    for directive in block:
        if directive.name != name or not directive.arguments:
            continue
        header, *values = directive.arguments
        # With a matcher it is for some requests only; three words replace a part; a plus appends.
        is_changed = not _FORGED.search(values[0]) if len(values) == 1 else not values and header.startswith("-")
        if is_changed and not header.startswith(("@", "/", "*", "+")):
            yield header.lstrip("->?").lower()


def _forged(block: Iterable[Directive]) -> frozenset[str]:
    return frozenset(
        each.arguments[0].lstrip(">?").lower()
        for each in block
        if each.name == "header_up" and len(each.arguments) == 2 and _FORGED.search(each.arguments[1])
    )


def _is_among(header: str, changed: Iterable[str]) -> bool:
    """Whether a header is one of those that are changed; a star stands for the beginning or the end of a name."""
    for name in changed:
        begin, star, end = name.partition("*")
        if header == name or (star and header.startswith(begin) and header.endswith(end)):
            return True
    return False
