"""The public address: what Kotauth would take silently and break on later is refused here."""

from __future__ import annotations

import pytest

from components.kotauth.base_url import BaseUrl, parse_base_url
from tests.bad_settings import ADDRESS, LOWER, ONLY_HOST, SLASH

PORT = "must have a port from 1 to 65535, or none"
HOST = "must name a host in lower case, such as auth.example.com"


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("https://auth.example.com", "auth.example.com", 443),
        ("https://auth.example.com:8443", "auth.example.com", 8443),
        ("https://kotauth.localhost:1", "kotauth.localhost", 1),
        ("https://a:65535", "a", 65535),
        ("https://xn--bcher-kva.example", "xn--bcher-kva.example", 443),
        ("https://3com.example", "3com.example", 443),
    ],
)
def test_good(text: str, host: str, port: int) -> None:
    assert parse_base_url(text) == BaseUrl(text, host, port)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("http://auth.example.com", LOWER),
        ("HTTPS://auth.example.com", LOWER),
        ("Https://auth.example.com", LOWER),
        ("auth.example.com", LOWER),
        (" https://auth.example.com", LOWER),
        ("", LOWER),
        ("https://auth.example.com/", SLASH),
        ("https://", SLASH),
        ("https://auth.example.com:0", PORT),
        ("https://auth.example.com:65536", PORT),
        ("https://auth.example.com:http", PORT),
        ("https://auth.example.com:", PORT),
        ("https://auth.example.com:08443", PORT),
        ("https://auth.example.com:84\n43", PORT),
        ("https://auth.example.com:-1", PORT),
        ("https://auth.example.com/sso", ONLY_HOST),
        ("https://auth.example.com?x=1", ONLY_HOST),
        ("https://auth.example.com?", ONLY_HOST),
        ("https://auth.example.com#", ONLY_HOST),
        ("https://user@auth.example.com", ONLY_HOST),
        ("https://192.0.2.1", ADDRESS),
        ("https://192.0.2.1:8443", ADDRESS),
        ("https://[2001:db8::1]", ADDRESS),
        ("https://[2001:db8::1]:8443", ADDRESS),
        ("https://127.1", ADDRESS),
        ("https://Auth.example.com", HOST),
        ("https://auth_1.example.com", HOST),
        ("https://-auth.example.com", HOST),
        ("https://auth..example.com", HOST),
        ("https://auth.example.com.", HOST),
        ("https://bücher.example", HOST),
        ("https://auth.example.com\n", HOST),
        ("https://auth.exa mple.com", HOST),
        ("https://*.example.com", HOST),
        ("https://{env.HOME}", HOST),
        (f"https://{'a' * 64}.example", HOST),
        (f"https://{'a.' * 126}example", HOST),
        ("https://:443", HOST),
    ],
)
def test_bad(text: str, rule: str) -> None:
    with pytest.raises(ValueError, match="must") as refused:
        parse_base_url(text)
    assert str(refused.value) == rule
