"""Caddy's configuration: which sites it answers, with which certificate, and what reaches the server."""

from __future__ import annotations

import re

import pytest

from components.frontends import caddy
from components.kotauth import parse_base_url

URL = parse_base_url("https://auth.example.com:8443")
INTERNAL = caddy.caddyfile(URL, "kotauth", acme_email=None)
PUBLIC = caddy.caddyfile(URL, "kotauth", acme_email="ops@example.com")
BOTH = pytest.mark.parametrize("text", [INTERNAL, PUBLIC], ids=["internal", "public"])


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
        "https://auth.example.com",
        "http://auth.example.com",
        "http://, https://",
        "http://127.0.0.1:8081",
    ]


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
    text = caddy.caddyfile(URL, "kotauth", acme_email="ops@example.com", acme_server="https://acme.example/dir")
    assert "acme_ca https://acme.example/dir" in blocks(text)[""]


@BOTH
def test_every_forwarded_header_that_kotauth_believes_is_set_or_removed(text: str) -> None:
    headers = dict(re.findall(r"header_up -?([\w-]+) ?(.*)", text))
    assert headers == {
        "X-Forwarded-For": "{remote_host}",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "",
        "X-Forwarded-Server": "",
        "X-Forwarded-Port": "",
        "X-Forwarded-Protocol": "",
        "X-Forwarded-SSL": "",
        "Front-End-Https": "",
    }


@BOTH
def test_the_server_is_the_only_upstream(text: str) -> None:
    assert re.findall(r"reverse_proxy (.*) \{", text) == ["kotauth:8080"]


@BOTH
def test_hsts(text: str) -> None:
    line = 'header >Strict-Transport-Security "max-age=31536000; includeSubDomains"'
    assert line in blocks(text)["https://auth.example.com"]


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
    spec = caddy.frontend(image="x", configuration=PUBLIC, http_port=80, https_port=443)
    assert spec.get("ports") == [{"host": 80, "container": 8080}, {"host": 443, "container": 8443}]
    assert spec.get("config_files") == {"Caddyfile": PUBLIC}
    reload = spec.get("reload")
    assert reload
    assert reload["command"][-1] == "/run/config/next/Caddyfile"
    assert f"unix/{reload['socket']}" in reload["command"]
