"""Where log lines can go. Every route is OTLP over HTTP; they differ in address and headers."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

from ..inputs.choice import one_of
from ..inputs.text import pattern
from ..workload.spec import HOST_NAME

NONE, LOKI, DATADOG, CLOUDWATCH, OTLP = "none", "loki", "datadog", "cloudwatch", "otlp"
_SITES = (
    *("datadoghq.com", "us3.datadoghq.com", "us5.datadoghq.com", "datadoghq.eu"),
    *("ap1.datadoghq.com", "ap2.datadoghq.com"),
)
"""Datadog's sites with an OTLP intake for logs."""
_LOGS_PATH = "/v1/logs"
_LOKI_PATH = f"/otlp{_LOGS_PATH}"
_LOCAL = re.compile(r"localhost|.*\.localhost|127\.[0-9.]+|\[::1\]")
_URL = re.compile(r"https?://([a-zA-Z0-9.-]+|\[[0-9a-f:]+\])(:[0-9]+)?(/[A-Za-z0-9._~/-]*)?")
_HEADER_NAME = re.compile(r"[A-Za-z0-9-]+")
_HEADER_VALUE = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")
_OF_THE_EXPORTER = ("host", "content-type", "content-length", "content-encoding", "transfer-encoding", "connection")

parse_region = pattern(r"[a-z]{2}(-[a-z]+)+-[0-9]", "must be a region such as eu-central-1")
parse_group = pattern(r"[A-Za-z0-9_/.#-]{1,512}", "must be the name of an existing log group of CloudWatch Logs")
parse_stream = pattern(r"[^:*\s]{1,512}", "must be the name of an existing log stream, without : and *")
parse_site = one_of(
    *_SITES,
    hint={
        "ddog-gov.com": "this site has no OTLP intake for logs; send the lines to a collector of your own with otlp",
        "app.datadoghq.com": "without app.",
        "app.datadoghq.eu": "without app.",
    },
)


@dataclass(frozen=True)
class Route:
    """One kind of destination, by its settings."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()


ROUTES: dict[str, Route] = {
    LOKI: Route(("logs_endpoint",), ("logs_token", "logs_headers")),
    DATADOG: Route(("logs_site", "logs_token")),
    CLOUDWATCH: Route(("logs_region", "logs_group", "logs_stream", "logs_token")),
    OTLP: Route(("logs_endpoint",), ("logs_token", "logs_headers")),
}


def parse_logs(raw: object) -> str:
    """Parse the name of one route, or `none`."""
    names = re.split(r"[\s,]+", str(raw))
    if len(names) > 1 and {*names} <= {*ROUTES}:
        raise ValueError("must be one route: for several, send the lines to a collector of your own with otlp")
    return one_of(NONE, *ROUTES)(raw)


def parse_endpoint(raw: object) -> str:
    """Parse the address of an endpoint: https, or http to this machine, without credentials and query."""
    text = str(raw).rstrip("/")
    if not _URL.fullmatch(text):
        raise ValueError(
            "must be a URL of scheme, host, port and path, such as https://loki.example.com: keep credentials in "
            "the token or the headers"
        )
    host = urlsplit(text).hostname or ""
    if _LOCAL.fullmatch(host):
        raise ValueError(f"must not name the container itself: use {HOST_NAME}, which is the Docker host")
    if text.startswith("http://") and host != HOST_NAME:
        raise ValueError(
            f"must start with https://, because lines and token would cross the network in plain text; http is only "
            f"for {HOST_NAME}, which is the Docker host"
        )
    return text


def parse_token(raw: object) -> str:
    """Parse a token, which becomes part of a header."""
    if not _HEADER_VALUE.fullmatch(str(raw)):
        raise ValueError("must be one line of printable ASCII characters without spaces around it")
    return str(raw)


def parse_headers(raw: object) -> dict[str, str]:
    """Parse HTTP headers: a JSON object, or a mapping, of name to value."""
    try:
        given: Any = cast("Any", raw) if isinstance(raw, Mapping) else json.loads(str(raw))
    except ValueError:
        given = None
    if not isinstance(given, Mapping) or not given:
        raise ValueError('must be a JSON object of header to value, such as {"X-Scope-OrgID": "acme"}')
    headers = cast("Mapping[str, object]", given)
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(str(name)) or name.lower() in _OF_THE_EXPORTER:
            raise ValueError(f"must have names of HTTP headers other than {', '.join(_OF_THE_EXPORTER)}")
        if not isinstance(value, str) or not _HEADER_VALUE.fullmatch(value):
            raise ValueError(f'must have printable ASCII texts as values, which that of "{name}" isn\'t')
    return dict(cast("Mapping[str, str]", headers))


def destination(route: str, *, endpoint: str, site: str, region: str) -> str:
    """Return the URL that lines are sent to."""
    if route == DATADOG:
        return f"https://otlp.{site}{_LOGS_PATH}"
    if route == CLOUDWATCH:
        return f"https://logs.{region}.amazonaws.com{_LOGS_PATH}"
    path = _LOKI_PATH if route == LOKI else _LOGS_PATH
    return endpoint if endpoint.endswith(path) else f"{endpoint}{path}"


def headers(route: str, token: str, more: Mapping[str, str], *, group: str, stream: str) -> dict[str, str]:
    """Return all headers that a destination needs."""
    if route == DATADOG:
        return {"dd-api-key": token}
    made = {**more, **({"Authorization": f"Bearer {token}"} if token else {})}
    if route == CLOUDWATCH:
        made |= {"x-aws-log-group": group, "x-aws-log-stream": stream}
    return made


def headers_file(headers: Mapping[str, str]) -> str:
    """Return the secret file with the headers. The collector expands a single dollar sign."""
    return json.dumps({name: value.replace("$", "$$") for name, value in headers.items()})
