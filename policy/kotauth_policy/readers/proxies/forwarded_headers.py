"""The forwarded headers that Kotauth believes, and which of them the configurations of a proxy pass on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from . import caddy, nginx, traefik
from .directives import ConfigurationSyntaxError, Finding
from .traefik import Object

_CADDY_JSON = re.compile(r'"handler"\s*:\s*"reverse_proxy"')
HEADERS = (
    "X-Forwarded-For",
    "X-Forwarded-Proto",
    "X-Forwarded-Protocol",
    "X-Forwarded-Host",
    "X-Forwarded-Server",
    "X-Forwarded-Port",
    "X-Forwarded-SSL",
    "Front-End-Https",
)
"""Headers that Kotauth trusts, in the order of its documentation."""


@dataclass(frozen=True)
class Configurations:
    """The files of one proxy that are parsed, by path."""

    nginx: Mapping[str, tuple[nginx.Directive, ...]]
    """Each with the files that it includes; without those files."""
    caddy: Mapping[str, tuple[caddy.Directive, ...]]
    traefik: Mapping[str, Object]
    """Each with the middlewares of all."""
    faults: Mapping[str, Finding]
    """Reasons why the other files can't be parsed."""


def parsed(files: Mapping[str, str]) -> Configurations:
    """Parse those of these files that are the configuration of a proxy that the pack knows."""
    by_kind: dict[str, dict[str, Any]] = {"nginx": {}, "Caddy": {}, "Traefik": {}}
    faults: dict[str, Finding] = {}
    for path, text in files.items():
        if _CADDY_JSON.search(text):
            faults[path] = Finding("is Caddy's JSON, which the rule does not read; use a Caddyfile", is_open=True)
        for kind, is_kind, parse in _KINDS:
            if not is_kind(text):
                continue
            try:
                by_kind[kind][path] = parse(text)
            except ConfigurationSyntaxError as error:
                is_template = kind == "Traefik" and "{{" in text
                reason = "is a template" if is_template else f"is no configuration that {kind} can read: {error}"
                faults[path] = Finding(reason, is_open=is_template)
            break
    return Configurations(
        nginx.assembled(by_kind["nginx"]),
        caddy.expanded(by_kind["Caddy"]),
        traefik.merged(by_kind["Traefik"]),
        faults,
    )


_KINDS = (
    ("nginx", nginx.is_nginx, nginx.parse_nginx),
    ("Caddy", caddy.is_caddyfile, caddy.parse_caddyfile),
    ("Traefik", traefik.is_traefik, traefik.parse_traefik),
)


def passed_headers(files: Mapping[str, str], headers: Sequence[str]) -> Iterator[tuple[str, Finding]]:
    """Yield each file, and where a proxy that it configures passes a header on as the client sent it."""
    configurations = parsed(files)
    yield from configurations.faults.items()
    for path, directives in configurations.nginx.items():
        yield from ((path, finding) for finding in nginx.passed_headers(directives, headers))
    for path, directives in configurations.caddy.items():
        yield from ((path, finding) for finding in caddy.passed_headers(directives, headers))
    for path, document in configurations.traefik.items():
        yield from ((path, finding) for finding in traefik.passed_headers(document, headers))
