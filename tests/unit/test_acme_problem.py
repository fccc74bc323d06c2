"""Why a frontend has no certificate by ACME: lines that Caddy and Traefik wrote, and what the user reads."""

from __future__ import annotations

import json

import pytest

from components.frontends.acme_problem import AcmeProblem, find

HOST, CONTAINER = "auth.example.com", "kotauth-frontend-0c0ffee"
_RESTART = f"Then run `docker restart {CONTAINER}`, which tries again at once."
_URL = "http://auth.example.com/.well-known/acme-challenge/UOsVJDKkpUb"


def caddy(error: str) -> str:
    """Return Caddy's last line of a failed try."""
    text = f"[{HOST}] Obtain: [{HOST}] solving challenge: {error} (ca=https://acme.example/dir)"
    return json.dumps({"level": "error", "logger": "tls.obtain", "msg": "will retry", "error": text, "attempt": 1})


def traefik(error: str) -> str:
    """Return Traefik's line of a failed try."""
    text = f"unable to generate a certificate for the domains [{HOST}]: {error}\n"
    message = "Unable to obtain ACME certificate for domains"
    return json.dumps({"level": "error", "providerName": "letsencrypt.acme", "error": text, "message": message})


def advice(log: str) -> str:
    """Return the first sentence of the advice."""
    problem = find(log, HOST, CONTAINER)
    assert problem
    return problem.advice.splitlines()[0]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            caddy(f'HTTP 400 urn:ietf:params:acme:error:connection - Get "{_URL}": dial tcp 192.0.2.1:80: refused'),
            f'connection: Get "{_URL}": dial tcp 192.0.2.1:80: refused',
        ),
        (
            traefik("acme: error: 400 :: urn:ietf:params:acme:error:connection :: 192.0.2.1: Timeout during connect"),
            "connection: 192.0.2.1: Timeout during connect",
        ),
    ],
    ids=["caddy", "traefik"],
)
def test_what_the_server_said_and_what_to_do(line: str, said: str) -> None:
    assert find(f"no JSON\n{line}\n[]\n", HOST, CONTAINER) == AcmeProblem(
        said,
        "The ACME server can't connect to auth.example.com. Let its DNS record lead to this machine, and let every "
        f"firewall admit connections to port 80 and port 443.\n{_RESTART}",
    )


@pytest.mark.parametrize(
    ("line", "begins"),
    [
        (
            caddy("HTTP 403 urn:ietf:params:acme:error:unauthorized - 192.0.2.1: Invalid response: 404"),
            "Another server",
        ),
        (traefik("acme: error: 403 :: urn:ietf:params:acme:error:unauthorized :: returned 404"), "Another server"),
        (
            caddy("HTTP 403 urn:ietf:params:acme:error:unauthorized - Failed to connect to 192.0.2.1:443"),
            "The ACME server can't",
        ),
        (
            caddy("HTTP 400 urn:ietf:params:acme:error:dns - DNS problem: NXDOMAIN looking up A"),
            "Create the DNS record",
        ),
        (
            caddy("HTTP 400 urn:ietf:params:acme:error:malformed - lookup auth.example.com: no such host"),
            "Create the DNS",
        ),
        (caddy("HTTP 403 urn:ietf:params:acme:error:caa - CAA record prevents issuance"), "A CAA record"),
        (
            traefik("acme: error: 400 :: POST :: urn:ietf:params:acme:error:rejectedIdentifier :: no"),
            "The ACME server cer",
        ),
        (
            caddy("HTTP 400 urn:ietf:params:acme:error:invalidContact - contact email has invalid domain"),
            "The ACME server ref",
        ),
        (
            traefik(
                "acme: error: 429 :: POST :: https://x/order :: urn:ietf:params:acme:error:rateLimited :: too many"
            ),
            "The ACME server gives no more",
        ),
        (
            traefik("get directory at 'https://x/dir': Get \"https://x/dir\": dial tcp: i/o timeout"),
            "The frontend can't",
        ),
        (caddy("HTTP 500 urn:ietf:params:acme:error:serverInternal - busy"), "Then run `docker restart"),
    ],
)
def test_each_problem_has_advice(line: str, begins: str) -> None:
    assert advice(line).startswith(begins)


def test_the_last_problem_counts() -> None:
    first = caddy("HTTP 403 urn:ietf:params:acme:error:caa - no")
    assert advice(f"{first}\n{caddy('HTTP 429 urn:ietf:params:acme:error:rateLimited - wait')}").startswith(
        "The ACME server"
    )


def test_the_answer_to_the_challenge_over_http_says_more() -> None:
    problem = {"type": "urn:ietf:params:acme:error:unauthorized", "title": "", "detail": "192.0.2.1: returned 404"}
    over_http = {"level": "error", "msg": "challenge failed", "challenge_type": "http-01", "problem": problem}
    last = caddy("HTTP 403 urn:ietf:params:acme:error:unauthorized - Failed to connect for the tls-alpn-01 challenge")
    found = find(f"{json.dumps(over_http)}\n{last}", HOST, CONTAINER)
    assert found
    assert found.said == "unauthorized: 192.0.2.1: returned 404"
    assert found.advice.startswith("Another server answers")


@pytest.mark.parametrize(
    "log",
    [
        "",
        caddy("HTTP 403 urn:ietf:params:acme:error:caa - no")
        + '\n{"level":"info","msg":"certificate obtained successfully"}',
        '{"level":"error","msg":"tls-alpn challenge","error":"no active ACME challenge"}',
        '{"level":"error","message":"Cannot retrieve the ACME challenge for elsewhere.test"}',
        '{"level":"info","message":"Unable to obtain ACME certificate","error":"x"}',
    ],
)
def test_no_problem(log: str) -> None:
    assert find(log, HOST, CONTAINER) is None
