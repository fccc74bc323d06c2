"""Caddy's configuration: which sites it answers, with which certificate, and what reaches the server."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.frontends.caddy import frontend as caddy
from components.frontends.frontend import Acme, CertificateFiles, EdgeSite, InnerSite, OwnAuthority
from components.inputs.addresses import parse_email, parse_https_url
from components.kotauth.base_url import parse_base_url

URL = parse_base_url("https://auth.example.com:8443")
EDGE = EdgeSite(base_url=URL, upstream="kotauth", image="x", http_port=80, https_port=443, certificate=OwnAuthority())
BEHIND = InnerSite(
    base_url=URL, upstream="server", image="x", https_port=443, load_balancer_cidrs=["10.64.0.0/20", "10.64.16.0/20"]
)
ACME = Acme("ops@example.com")
INTERNAL = caddy.edge_configuration(EDGE)
PUBLIC = caddy.edge_configuration(replace(EDGE, certificate=ACME))
INNER = caddy.inner_configuration(BEHIND)
BOTH = pytest.mark.parametrize("text", [INTERNAL, PUBLIC], ids=["internal", "public"])
ALL = pytest.mark.parametrize("text", [INTERNAL, PUBLIC, INNER], ids=["internal", "public", "inner"])


def blocks(text: str) -> dict[str, list[str]]:
    """Return the top-level blocks: header to the lines in it, without comments and indentation."""
    found: dict[str, list[str]] = {}
    depth, lines = 0, list[str]()
    for line in (line.strip() for line in text.splitlines()):
        if not line or line.startswith("#"):
            continue
        if depth == 0:
            assert line.endswith("{"), f"outside of a block: {line}"
            lines = found.setdefault(line.removesuffix("{").strip(), [])
        depth += line.endswith("{") - (line == "}")
        lines.append(line)
    assert depth == 0
    return {header: body[1:-1] for header, body in found.items()}


@BOTH
def test_four_sites_and_nothing_else(text: str) -> None:
    assert list(blocks(text)) == [
        "",
        "(upstream)",
        "(kotauth)",
        "(away)",
        "https://auth.example.com",
        "http://auth.example.com",
        "http://, https://",
        "http://127.0.0.1:8081",
    ]


@given(email=st.emails() | st.text(max_size=12).map("{}@example.com".format), path=st.text(max_size=12))
def test_what_is_accepted_is_one_word_of_one_option(email: str, path: str) -> None:
    server = f"https://acme.example.com/{path}"
    try:
        accepted = Acme(parse_email(email), parse_https_url(server))
    except ValueError:
        return
    text = blocks(caddy.edge_configuration(replace(EDGE, certificate=accepted)))
    assert list(text) == list(blocks(PUBLIC))
    assert {f"email {email}", f"acme_ca {server}"} < set(text[""])


@BOTH
def test_nothing_of_the_template_is_left(text: str) -> None:
    assert "$" not in text
    assert text.count("{") == text.count("}")


@BOTH
def test_ports_and_the_control_socket(text: str) -> None:
    options = blocks(text)[""]
    assert {"http_port 8080", "https_port 8443", "admin unix//run/admin/caddy.sock"} <= set(options)


def test_certificates_of_its_own_touch_no_trust_store() -> None:
    assert "skip_install_trust" in blocks(INTERNAL)[""]
    assert "tls internal" in blocks(INTERNAL)["https://auth.example.com"]


def test_public_certificates() -> None:
    assert "email ops@example.com" in blocks(PUBLIC)[""]
    assert "tls internal" not in PUBLIC
    assert "acme_ca" not in PUBLIC


def test_another_certificate_authority() -> None:
    text = caddy.edge_configuration(replace(EDGE, certificate=replace(ACME, server="https://acme.example/dir")))
    assert "acme_ca https://acme.example/dir" in blocks(text)[""]


@ALL
def test_every_forwarded_header_that_kotauth_believes_is_set_or_removed(text: str) -> None:
    headers = dict(re.findall(r"header_up -?([\w-]+) ?(.*)", text))
    assert headers == {
        "X-Forwarded-For": "{client_ip}",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Port": "8443",
        "X-Forwarded-Host": "",
        "X-Forwarded-Server": "",
        "X-Forwarded-Protocol": "",
        "X-Forwarded-SSL": "",
        "Front-End-Https": "",
    }


@BOTH
def test_the_server_is_the_only_upstream(text: str) -> None:
    assert re.findall(r"reverse_proxy (.*) \{", text) == ["@get kotauth:8080", "kotauth:8080"]


@ALL
def test_only_a_get_goes_over_a_kept_connection(text: str) -> None:
    lines = blocks(text)["(kotauth)"]
    kept, others = (lines[at:] for at, line in enumerate(lines) if line.startswith("reverse_proxy"))
    assert "@get method GET" in lines
    assert kept[1:3] == ["import upstream", "}"]
    assert others[1:4] == ["import upstream", "transport http {", "keepalive off"]


@BOTH
def test_hsts(text: str) -> None:
    line = 'header_down Strict-Transport-Security "max-age=31536000; includeSubDomains"'
    assert line in blocks(text)["(upstream)"]
    assert "import kotauth" in blocks(text)["https://auth.example.com"]


@BOTH
def test_http_redirects_to_the_public_address_with_path_and_query(text: str) -> None:
    assert blocks(text)["http://auth.example.com"] == ["redir https://auth.example.com:8443{uri} 308"]


@BOTH
def test_another_host_is_misdirected(text: str) -> None:
    assert blocks(text)["http://, https://"] == ['respond "This host is not served here." 421']


@BOTH
def test_the_probe_answers_only_inside(text: str) -> None:
    assert "bind 127.0.0.1" in blocks(text)["http://127.0.0.1:8081"]


def test_the_spec_publishes_two_ports_and_reloads_what_is_to_come() -> None:
    spec = caddy.edge(replace(EDGE, certificate=ACME))
    assert spec.get("ports") == [{"host": 80, "container": 8080}, {"host": 443, "container": 8443}]
    assert spec.get("config_files") == {"Caddyfile": PUBLIC}
    assert spec.get("volumes") == [{"name": "data", "path": "/data"}]
    reload = spec.get("reload", {})
    command = reload.get("command", [])[-1]
    assert "/run/config/next/Caddyfile | caddy reload --force " in command
    assert f"--address unix/{reload.get('socket')} " in command
    assert "secret_files" not in {**spec, **reload}


def test_certificate_files() -> None:
    spec = caddy.edge(replace(EDGE, certificate=CertificateFiles()))
    assert spec.get("secret_files") == ["certificate.pem"]
    assert spec.get("reload", {}).get("secret_files") is True
    site = blocks(str(spec.get("config_files", {})["Caddyfile"]))["https://auth.example.com"]
    assert "tls /run/secrets/certificate.pem /run/secrets/certificate.pem" in site


def test_behind_a_load_balancer_its_networks_alone_are_believed_about_the_client() -> None:
    options = blocks(INNER)[""]
    assert "trusted_proxies static 10.64.0.0/20 10.64.16.0/20" in options
    assert "trusted_proxies_strict" in options
    assert "header_up X-Forwarded-For {client_ip}" in blocks(INNER)["(upstream)"]


def test_behind_a_load_balancer_its_probe_alone_may_use_another_name() -> None:
    other = blocks(INNER)["https://"]
    assert other[:5] == ["@probe {", "method GET", "path /health/ready", "remote_ip 10.64.0.0/20 10.64.16.0/20", "}"]
    assert other[-1] == 'respond "This host is not served here." 421'


def test_a_probe_without_a_server_name_gets_the_certificate() -> None:
    assert {"default_sni auth.example.com", "fallback_sni auth.example.com"} <= set(blocks(INNER)[""])


def test_behind_a_load_balancer_one_port_is_published_and_nothing_kept() -> None:
    spec = caddy.inner(BEHIND)
    assert spec.get("config_files") == {"Caddyfile": INNER}
    assert spec.get("ports") == [{"host": 443, "container": 8443}]
    assert "volumes" not in spec
    assert "/data" in spec.get("tmpfs", [])


def test_the_admin_console_is_open_to_all_unless_said_otherwise() -> None:
    assert "@closed" not in INTERNAL + PUBLIC + INNER


@pytest.mark.parametrize(
    "text",
    [
        caddy.edge_configuration(replace(EDGE, admin_cidrs=["203.0.113.0/24"])),
        caddy.inner_configuration(replace(BEHIND, upstream="kotauth", admin_cidrs=["203.0.113.0/24"])),
    ],
    ids=["edge", "inner"],
)
def test_the_admin_console_for_some_networks(text: str) -> None:
    lines = blocks(text)["(kotauth)"]
    assert "not client_ip 203.0.113.0/24" in lines
    assert 'header @closed Strict-Transport-Security "max-age=31536000; includeSubDomains"' in lines
    assert lines.index("respond @closed 403") < lines.index("reverse_proxy @get kotauth:8080 {")
    (pattern,) = (line.removeprefix("vars_regexp {path} ") for line in lines if line.startswith("vars_regexp "))
    for path in ("/admin", "/admin/", "/Admin/login", "//admin", "/x/../admin", "/admin/../x", "/admin/.."):
        assert re.search(pattern, path), path
    for path in ("/", "/administrator", "/t/admin", "/a..b/c", "/.well-known/x", "/t/a."):
        assert not re.search(pattern, path), path
