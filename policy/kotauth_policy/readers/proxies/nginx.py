"""Reads configurations of nginx: its directives, the headers that reach the server, and its certificates.

The grammar is that of `ngx_conf_read_token`: words, quotes, comments, and the three signs that end or nest a directive.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from .directives import RAW, ConfigurationSyntaxError, Directive, Finding, Nesting, files_named, with_included

_TOKEN = re.compile(
    r"(?P<blank>\s+|#[^\n]*)|\"(?P<double>(?:[^\"\\]|\\.)*)\"|'(?P<single>(?:[^'\\]|\\.)*)'|(?P<sign>[{};])"
    r"|(?P<plain>(?![\"'#])(?:\\.|\$\{|[^\s;{\\])+)",
    re.DOTALL,
)
_IS_NGINX = re.compile(
    r"(?:^|[{;])[ \t]*(?:proxy_pass|proxy_set_header|ssl_certificate|server_name)[ \t]+(?![=:])", re.M
)
_HARMLESS = re.compile(r"mime\.types|(?:fastcgi|uwsgi|scgi)[._]\w+|koi-\w+|win-utf|.*ssl.*|modules.*")
"""Files that set no header of a request to a server."""
_FORGED = re.compile(r"\$\{?(?:http_|arg_|cookie_|proxy_add_x_forwarded_for|[1-9])", re.I)
"""Variables with what a client sends, also as captured by a regular expression."""
_VARIABLE = re.compile(r"\$\{?(\w+)")
_LUA = "_by_lua_block"
_LUA_TOKEN = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|--[^\n]*|[{}]")
_CLIENT = "x-forwarded-for"


def is_nginx(text: str) -> bool:
    """Whether a text is a configuration of nginx, also one with an error."""
    return _IS_NGINX.search(text) is not None


def parse_nginx(text: str) -> tuple[Directive, ...]:
    """Return the directives of a text; raise ``ConfigurationSyntaxError`` where nginx would refuse it."""
    nesting, words = Nesting(), list[str]()
    at, line, first = 0, 1, 1
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise ConfigurationSyntaxError(f"line {line} has a quotation mark or a backslash without an end")
        if (sign := token["sign"]) is None and token["blank"] is None:
            first = first if words else line
            words.append(next(word for word in token.group("double", "single", "plain") if word is not None))
        elif sign == "}":
            if words:
                raise ConfigurationSyntaxError(f'line {first} has a directive that does not end with ";"')
            nesting.end(line)
        elif sign:
            if not words:
                raise ConfigurationSyntaxError(f'line {line} has a "{sign}" without a directive')
            if sign == "{":
                nesting.begin(words, first)
            else:
                nesting.add(words, first)
        at, line = token.end(), line + token[0].count("\n")
        if sign == "{" and words[0].endswith(_LUA):
            at = _after_lua(text, at)
        if sign:
            words = []
    if words:
        raise ConfigurationSyntaxError(f'line {first} has a directive that does not end with ";"')
    return nesting.all()


def _after_lua(text: str, at: int) -> int:
    """Return where the block of a program in Lua ends, before its brace."""
    depth = 1
    for brace in _LUA_TOKEN.finditer(text, at):
        depth += {"{": 1, "}": -1}.get(brace[0], 0)
        if not depth:
            return brace.start()
    return len(text)


def assembled(files: Mapping[str, tuple[Directive, ...]]) -> dict[str, tuple[Directive, ...]]:
    """Return the files that no other one includes, each with the files that it includes."""
    included: set[str] = set()

    def whole(path: str) -> tuple[Directive, ...]:
        # A pattern such as *.conf stands for the files of another folder.
        others = {each: file for each, file in files.items() if each != path and not each.endswith("/nginx.conf")}

        def block_of(pattern: str) -> Sequence[Directive] | None:
            named = files_named(pattern, others)
            included.update(named)
            return [directive for each in named for directive in others[each]] if named else None

        return tuple(with_included(files[path], "include", block_of))

    every = {path: whole(path) for path in files}
    return {path: file for path, file in every.items() if path not in included}


def passed_headers(directives: Iterable[Directive], headers: Sequence[str]) -> Iterator[Finding]:
    """Yield each place from which a header reaches the server as the client sent it."""
    directives = tuple(directives)
    yield from _Requests(headers, _forged_variables(directives)).passed(
        directives, (), inherits=False, is_open=False, is_hidden=False
    )


def _forged_variables(directives: Iterable[Directive]) -> frozenset[str]:
    """Return the variables that a client chooses, by way of `map` and `set`."""
    made = list(_variables(directives))
    forged: set[str] = set()
    while True:
        more = {
            name for name, sources in made if name not in forged and any(_is_forged(each, forged) for each in sources)
        }
        if not more:
            return frozenset(forged)
        forged |= more


def _variables(directives: Iterable[Directive]) -> Iterator[tuple[str, list[str]]]:
    for directive in directives:
        arguments = directive.arguments
        if directive.name == "map" and len(arguments) == 2:
            values = [value for entry in directive.block or () for value in entry.arguments]
            yield arguments[1].lstrip("$"), [arguments[0], *values]
        elif directive.name == "set" and len(arguments) == 2:
            yield arguments[0].lstrip("$"), [arguments[1]]
        yield from _variables(directive.block or ())


def _is_forged(text: str, forged: Iterable[str]) -> bool:
    return _FORGED.search(text) is not None or not set(_VARIABLE.findall(text)).isdisjoint(forged)


class _Requests:
    """Finds the requests to servers, with the headers that each has."""

    def __init__(self, headers: Sequence[str], forged: frozenset[str]) -> None:
        self._headers, self._forged = headers, forged

    def passed(
        self, block: Sequence[Directive], outer: Sequence[Directive], *, inherits: bool, is_open: bool, is_hidden: bool
    ) -> Iterator[Finding]:
        """Yield what a block and the blocks in it pass on; ``outer`` are the headers that it inherits."""
        own = [each for each in block if each.name == "proxy_set_header" and len(each.arguments) == 2]
        # A block with one such directive inherits none.
        set_here = own or outer
        is_open = is_open or any(map(_can_set_headers, block))
        for each in block:
            if each.name == "proxy_pass_request_headers":
                is_hidden = each.arguments == ("off",)
        for directive in block:
            if directive.name == "proxy_pass" and not is_hidden:
                yield from self._of_request(directive, set_here, loses=bool(own) and inherits, is_open=is_open)
            elif directive.name == "stream":
                yield from _passed_raw(directive.block or ())
            elif directive.block is not None:
                yield from self.passed(
                    directive.block, set_here, inherits=inherits or bool(own), is_open=is_open, is_hidden=is_hidden
                )

    def _of_request(
        self, request: Directive, set_here: Iterable[Directive], *, loses: bool, is_open: bool
    ) -> Iterator[Finding]:
        texts: dict[str, list[str]] = {}
        for each in set_here:
            texts.setdefault(each.arguments[0].lower(), []).append(each.arguments[1])
        at = f"the proxy_pass in line {request.line}"
        missing = [header for header in self._headers if header.lower() not in texts]
        if missing and is_open:
            yield Finding(
                f"{at} has an include of a file that is not in this stack, which can set headers", is_open=True
            )
        elif missing:
            why = ", because a block with a proxy_set_header of its own inherits none" if loses else ""
            yield Finding(f"{at} passes on {', '.join(missing)} as the client sends it{why}")
        for header in self._headers:
            # nginx sends each text of a header that is set twice, and Kotauth reads the first.
            given = texts.get(header.lower(), [])
            if any(_is_forged(text, self._forged) for text in given):
                yield Finding(f"{at} sets {header} to what the client sends")
            elif header.lower() == _CLIENT and not all("$" in text for text in given):
                yield Finding(f"{at} does not set {header} to the client's address")


def _passed_raw(block: Iterable[Directive]) -> Iterator[Finding]:
    """Yield each place of a `stream` from which whole connections reach the port of a server."""
    for directive in block:
        if directive.name in ("proxy_pass", "server") and any(RAW.search(each) for each in directive.arguments):
            yield Finding(f"the stream passes connections on in line {directive.line} with the headers of the client")
        yield from _passed_raw(directive.block or ())


def _can_set_headers(directive: Directive) -> bool:
    if directive.name != "include" or not directive.arguments:
        return False
    return _HARMLESS.fullmatch(directive.arguments[0].rpartition("/")[2]) is None
