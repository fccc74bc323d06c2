"""Rows about the forwarded headers that a proxy in front of Kotauth passes on, in each proxy's spelling."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from policy.testing.aws_host import container, probe, user_data
from policy.testing.change import UNKNOWN, Change, Secret, put
from policy.testing.docker_program import CADDYFILE, compliant
from policy.testing.proxies import (
    NGINX,
    NGINX_CONF,
    TRAEFIK_FLAGS,
    TRAEFIK_LABELS,
    TRAEFIK_YAML,
    behind_traefik,
    with_nginx,
    with_traefik,
)

from ..mutation import CAUGHT, NOTHING, PASSED, Case, found

_RULE = "overwrite-forwarded-headers"
_CARRIER = found(f"{_RULE}@frontend-carrier")
_SERVER = found(f"{_RULE}@server")
_CONTENT = "uploads.0.content"


def changed(text: str, *replacements: tuple[str, str]) -> str:
    for old, new in replacements:
        assert old in text, old
        text = text.replace(old, new)
    return text


def _rows(
    of: Callable[[], Any], text: str, caught: dict[str, tuple[str, str]], passed: dict[str, tuple[str, str]]
) -> list[Case]:
    return [
        Case(
            f"{_RULE} of {of.__name__}: {name}",
            (put("frontend-carrier", _CONTENT, changed(text, replacement)),),
            expected,
            rule=_RULE,
            state=state,
            of=of,
        )
        for state, expected, spellings in ((CAUGHT, _CARRIER, caught), (PASSED, NOTHING, passed))
        for name, replacement in spellings.items()
    ]


_FOR = "proxy_set_header X-Forwarded-For $remote_addr;"
_HOST = 'proxy_set_header X-Forwarded-Host "";'
_PROTO = "proxy_set_header X-Forwarded-Proto https;"
_LOCATION = "location / {"
_MORE_HEADERS = "location /x {\n proxy_set_header Connection close;\n proxy_pass http://server:8080;\n}\n"
_ALL = "".join(
    f'proxy_set_header {name} "";\n'
    for name in ("X-Forwarded-Port", "X-Forwarded-Server", "X-Forwarded-Protocol", "X-Forwarded-SSL", "Front-End-Https")
)

NGINX_ROWS = _rows(
    with_nginx,
    NGINX_CONF,
    caught={
        "one header passed on": (_HOST, ""),
        "no address of the client": (_FOR, ""),
        "the client's own address": (_FOR, "proxy_set_header X-Forwarded-For $http_x_forwarded_for;"),
        "an empty address": (_FOR, 'proxy_set_header X-Forwarded-For "";'),
        "one address for all clients": (_FOR, "proxy_set_header X-Forwarded-For 127.0.0.1;"),
        "an appended address": (_FOR, "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"),
        "the client's own scheme": (_PROTO, "proxy_set_header X-Forwarded-Proto $http_x_forwarded_proto;"),
        "the client's own scheme by a variable": (
            _PROTO,
            "set $scheme_of_client ${http_x_forwarded_proto}; proxy_set_header X-Forwarded-Proto $scheme_of_client;",
        ),
        "the client's own host in quotes": (_HOST, 'proxy_set_header X-Forwarded-Host "$http_host";'),
        "the client's own host before none": (_HOST, f"proxy_set_header X-Forwarded-Host $http_host; {_HOST}"),
        "a captured address": (
            _FOR,
            "set $a $remote_addr; if ($args ~ ip=(.*)) { set $a $1; } proxy_set_header X-Forwarded-For $a;",
        ),
        "all addresses in the next line": (_LOCATION, f"set_real_ip_from\n0.0.0.0/0;\n{_LOCATION}"),
        "whole connections": ("events {}", "events {}\nstream { server { listen 444 ssl; proxy_pass server:8080; } }"),
        # A location with a header of its own inherits none.
        "a location that inherits nothing": (_LOCATION, f"{_FOR}{_PROTO}{_HOST}{_ALL}\n{_MORE_HEADERS}{_LOCATION}"),
        "a second location": (_LOCATION, f"location /admin {{ proxy_pass http://server:8080; }}\n{_LOCATION}"),
        "a condition in a location": (
            "proxy_pass http://$upstream;",
            "proxy_pass http://$upstream; if ($arg_a) { proxy_set_header A b; proxy_pass http://$upstream; }",
        ),
        "a comment": (_HOST, f"# {_HOST}"),
        "no brace at the end": ("ssl_reject_handshake on;\n    }\n}", "ssl_reject_handshake on;\n    }"),
        "no semicolon": (_HOST, _HOST.rstrip(";") + " }"),
        "an open quotation mark": (_HOST, 'proxy_set_header X-Forwarded-Host ";'),
        "a file that is not here": (_HOST, "include /etc/nginx/proxy_params;"),
    },
    passed={
        "headers of the server": (
            _LOCATION,
            f"{_FOR}{_PROTO}{_HOST}{_ALL}\nlocation /x {{ proxy_pass http://server:8080; }}\n{_LOCATION}",
        ),
        "other case": (_HOST, 'proxy_set_header x-forwarded-HOST "";'),
        "another variable": (_FOR, "proxy_set_header X-Forwarded-For $realip_remote_addr;"),
        "the name of the connection": (_PROTO, "proxy_set_header X-Forwarded-Proto $scheme;"),
        "no headers at all": (
            _LOCATION,
            f"proxy_pass_request_headers off;\n location /x {{ proxy_pass http://server:8080; }}\n{_LOCATION}",
        ),
        "a map about something else": ("events {}", "events {}\nstream { server { proxy_pass database:5432; } }"),
        "types of files": ("http {\n", "http {\n include mime.types;\n"),
        "a program in Lua": (
            _LOCATION,
            'location = /x { content_by_lua_block { ngx.say("{") -- }\n } }\n' + _LOCATION,
        ),
    },
)

_SITE = "https://auth.example.com {"
_PROXY = "    reverse_proxy server:8080 {\n        header_up -X-Forwarded-Host\n        header_up -X-Forwarded-Server\n"
CADDY_ROWS = _rows(
    compliant,
    CADDYFILE,
    caught={
        "one header passed on": ("header_up -X-Forwarded-SSL", ""),
        "the port passed on": ("header_up X-Forwarded-Port 443", ""),
        "the client's own port": (
            "header_up X-Forwarded-Port 443",
            "header_up X-Forwarded-Port {http.request.header.X-Forwarded-Port}",
        ),
        "the client's own host": (
            "header_up -X-Forwarded-Host",
            "header_up X-Forwarded-Host {header.X-Forwarded-Host}",
        ),
        "all addresses in backquotes": (_SITE, f"{{\nservers {{\ntrusted_proxies static `0.0.0.0/0`\n}}\n}}\n{_SITE}"),
        "the client's own port in the query": (
            "header_up X-Forwarded-Port 443",
            "header_up X-Forwarded-Port {http.request.uri.query.port}",
        ),
        "the client's own port for all requests": (
            "        header_up X-Forwarded-Port 443\n    }",
            "    }\n    request_header X-Forwarded-Port {header.X-Forwarded-Port}",
        ),
        "nothing in place of a name": ("header_up -X-Forwarded-SSL", 'header_up "" x'),
        "a part replaced": ("header_up -X-Forwarded-SSL", "header_up X-Forwarded-SSL on off"),
        "for some requests": (
            "https://auth.example.com {",
            "https://auth.example.com {\n reverse_proxy /admin/* server:8080",
        ),
        "a header of some requests": (
            _PROXY,
            "    request_header @some -X-Forwarded-Server\n    reverse_proxy server:8080 {\n",
        ),
        "a file that is not here": ("header_up -X-Forwarded-SSL", "import proxy_headers"),
        "JSON": (CADDYFILE, '{"handle": [{"handler": "reverse_proxy", "upstreams": [{"dial": "server:8080"}]}]}'),
        "no brace at the end": ("    }\n}\n", "    }\n"),
        "an open quotation mark": ("header_up X-Forwarded-Port 443", 'header_up X-Forwarded-Port "443'),
    },
    passed={
        "a star": ("header_up -X-Forwarded-Server", "header_up -X-Forwarded-S*"),
        "a snippet": (
            "https://auth.example.com {\n    reverse_proxy server:8080 {",
            f"(up) {{\n header_up -X-Forwarded-Server\n}}\n{_SITE}\n reverse_proxy server:8080 {{\n import up",
        ),
        "the header of all requests": (
            f"{_SITE}\n{_PROXY}",
            "https://auth.example.com {\n    request_header -X-Forwarded-Server\n    reverse_proxy server:8080 {\n",
        ),
        "what Caddy sets itself": ("header_up -X-Forwarded-Host", ""),
        "other case": ("-X-Forwarded-SSL", "-x-forwarded-ssl"),
        "a comment": ("https://auth.example.com {", "# {\nhttps://auth.example.com {"),
    },
)

_LISTED = "middlewares: [headers]"
_EMPTY = '          X-Forwarded-SSL: ""\n'
TRAEFIK_ROWS = _rows(
    with_traefik,
    TRAEFIK_YAML,
    caught={
        "a middleware that is not on the router": (_LISTED, "middlewares: []"),
        "another middleware on the router": (_LISTED, "middlewares: [to-https]"),
        "one header passed on": (_EMPTY, ""),
        "headers of the answer": ("customRequestHeaders:", "customResponseHeaders:"),
        # In this spelling Traefik does not add the address of the client.
        "no address of the client": (_EMPTY, f'{_EMPTY}          X-Forwarded-For: ""\n'),
        "one address for all clients": (_EMPTY, f"{_EMPTY}          x-forwarded-for: 127.0.0.1\n"),
        "a second router": (
            "    redirect:\n",
            "    admin: {rule: PathPrefix(`/admin`), service: kotauth, tls: {}}\n    redirect:\n",
        ),
        "whole connections": (
            "http:\n",
            "tcp: {services: {a: {loadBalancer: {servers: [{address: 'server:8080'}]}}}}\nhttp:\n",
        ),
        "a router without TLS": (
            "      middlewares: [to-https]\n      service: noop@internal",
            "      service: kotauth",
        ),
        "a middleware that is not here": (_LISTED, "middlewares: [elsewhere]"),
        "no end of a list": (_LISTED, "middlewares: [headers"),
        "a template": ("rule: Host(`auth.example.com`)", 'rule: {{ env "RULE" }}'),
    },
    passed={
        "a provider": (_LISTED, "middlewares: [headers@file]"),
        "a chain": (
            _LISTED,
            "middlewares: [headers, all]",
        ),
        "other case": ("customRequestHeaders:", "customrequestheaders:"),
        "a header removed before Traefik sets it": (_EMPTY, f'{_EMPTY}          x-forwarded-for: ""\n'),
        "a value": ('X-Forwarded-Host: ""', "X-Forwarded-Host: auth.example.com"),
    },
)


_TOML = """
[http.routers.kotauth]
rule = "Host(`auth.example.com`)"
service = "kotauth"
middlewares = ["all"]
[http.middlewares.all.chain]
middlewares = ["headers@file"]
[http.middlewares.headers.headers.customRequestHeaders]
X-Forwarded-Host = ""
X-Forwarded-Server = ""
X-Forwarded-Protocol = ""
X-Forwarded-SSL = ""
Front-End-Https = ""
"""
_JSON = '{"http": {"routers": {"a": {"rule": "Host(`a`)", "service": "b", "middlewares": LIST}}}}'


def _file(name: str, content: object, expected: Any, file: str = "traefik.toml") -> Case:
    changes = (put("frontend-carrier", _CONTENT, content), put("frontend-carrier", "uploads.0.file", f"/files/{file}"))
    return Case(f"Traefik's file {name}", changes, expected, of=with_traefik)


def _label(name: str, *changes: tuple[str, object], expected: Any = _SERVER, state: str = "") -> Case:
    """Return a row about the labels of a server, with some of them changed, or left out for an empty name."""
    labels: list[Any] = [{"label": "kotauth.part", "value": "server"}]
    new = dict(changes)
    labels += [
        {"label": label, "value": new.get(label, text)}
        for label, text in {**TRAEFIK_LABELS, **new}.items()
        if new.get(label, text) is not None
    ]
    return Case(
        f"labels for Traefik: {name}",
        (put("server", "labels", labels),),
        expected,
        rule=_RULE if state else "",
        state=state,
        of=behind_traefik,
    )


_ON_ROUTER = "traefik.http.routers.kotauth.middlewares"
_REQUEST = "traefik.http.middlewares.kotauth-headers.headers.customrequestheaders"

LABELS = (
    Case("labels for Traefik", (), NOTHING, of=behind_traefik),
    _label("no middleware", (_ON_ROUTER, None), state=CAUGHT),
    _label("another middleware", (_ON_ROUTER, "kotauth-retry"), state=CAUGHT),
    _label("a middleware of another provider", (_ON_ROUTER, "elsewhere@file"), state=CAUGHT),
    _label("one header passed on", (f"{_REQUEST}.X-Forwarded-Host", None), state=CAUGHT),
    _label("no address of the client", (f"{_REQUEST}.X-Forwarded-For", ""), state=CAUGHT),
    _label("a second router", ("traefik.http.routers.admin.rule", "PathPrefix(`/admin`)"), state=CAUGHT),
    _label("a router of connections", ("traefik.tcp.routers.kotauth.rule", "HostSNI(`a.example.com`)"), state=CAUGHT),
    _label("a value that is unknown", (f"{_REQUEST}.X-Forwarded-Host", UNKNOWN)),
    _label("a provider", (_ON_ROUTER, "kotauth-headers@docker, kotauth-retry"), expected=NOTHING, state=PASSED),
    _label("other case", (_ON_ROUTER, "KOTAUTH-HEADERS"), expected=NOTHING, state=PASSED),
)


def _on_host(file: str, content: str) -> Change:
    image = NGINX.replace("docker.io", "public.ecr.aws/docker")
    command = [*TRAEFIK_FLAGS] if file == "traefik.yaml" else []
    proxy = container(
        "frontend", image, "10003:10003", command=command, ports=[{"host": 443, "container": 8443}], probe=probe("true")
    )
    data = user_data(proxy=json.dumps(proxy), files={f"/etc/kotauth/frontend/{file}": content})
    return put("template", "user_data", data)


_ON_HOST = found(f"{_RULE}@template")
FILES_ON_AWS = (
    *(
        Case(f"the file of a proxy of a host: {file}, {name}", (_on_host(file, content),), expected)
        for file, name, content, expected in (
            ("nginx.conf", "as it should be", NGINX_CONF, NOTHING),
            ("nginx.conf", "with one header passed on", NGINX_CONF.replace(_HOST, ""), _ON_HOST),
            ("traefik.yaml", "as it should be", TRAEFIK_YAML, NOTHING),
            ("traefik.yaml", "with one header passed on", TRAEFIK_YAML.replace(_EMPTY, ""), _ON_HOST),
            ("Caddyfile", "as it should be", CADDYFILE, NOTHING),
            ("Caddyfile", "with one header passed on", CADDYFILE.replace("header_up -Front-End-Https", ""), _ON_HOST),
        )
    ),
)

FILES = (
    Case("nginx as a frontend", (), NOTHING, of=with_nginx),
    Case("Traefik as a frontend", (), NOTHING, of=with_traefik),
    _file("in TOML", _TOML, NOTHING),
    _file("in TOML, without a middleware", _TOML.replace('["all"]', "[]"), _CARRIER),
    _file("in TOML, with its routers in one line", "http.routers.a = {rule = 'Host(`a`)', service = 'b'}", _CARRIER),
    _file("in YAML, in one line", "{http: {routers: {a: {rule: Host(`a`), service: b}}}}", _CARRIER, "traefik.yaml"),
    _file("in JSON", _JSON.replace("LIST", "[]"), _CARRIER, "traefik.json"),
    _file("in JSON, not closed", _JSON.replace("}}}}", "}"), _CARRIER, "traefik.json"),
    _file("marked secret", Secret(TRAEFIK_YAML.replace(_LISTED, "")), _CARRIER, "traefik.yaml"),
    _file("that is unknown", UNKNOWN, _CARRIER | found("certify-frontends@frontend-carrier"), "traefik.yaml"),
    Case(
        "nginx with an included file",
        (
            put("frontend-carrier", _CONTENT, NGINX_CONF.replace(_HOST, "include /run/config/host.conf;")),
            put("frontend-carrier", "uploads.+", {"file": "/files/host.conf", "content": _HOST}),
        ),
        NOTHING,
        of=with_nginx,
    ),
    Case(
        "nginx with a folder of files",
        (
            put("frontend-carrier", _CONTENT, f"http {{ {_FOR}{_PROTO}{_HOST}{_ALL} include conf.d/*.conf; }}"),
            put(
                "frontend-carrier",
                "uploads.+",
                {"file": "/files/site.conf", "content": "server { location / { proxy_pass http://server:8080; } }"},
            ),
        ),
        NOTHING,
        of=with_nginx,
    ),
)

HEADERS = (*NGINX_ROWS, *CADDY_ROWS, *TRAEFIK_ROWS, *LABELS, *FILES)
