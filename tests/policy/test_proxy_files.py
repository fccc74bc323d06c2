"""The readers of proxies' files: their grammar, and texts that no proxy reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from policy.kotauth_policy.readers.proxies.caddy import parse_caddyfile
from policy.kotauth_policy.readers.proxies.directives import ConfigurationSyntaxError, Directive
from policy.kotauth_policy.readers.proxies.forwarded_headers import HEADERS, passed_headers
from policy.kotauth_policy.readers.proxies.nginx import parse_nginx
from policy.kotauth_policy.readers.proxies.traefik import parse_labels, parse_traefik
from tests import processor_time


def _words(directives: Sequence[Directive]) -> list[object]:
    return [
        [each.name, *each.arguments, *([_words(each.block)] if each.block is not None else [])] for each in directives
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a b;c d;", [["a", "b"], ["c", "d"]]),
        ("a { b c; } # d\ne;", [["a", [["b", "c"]]], ["e"]]),
        ("a \"b; c\" '{ d';", [["a", "b; c", "{ d"]]),
        ("a ${b}c $d-e;", [["a", "${b}c", "$d-e"]]),
        ("a b#c;", [["a", "b#c"]]),
        ('a b"c;', [["a", 'b"c']]),
        ("location ~ ^/a(b|c)$ { d; }", [["location", "~", "^/a(b|c)$", [["d"]]]]),
        ("a b\\;c;", [["a", "b\\;c"]]),
        ("a_by_lua_block { if {} then return '}' end -- }\n }\nb;", [["a_by_lua_block", []], ["b"]]),
        ("a\r\n  b;\r\n", [["a", "b"]]),
    ],
)
def test_nginx_reads_words(text: str, words: list[object]) -> None:
    assert _words(parse_nginx(text)) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a b\nc", [["a", "b"], ["c"]]),
        ("{\n a\n}\nb {\n c {d}\n}", [["", [["a"]]], ["b", [["c", "{d}"]]]]),
        ('a "b c" `d "e`', [["a", "b c", 'd "e']]),
        ("a \\\n b", [["a", "b"]]),
        ("a <<X\n b {\n X\nc", [["a", " b {"], ["c"]]),
        ("a b#c # d", [["a", "b#c"]]),
    ],
)
def test_a_caddyfile_has_lines(text: str, words: list[object]) -> None:
    assert _words(parse_caddyfile(text)) == words


@pytest.mark.parametrize(
    ("parse", "text", "reason"),
    [
        (parse_nginx, "a {\n b;", 'the block that begins in line 1 has no "}"'),
        (parse_nginx, "a;\n}", 'line 2 has a "}" that ends nothing'),
        (parse_nginx, "a\nb", 'line 1 has a directive that does not end with ";"'),
        (parse_nginx, 'a;\nb "c;', "line 2 has a quotation mark or a backslash without an end"),
        (parse_nginx, "a;;", 'line 1 has a ";" without a directive'),
        (parse_nginx, "a { b }", 'line 1 has a directive that does not end with ";"'),
        (parse_nginx, "a {" * 60, "line 1 is in more than 50 blocks"),
        (parse_caddyfile, "a {\n b", 'the block that begins in line 1 has no "}"'),
        (parse_caddyfile, "\n}", 'line 2 has a "}" that ends nothing'),
        (parse_caddyfile, 'a "b', "line 1 has a quotation mark without an end"),
        (parse_caddyfile, "a {\n" * 60, "line 51 is in more than 50 blocks"),
        (parse_traefik, "a: b: c", "is neither YAML, JSON nor TOML, see line 1"),
        (parse_traefik, "just words", "is neither YAML, JSON nor TOML"),
        (parse_traefik, "[" * 100_000, "is neither YAML, JSON nor TOML"),
    ],
)
def test_what_a_proxy_refuses_has_a_reason(parse: Callable[[str], object], text: str, reason: str) -> None:
    with pytest.raises(ConfigurationSyntaxError) as refused:
        parse(text)
    assert str(refused.value).startswith(reason)


def test_labels_are_read_in_any_order_and_case() -> None:
    labels = {
        "traefik.http.routers.a.tls.certresolver": "le",
        "traefik.http.routers.a.tls": "true",
        "Traefik.HTTP.Routers.a.Rule": "Host(`b.c`)",
        "traefik.tcp.routers.a.rule": "HostSNI(`*`)",
        "traefik.http.routers": "x",
    }
    router = {"tls": {"certresolver": "le"}, "Rule": "Host(`b.c`)"}
    assert parse_labels(labels) == {"http": {"routers": {"a": router}}}


@pytest.mark.parametrize(
    "text",
    [
        "server {\n  enabled = true\n}",
        "input {\n  http { port => 8080 }\n}",
        'server_name = "matrix.example.com"\n[global]',
        "server_name: matrix.example.com\nlisteners: [{port: 8008}",
        "<VirtualHost *:80>\n  ServerName example.com\n  ProxyPass / http://app:80/\n</VirtualHost>",
        "frontend a\n  bind :80\n  default_backend b\nbackend b\n  server c app:80",
        "routers:\n{% for each in all %}\n  - {{ each }}\n{% endfor %}",
        "# proxy_pass http://app:80",
    ],
)
def test_another_program_s_file_is_not_one_of_a_proxy(text: str) -> None:
    assert list(passed_headers({"/files/a": text}, HEADERS)) == []


@pytest.mark.parametrize(
    "text",
    [
        "proxy_pass " + "$" * 200_000,
        "proxy_pass " + "${" * 100_000,
        "server {" * 100_000,
        'proxy_pass "' + "\\" * 200_001,
        "include *;\nproxy_pass a;\n" * 500,
        "reverse_proxy " + '"' * 200_001,
        "reverse_proxy <<A\n" + "A\n" * 100_000,
        "(a) {\n import a\n}\nreverse_proxy b {\n import a\n}",
        "routers: " + "[" * 200_000,
        "routers: &a [*a]",
        "http: {routers: {a: {middlewares: [b]}}, middlewares: {b: {chain: {middlewares: [b, b]}}}}\nrouters:",
    ],
)
def test_no_text_takes_long_or_crashes(text: str) -> None:
    assert processor_time.seconds(lambda: list(passed_headers({"/files/a": text, "/files/b": text}, HEADERS))) < 5
