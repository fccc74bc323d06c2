"""Rows about whom a proxy believes: each proxy's spellings, in files, flags, variables and labels."""

from __future__ import annotations

from typing import Any

from policy.testing.aws_host import PROXY_UNIT, user_data
from policy.testing.change import UNKNOWN, put
from policy.testing.docker_program import compliant

from ..mutation import CAUGHT, NOTHING, PASSED, Case, found, spelled

_RULE = "overwrite-forwarded-headers"
_TRAEFIK = put("frontend", "image", "docker.io/library/traefik:3.5.3")


def _without_server() -> dict[str, Any]:
    """Return a stack of one proxy's files without a Kotauth server behind it."""
    resources = compliant()
    return {name: resources[name] for name in ("frontend-files", "frontend-carrier")}


def _file(content: object) -> Any:
    return put("frontend-carrier", "uploads.+", {"file": "/files/proxy", "content": content})


def _files(caught: tuple[str, ...], passed: tuple[str, ...], *, alone: bool = True) -> list[Case]:
    of = _without_server if alone else compliant
    return spelled(_RULE, "frontend-carrier", _file, caught=caught, passed=passed, of=of)


_CADDY_JSON = '{"http": {"servers": {"a": {"trusted_proxies": {"source": "static", "ranges": ["RANGE"]}}}}}'
_YAML = "entryPoints:\n  web:\n    address: ':80'\n    {}\n"
_ENVOY = """
static_resources:
  listeners:
    - filter_chains:
        - filters:
            - typed_config:
                "@type": type.googleapis.com/envoy.extensions.filters.network.HttpConnectionManager
                stat_prefix: ingress
                {}
"""
_OVERWRITTEN = "request_headers_to_remove: [x-forwarded-for]"

FILES = (
    # nginx
    *_files(
        (
            "set_real_ip_from 0.0.0.0/0;",
            "server {\n  set_real_ip_from ::/0;\n}",
            "set_real_ip_from 10.0.0.0/8; set_real_ip_from 0.0.0.0/1;",
            'proxy_set_header X-Forwarded-For "$http_x_forwarded_for, $remote_addr";',
            "proxy_set_header x-forwarded-for $http_x_forwarded_for;",
        ),
        (
            "set_real_ip_from 10.0.0.0/8;\nreal_ip_header X-Forwarded-For;\nreal_ip_recursive on;",
            "# set_real_ip_from 0.0.0.0/0;",
            "allow 0.0.0.0/0;",
            # It is appended, for a server that reads the list from its end.
            "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;",
            "log_format main '$http_x_forwarded_for';",
        ),
    ),
    # Apache
    *_files(
        ("RemoteIPInternalProxy 0.0.0.0/0", "  remoteiptrustedproxy 10.0.0.1 ::/0"),
        ("RemoteIPInternalProxy 10.0.0.0/8", "Require ip 0.0.0.0/0"),
    ),
    # Caddy
    *_files(
        (
            "{\n  servers {\n    trusted_proxies static 0.0.0.0/0 ::/0\n  }\n}",
            "reverse_proxy app:80 {\n  trusted_proxies 0.0.0.0/0\n}",
            "reverse_proxy app:80 {\n  header_up X-Forwarded-For {header.X-Forwarded-For}\n}",
            "reverse_proxy app:80 {\n  header_up x-forwarded-for {http.request.header.X-Forwarded-For}\n}",
            _CADDY_JSON.replace("RANGE", "0.0.0.0/0"),
        ),
        (
            "{\n  servers {\n    trusted_proxies static private_ranges\n    trusted_proxies_strict\n  }\n}",
            "reverse_proxy app:80 {\n  header_up X-Forwarded-For {remote_host}\n}",
            "reverse_proxy app:80 {\n  header_up -X-Forwarded-For\n}",
            "@all remote_ip 0.0.0.0/0",
            _CADDY_JSON.replace("RANGE", "10.0.0.0/8"),
        ),
    ),
    # HAProxy
    *_files(
        (
            "frontend a\n  option forwardfor if-none",
            "frontend a\n  option forwardfor except 127.0.0.0/8 if-none",
            "frontend a\n  http-request set-header X-Forwarded-For %[req.hdr(X-Forwarded-For)]",
        ),
        (
            "frontend a\n  option forwardfor",
            "frontend a\n  http-request del-header X-Forwarded-For\n  option forwardfor if-none",
            "frontend a\n  http-request set-header X-Forwarded-For %[src]",
            "frontend a\n  no option forwardfor",
            "frontend a\n  http-request set-header X-Forwarded-For %[req.hdr(X-Forwarded-For)] if { src 10.0.0.0/8 }",
        ),
    ),
    # Traefik
    *_files(
        (
            _YAML.format("forwardedHeaders: {insecure: true}"),
            _YAML.format("forwardedheaders:\n      Insecure: 'true'"),
            _YAML.format("forwardedHeaders:\n      trustedIPs:\n        - 0.0.0.0/0"),
            _YAML.format("proxyProtocol:\n      insecure: true"),
            "[entryPoints.web.forwardedHeaders]\ninsecure = true\n",
            '[entryPoints.web.proxyProtocol]\ntrustedIPs = ["10.0.0.0/8", "::/0"]\n',
        ),
        (
            _YAML.format("forwardedHeaders: {insecure: false}"),
            _YAML.format("forwardedHeaders: {trustedIPs: [10.0.0.0/8]}") + "api: {insecure: true}\n",
            _YAML.format("http: {}") + "serversTransport: {insecureSkipVerify: true}\n",
            "[entryPoints.web.forwardedHeaders]\n# insecure = true\n[api]\ninsecure = true\n",
            "forwardedHeaders: [this is: no YAML",
        ),
    ),
    # Envoy
    *_files(
        (_ENVOY.format("use_remote_address: false"), _ENVOY.format("codec_type: AUTO")),
        (_ENVOY.format("use_remote_address: true"), _ENVOY.format(_OVERWRITTEN)),
    ),
    # Kotauth reads the list from its beginning.
    *_files(
        (
            "frontend a\n  option forwardfor",
            "frontend a\n  http-request add-header X-Forwarded-For %[src]",
            "reverse_proxy app:80 {\n  header_up +X-Forwarded-For {remote_host}\n}",
            _ENVOY.format("use_remote_address: true") + "# in front of Kotauth",
        ),
        (
            "frontend a\n  http-request set-header X-Forwarded-For %[src]\n  # in front of Kotauth",
            "reverse_proxy kotauth:8080 {\n  header_up -X-Forwarded-*\n  header_up -Front-End-Https\n}",
        ),
        alone=False,
    ),
)


def _options(state: str, name: str, *changes: Any) -> Case:
    expected = found(f"{_RULE}@frontend") if state == CAUGHT else NOTHING
    return Case(f"{_RULE}-{state}-{name}", (_TRAEFIK, *changes), expected, rule=_RULE, state=state)


def _label(name: str, text: str) -> Any:
    return put("frontend", "labels.+", {"label": name, "value": text})


OPTIONS = (
    *(
        _options(state, " ".join(words), put("frontend", "command", list(words)))
        for state, commands in (
            (
                CAUGHT,
                (
                    ("--entryPoints.web.forwardedHeaders.insecure=true",),
                    ("--entrypoints.websecure.forwardedheaders.insecure",),
                    ("--entrypoints.web.address=:80", "--entrypoints.web.forwardedHeaders.insecure", "--ping"),
                    ("-entryPoints.web-2.ForwardedHeaders.Insecure=TRUE",),
                    ("--entryPoints.web.forwardedHeaders.trustedIPs=0.0.0.0/0",),
                    ("--entryPoints.web.forwardedHeaders.trustedIPs", "10.0.0.0/8,::/0"),
                    ("--entrypoints.web.forwardedheaders.trustedips[0]=0.0.0.0/0",),
                    ("--entryPoints.web.proxyProtocol.insecure=true",),
                    ("sh", "-c", "traefik --entrypoints.web.forwardedheaders.insecure=1 --ping"),
                ),
            ),
            (
                PASSED,
                (
                    ("--entryPoints.web.forwardedHeaders.insecure=false",),
                    ("--entryPoints.web.forwardedHeaders.trustedIPs=10.0.0.0/8,172.16.0.0/12",),
                    ("--api.insecure=true", "--serversTransport.insecureSkipVerify=true"),
                    ("--entryPoints.web.forwardedHeaders.notAppendXForwardedFor=true",),
                    ("--entryPoints.web.address=:80", "--ping.entryPoint=web"),
                ),
            ),
        )
        for words in commands
    ),
    *(
        _options(state, text, put("frontend", "envs", [text]))
        for state, entries in (
            (
                CAUGHT,
                (
                    "TRAEFIK_ENTRYPOINTS_WEB_FORWARDEDHEADERS_INSECURE=true",
                    "traefik_entrypoints_web_forwardedheaders_insecure=1",
                    "TRAEFIK_ENTRYPOINTS_WEB_FORWARDEDHEADERS_TRUSTEDIPS=10.0.0.0/8,0.0.0.0/0",
                    "TRAEFIK_ENTRYPOINTS_WEB_PROXYPROTOCOL_INSECURE=true",
                    "TRUST_DOWNSTREAM_PROXY=true",
                ),
            ),
            (
                PASSED,
                (
                    "TRAEFIK_ENTRYPOINTS_WEB_FORWARDEDHEADERS_INSECURE=false",
                    "TRAEFIK_ENTRYPOINTS_WEB_FORWARDEDHEADERS_TRUSTEDIPS=10.0.0.0/8",
                    "TRAEFIK_API_INSECURE=true",
                    "TRUST_DOWNSTREAM_PROXY=false",
                ),
            ),
        )
        for text in entries
    ),
    _options(CAUGHT, "a label for Caddy", _label("caddy.servers.trusted_proxies", "static 0.0.0.0/0")),
    _options(PASSED, "private ranges in a label", _label("caddy.servers.trusted_proxies", "static private_ranges")),
    _options(PASSED, "a label of another kind", _label("org.example.trusted_proxies", "0.0.0.0/0")),
    _options(
        CAUGHT,
        "entry point and command",
        put("frontend", "entrypoints", ["traefik", "--entrypoints.a.proxyprotocol.insecure"]),
    ),
    _options(PASSED, "one word that is unknown", put("frontend", "command", ["--ping", UNKNOWN])),
)
_UNKNOWN = Case(
    "a command of Traefik that is unknown",
    (_TRAEFIK, put("frontend", "command", UNKNOWN)),
    found(f"{_RULE}@frontend"),
)

PROXIES = (*FILES, *OPTIONS, _UNKNOWN)
PROXIES_ON_AWS = (
    Case(
        "Traefik on a host",
        (
            put(
                "template",
                "user_data",
                user_data(proxy=PROXY_UNIT.rstrip() + " --entryPoints.web.forwardedHeaders.insecure=true\n"),
            ),
        ),
        found(f"{_RULE}@template"),
    ),
)
