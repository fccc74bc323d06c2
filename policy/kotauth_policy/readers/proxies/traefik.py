"""Reads the configuration of Traefik: files for its file provider, and labels for its Docker provider.

Keys count in any case, as for Traefik; names of headers, too.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

import yaml

from ..hosts.loose_data import as_list, as_object, as_text
from .directives import RAW, ConfigurationSyntaxError, Finding

# libyaml's is twenty times as fast.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_IS_TRAEFIK = re.compile(r"""^[ \t]*(?:(?:.*[{,][ \t]*)?["']?routers["']?[ \t]*[:=]|\[?http\.routers\b)""", re.M | re.I)
_LABEL = re.compile(r"traefik\.http\.(?:routers|middlewares)\.[^.]+\..+", re.I)
_ROUTER = re.compile(r"traefik\.http\.routers\.", re.I)
_TCP_ROUTER = re.compile(r"traefik\.tcp\.routers\.", re.I)
_OWN = frozenset({"x-forwarded-for", "x-forwarded-proto", "x-forwarded-port"})
"""Headers that Traefik sets to the truth where nothing else does. A client can choose -Host and -Server, which it also
sets."""
_CLIENT = "X-Forwarded-For"

Object = Mapping[str, Any]


def is_traefik(text: str) -> bool:
    """Whether a text is a dynamic configuration of Traefik, also one with an error."""
    return _IS_TRAEFIK.search(text) is not None and "rule" in text.lower()


def parse_traefik(text: str) -> Object:
    """Return what a text in YAML, JSON or TOML says; raise ``ConfigurationSyntaxError`` where it is none of them."""
    try:
        loaded: object = yaml.load(text, Loader=_LOADER)  # noqa: S506 - one of the two safe ones
    except Exception as error:  # a date that is none, a number that is none: each ends in another error
        return _parse_toml(text, getattr(getattr(error, "problem_mark", None), "line", None))
    return _lowered(cast("object", loaded)) if isinstance(loaded, dict) else _parse_toml(text, None)


def _parse_toml(text: str, line: int | None) -> Object:
    try:
        return _lowered(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RecursionError):
        at = "" if line is None else f", see line {line + 1}"
        raise ConfigurationSyntaxError(f"is neither YAML, JSON nor TOML{at}") from None


def parse_labels(labels: Mapping[str, str]) -> Object:
    """Return the configuration that labels say, in the shape of a file."""
    document: dict[str, Any] = {}
    for label, text in labels.items():
        *parents, last = label.split(".")
        if not _LABEL.fullmatch(label):
            continue
        members = document
        for name in map(str.lower, parents[1:]):
            # A switch such as `tls` can also have members.
            inner = members.get(name)
            members[name] = inner if isinstance(inner, dict) else {}
            members = members[name]
        if not isinstance(members.get(last), dict):
            members[last] = text
    return document


def merged(documents: Mapping[str, Object]) -> dict[str, Object]:
    """Return each document with the middlewares of all, because a router can name those of another file."""
    middlewares = {
        name: each
        for document in documents.values()
        for name, each in as_object(member(document, "http", "middlewares")).items()
    }
    return {
        path: {**document, "http": {**_lowered(document.get("http")), "middlewares": middlewares}}
        for path, document in documents.items()
    }


def is_enabled(labels: Mapping[str, str]) -> bool:
    """Whether labels make Traefik pass requests on to their container."""
    return labels.get("traefik.enable", "").lower() in ("true", "1", "t") or any(map(_ROUTER.match, labels))


def _lowered(document: object) -> Object:
    """Return an object with its keys in lower case."""
    return {key.lower(): value for key, value in as_object(document).items()}


def member(value: object, *names: str) -> object:
    """Return a member of an object in an object, by names in any case."""
    for name in names:
        members = {key.lower(): member for key, member in as_object(value).items()}
        value = members.get(name)
    return value


def _names(value: object) -> list[str]:
    """Return a list of names, which a label has as one text, without the provider behind each."""
    listed = value.split(",") if isinstance(value, str) else map(as_text, as_list(value))
    return [name.strip().rpartition("@")[0] or name.strip() if "@" in name else name.strip() for name in listed]


def routers(document: Object) -> dict[str, object]:
    """Return the routers that pass requests on to a server: all but those that only redirect, and Traefik's own."""
    named = as_object(member(document, "http", "routers"))
    return {
        name: router
        for name, router in named.items()
        if not as_text(member(router, "service")).lower().endswith("@internal")
        and (member(router, "tls") is not None or not _redirects(document, router))
    }


def _redirects(document: Object, router: object) -> bool:
    return any("redirectscheme" in each for each in _middlewares(document, router) if each)


def _middlewares(document: Object, router: object) -> list[Object]:
    """Return the middlewares of a router with their chains; an empty one stands for one that is not here."""
    known = {name.lower(): each for name, each in as_object(member(document, "http", "middlewares")).items()}
    waiting, found = [name for name in _names(member(router, "middlewares")) if name], dict[str, Object]()
    while waiting:
        name = waiting.pop(0).lower()
        if name not in found:
            found[name] = _lowered(known.get(name))
            waiting += [each for each in _names(member(found[name], "chain", "middlewares")) if each]
    return list(found.values())


def passed_headers(document: Object, headers: Sequence[str]) -> Iterator[Finding]:
    """Yield each router from which a header reaches the server as the client sent it."""
    if any(RAW.search(address) for address in _addresses(member(document, "tcp", "services"))):
        yield Finding("a TCP service passes connections on with the headers of the client")
    routing = list(routers(document).values())
    for number, router in enumerate(routing, 1):
        at = f"router {number} of {len(routing)}"
        middlewares = _middlewares(document, router)
        requests = [as_object(member(each, "headers", "customrequestheaders")) for each in middlewares]
        texts = {header: as_text(text) for request in requests for header, text in request.items()}
        changed = {header.lower() for header in texts}
        missing = [each for each in headers if each.lower() not in _OWN | changed]
        if missing and not all(middlewares):
            yield Finding(f"{at} has a middleware that is not in this stack, which can set headers", is_open=True)
        elif missing:
            yield Finding(f"{at} has no middleware whose customRequestHeaders set or remove {', '.join(missing)}")
        # In this spelling an empty text keeps Traefik from adding the client's address.
        if _CLIENT in texts or any(text for header, text in texts.items() if header.lower() == _CLIENT.lower()):
            yield Finding(f"{at} does not leave {_CLIENT} to Traefik, which sets it to the client's address")


def _addresses(services: object) -> Iterator[str]:
    for service in as_object(services).values():
        for server in as_list(member(service, "loadbalancer", "servers")):
            yield as_text(member(server, "address"))


def passed_by_labels(labels: Mapping[str, str], headers: Sequence[str]) -> Iterator[Finding]:
    """Yield each router of labels from which a header reaches the server as the client sent it."""
    document = parse_labels(labels)
    if not as_object(member(document, "http", "routers")):
        yield Finding("name no router, so Traefik makes one without a middleware")
    if any(map(_TCP_ROUTER.match, labels)):
        yield Finding("name a TCP router, which passes connections on with the headers of the client")
    yield from passed_headers(document, headers)
