"""`make up` ends with what the public address really answers."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from subprocess import CompletedProcess

import pytest

from cli import lifecycle, pulumi_command, readiness
from cli.stack import Stack
from simulators.ec2_host.authority import Authority
from tests.unit.docker_api import Daemon

HOST = "kotauth.localhost"


class Site:
    """An https server on this machine that answers with the statuses that it is given; the last one stays."""

    def __init__(self) -> None:
        self.statuses = [200]
        authority = Authority("Test")
        self.authority = authority.pem
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(site.statuses.pop(0) if len(site.statuses) > 1 else site.statuses[0])
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.socket = authority.context(HOST).wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"https://{HOST}:{self._server.server_port}/health/ready"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    yield site
    site.close()


def test_it_waits_until_the_address_answers_200(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "_PAUSE_SECONDS", 0.01)
    site.statuses = [502, 503, 200]
    assert readiness.wait(site.url, site.authority, 60) == readiness.Answer(True, "200 OK")


def test_it_gives_up_and_tells_the_last_answer(site: Site) -> None:
    site.statuses = [502]
    assert readiness.wait(site.url, site.authority, 0) == readiness.Answer(False, "502 Bad Gateway")


def test_an_address_where_nothing_listens() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"https://{HOST}:{unused.getsockname()[1]}/health/ready"
        answer = readiness.wait(url, "", 0)
    assert (answer.ready, answer.conclusive) == (False, True)
    assert "refused" in answer.text


def test_what_only_this_machine_lacks_is_no_verdict(site: Site) -> None:
    stranger = Authority("Stranger").pem
    assert readiness.wait(site.url, stranger, 60) == readiness.Answer(
        False,
        "not asked: the certificate is not trusted here (unable to get local issuer certificate)",
        conclusive=False,
    )
    nowhere = readiness.wait("https://auth.example.invalid/health/ready", "", 60)
    assert not nowhere.conclusive
    assert nowhere.text.startswith("not asked: auth.example.invalid has no address here")


@pytest.fixture
def outputs(site: Site) -> dict[str, str]:
    return {"url": "u", "adminUrl": "a", "readyUrl": site.url, "caCertificate": site.authority}


@pytest.fixture
def stack(outputs: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Stack:
    """Return a stack whose `pulumi up` succeeds, whatever its address answers."""
    monkeypatch.setattr(lifecycle, "prepare", lambda _stack: None)
    monkeypatch.setattr(lifecycle, "_READY_SECONDS", 0)
    monkeypatch.setattr(pulumi_command, "run_or_exit", lambda *_words, capture: json.dumps(outputs))
    monkeypatch.setattr(pulumi_command, "run", lambda *words: CompletedProcess(words, 0))
    return Stack("dev")


@pytest.mark.parametrize(("name", "told"), [("kotauth-caddy-data", True), ("kotauth-frontend-data", False)])
def test_a_failed_up_of_a_stack_with_names_of_before_says_to_purge_it(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, told: bool
) -> None:
    def run(*words: str, capture: bool = False) -> CompletedProcess[str]:
        state = f'{{"urn": "urn:pulumi:dev::kotauth::docker:index/volume:Volume::{name}"}}'
        return CompletedProcess(words, 255 if words[0] == "up" else 0, state if capture else None)

    monkeypatch.setattr(pulumi_command, "run", run)
    with pytest.raises(SystemExit) as end:
        lifecycle.up(stack)
    assert end.value.code == 255
    assert ("run `make purge STACK=dev`, then `make up STACK=dev`" in capsys.readouterr().err) is told


def test_up_says_what_it_saw(stack: Stack, site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    lifecycle.up(stack)
    assert f"Readiness            {site.url}: 200 OK" in capsys.readouterr().out


def test_up_succeeds_where_only_this_machine_can_t_resolve_the_name(
    stack: Stack, outputs: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    outputs["readyUrl"] = "https://auth.example.invalid/health/ready"
    lifecycle.up(stack)
    assert f"{outputs['readyUrl']}: not asked: auth.example.invalid has no address here" in capsys.readouterr().out


def test_up_fails_where_the_address_does_not_answer(
    stack: Stack, site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    site.statuses = [502]
    with pytest.raises(SystemExit) as end:
        lifecycle.up(stack)
    assert f"{site.url} does not answer 200 but: 502 Bad Gateway" in str(end.value)
    assert "pulumi up --refresh --stack dev" in str(end.value)
    assert f"{site.url}: 502 Bad Gateway" in capsys.readouterr().out


_REFUSED = json.dumps(
    {
        "level": "error",
        "msg": "will retry",
        "error": "HTTP 429 urn:ietf:params:acme:error:rateLimited - retry after 2026-11-30 12:00:00 UTC",
    }
)


@pytest.fixture
def by_acme(stack: Stack, outputs: dict[str, str], docker_daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """Return a stack whose frontend the ACME server refuses, beside another stack that has the same problem."""
    monkeypatch.setattr(lifecycle, "_LOG_SECONDS", 0)
    outputs |= {"url": "https://auth.example.com", "caCertificate": ""}
    for name, label in (("other", "kotauth/prod"), ("kotauth-frontend-0c0ffee", "kotauth/dev")):
        docker_daemon.publish(name, 443, labels={"kotauth.part": "frontend", "kotauth.stack": label})
        docker_daemon.logs[name] = _REFUSED
    return stack


def test_up_says_why_there_is_no_certificate(by_acme: Stack, site: Site) -> None:
    with pytest.raises(SystemExit) as end:
        lifecycle.up(by_acme)
    assert str(end.value).splitlines()[1:3] == [
        "error: the frontend has no certificate for auth.example.com. Its log says:",
        "  rateLimited: retry after 2026-11-30 12:00:00 UTC",
    ]
    assert "docker restart kotauth-frontend-0c0ffee" in str(end.value)


def test_up_says_why_there_is_no_certificate_where_this_machine_can_t_resolve_the_name(
    by_acme: Stack, outputs: dict[str, str]
) -> None:
    outputs["readyUrl"] = "https://auth.example.invalid/health/ready"
    with pytest.raises(SystemExit, match="the frontend has no certificate for"):
        lifecycle.up(by_acme)


def test_the_log_says_nothing_of_certificates(by_acme: Stack, docker_daemon: Daemon) -> None:
    docker_daemon.logs = dict.fromkeys(docker_daemon.logs, "started")
    lifecycle.up(by_acme)


def test_no_daemon_says_why_there_is_no_certificate(by_acme: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere.sock")
    lifecycle.up(by_acme)


@pytest.fixture
def behind_own_proxy(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Stack:
    monkeypatch.setattr(Stack, "setting", lambda _stack, key: {"proxyNetwork": "proxy"}.get(key, ""))
    return stack


def test_up_says_what_to_do_where_the_user_s_own_proxy_does_not_route_yet(behind_own_proxy: Stack, site: Site) -> None:
    site.statuses = [404]
    with pytest.raises(SystemExit) as end:
        lifecycle.up(behind_own_proxy)
    assert f"{site.url} does not answer 200 but: 404 Not Found" in str(end.value)
    assert "The server is ready on network proxy. Your proxy must join that network" in str(end.value)


def test_up_says_what_to_do_where_the_user_s_own_proxy_has_another_certificate(
    behind_own_proxy: Stack, outputs: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    outputs["caCertificate"] = ""
    lifecycle.up(behind_own_proxy)
    printed = capsys.readouterr().out
    assert "not asked: the certificate is not trusted here" in printed
    assert "have a certificate that clients trust" in printed
