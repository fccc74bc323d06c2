"""A new version of a secret reaches a container that runs, or is refused and changes nothing."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from components.aws.host.container_plan import container_plan
from components.aws.host.scripts import bring_up, names, renewal
from components.aws.host.scripts.aws import AwsError
from components.frontends.caddy.frontend import FRONTEND as CADDY
from components.frontends.frontend import CERTIFICATE_FILE, Acme, CertificateFiles, EdgeSite
from components.frontends.nginx.frontend import FRONTEND as NGINX
from components.workload import spec
from tests.certificates import issued
from tests.unit.booting import Answers, as_me, container, lines
from tests.unit.hosts import URL, Commands

OLD, NEW, OTHER = issued(), issued(end=60), issued("x.example.com")
COMMAND, SIGNAL = {"command": ["load", "it"], "signal": ""}, {"command": ["check"], "signal": "SIGHUP"}
NO_PEM = "it must be a certificate chain and then its key in PEM form, without a passphrase"
PLAN = {
    "parameter": "kotauth-boot",
    "containers": ["frontend"],
    "deferred": {},
    "secrets": {"frontend": {CERTIFICATE_FILE: "AWSCURRENT"}},
}
PARAMETER = {"environment": {}, "config": {}, "secrets": {"frontend": {CERTIFICATE_FILE: "arn:pem"}}}


def pair(certificate: Any, key: Any = None) -> str:
    return certificate.chain + (key or certificate).key


class Host:
    """A host whose frontend runs with the old certificate."""

    def __init__(self, root: Path, commands: Commands) -> None:
        self.run = Path(names.RUN, "frontend")
        self.commands = commands
        self.seen = root / "seen"
        self.container(reload="exit 0")
        bring_up.fill(str(self.run / "secrets"), {CERTIFICATE_FILE: pair(OLD).encode()}, container("x", "y")["user"])
        bring_up.fill(str(self.run / "config"), {"Caddyfile": b"a site"}, container("x", "y")["user"])

    def container(self, *, reload: str, runs: str = "echo id") -> None:
        """Have Docker answer by these scripts, and note what lies where when the container is asked."""
        files = f"cat {self.run}/secrets/next/* {self.run}/config/next/* {self.run}/secrets/{CERTIFICATE_FILE}"
        self.commands.set("docker", f"case $1 in ps) {runs} ;; exec) {files} >{self.seen}; {reload} ;; esac")

    def look(self, value: object, reload: dict[str, Any] = COMMAND) -> None:
        services = Answers({"kotauth-boot": PARAMETER, "arn:pem/AWSCURRENT": value})
        renewal.look(services, PLAN, container("frontend", "one", reload=reload))

    @property
    def calls(self) -> list[str]:
        return [call for call in self.commands.calls if not call.startswith("docker ps")]

    @property
    def used(self) -> str:
        assert sorted(os.listdir(self.run / "secrets")) == [CERTIFICATE_FILE]
        assert os.listdir(self.run / "config") == ["Caddyfile"]
        return (self.run / "secrets" / CERTIFICATE_FILE).read_text()


@pytest.fixture
def host(root: Path, commands: Commands, monkeypatch: pytest.MonkeyPatch) -> Host:
    as_me(monkeypatch)
    return Host(root, commands)


def said(capsys: pytest.CaptureFixture[str]) -> list[tuple[str, str, str]]:
    """Return stage, outcome and detail of each line, none of which may show a key."""
    found = [(line["stage"], line["outcome"], line["detail"]) for line in lines(capsys)]
    assert "PRIVATE KEY" not in str(found)
    return found


def test_a_new_version_is_loaded_while_the_old_one_is_in_place(host: Host, capsys: pytest.CaptureFixture[str]) -> None:
    host.look(pair(NEW))
    assert host.seen.read_text() == pair(NEW) + "a site" + pair(OLD)
    assert host.calls == ["docker exec frontend load it"]
    assert host.used == pair(NEW)
    assert stat.S_IMODE((host.run / "secrets" / CERTIFICATE_FILE).stat().st_mode) == 0o400
    assert said(capsys) == [("renewal", "ok", "frontend uses a new certificate.pem")]


def test_a_signal_comes_after_the_check(host: Host, capsys: pytest.CaptureFixture[str]) -> None:
    host.look(pair(NEW), SIGNAL)
    assert host.calls == ["docker exec frontend check", "docker kill --signal=SIGHUP frontend"]
    assert host.used == pair(NEW)


def test_the_same_version_changes_nothing(host: Host, capsys: pytest.CaptureFixture[str]) -> None:
    host.look(pair(OLD))
    assert (host.calls, said(capsys), host.used) == ([], [], pair(OLD))


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (pair(NEW, OTHER), "its key is not that of its first certificate"),
        (NEW.chain + NEW.encrypted_key(), NO_PEM),
        (NEW.key, NO_PEM),
        ("hunter2", NO_PEM),
    ],
    ids=["other key", "passphrase", "no chain", "no PEM"],
)
def test_a_bad_pair_is_refused_before_the_container_sees_it(
    host: Host, capsys: pytest.CaptureFixture[str], bad: str, reason: str
) -> None:
    host.look(bad)
    assert (host.calls, host.used) == ([], pair(OLD))
    detail = f"frontend keeps its secret files: certificate.pem is bad: {reason}"
    assert said(capsys) == [("renewal", "failed", detail)]


@pytest.mark.parametrize("reload", [COMMAND, SIGNAL])
def test_what_the_container_refuses_is_not_put_in_place(
    host: Host, capsys: pytest.CaptureFixture[str], reload: dict[str, Any]
) -> None:
    host.container(reload="echo bad file; exit 1")
    host.look(pair(NEW), reload)
    assert host.used == pair(OLD)
    assert not [call for call in host.calls if "kill" in call]
    detail = "frontend keeps its secret files: docker exec: exit code 1: bad file"
    assert said(capsys) == [("renewal", "failed", detail)]


def test_a_container_that_does_not_run_gets_the_files_for_its_start(
    host: Host, capsys: pytest.CaptureFixture[str]
) -> None:
    host.container(reload="exit 1", runs="true")
    host.look(pair(NEW), SIGNAL)
    assert (host.calls, host.used) == ([], pair(NEW))
    assert [outcome for _, outcome, _ in said(capsys)] == ["ok"]


def test_a_container_that_ends_meanwhile_is_no_bad_file(host: Host, capsys: pytest.CaptureFixture[str]) -> None:
    once = host.seen.with_name("once")
    host.container(reload="exit 1", runs=f"[ -e {once} ] || echo id; touch {once}")
    host.look(pair(NEW))
    assert (host.run / "secrets" / CERTIFICATE_FILE).read_text() == pair(OLD)
    host.look(pair(NEW))
    assert host.used == pair(NEW)
    assert [outcome for _, outcome, _ in said(capsys)] == ["retry", "ok"]


def test_a_signal_that_does_not_arrive_is_sent_again(host: Host, capsys: pytest.CaptureFixture[str]) -> None:
    works = host.seen.with_name("works")
    host.commands.set("docker", f"case $1 in ps) echo id ;; kill) [ -e {works} ] ;; esac")
    for _ in range(2):
        host.look(pair(NEW), SIGNAL)
        works.touch()
    assert host.used == pair(NEW)
    assert host.calls == ["docker exec frontend check", "docker kill --signal=SIGHUP frontend"] * 2
    assert [outcome for _, outcome, _ in said(capsys)] == ["retry", "ok"]
    host.look(pair(NEW), SIGNAL)
    assert (len(host.calls), said(capsys)) == (4, [])


@pytest.mark.parametrize(
    "error",
    [
        AwsError("url", 400, "InvalidRequestException: the secret is marked for deletion"),
        AwsError("url", 400, "AccessDeniedException"),
        ValueError("no text"),
    ],
    ids=["deleted", "denied", "binary"],
)
def test_a_secret_that_stays_unreadable_raises_the_alarm(
    host: Host, capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    host.look(error)
    assert host.used == pair(OLD)
    assert [outcome for _, outcome, _ in said(capsys)] == ["failed"]


def test_aws_that_does_not_answer_is_no_bad_file(host: Host, capsys: pytest.CaptureFixture[str]) -> None:
    host.look(AwsError("url", 503, "SlowDown"))
    assert host.used == pair(OLD)
    assert [outcome for _, outcome, _ in said(capsys)] == ["retry"]


def test_only_containers_that_reload_are_looked_at(
    host: Host, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    services = Answers({"kotauth-boot": PARAMETER, "arn:pem/AWSCURRENT": pair(NEW)})
    monkeypatch.setattr(renewal, "Services", lambda: services)
    monkeypatch.setattr(renewal, "load_plan", lambda: {**PLAN, "containers": ["server", "frontend"]})
    for part, more in (("server", {}), ("frontend", {"reload": SIGNAL})):
        file = Path(names.container_file(part))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(container(part, "one", **more)))
    renewal.main()
    assert services.asked == [("kotauth-boot",), ("arn:pem", "AWSCURRENT")]
    assert host.used == pair(NEW)


@pytest.mark.parametrize("reload", [None, SIGNAL])
def test_the_timer_starts_where_something_reloads(host: Host, reload: dict[str, Any] | None) -> None:
    host.commands.set("systemctl")
    bring_up.start_units([container("frontend", "one", **({"reload": reload} if reload else {}))])
    assert ("systemctl start kotauth-renewal.timer" in host.calls) is (reload is not None)


def test_the_plan_has_the_reload_of_certificate_files_alone() -> None:
    site: dict[str, Any] = {"base_url": URL, "upstream": "server", "image": "x:1.2.3", "https_port": 443}
    files = EdgeSite(**site, http_port=80, certificate=CertificateFiles())
    caddy, nginx = (container_plan(proxy.edge(files)) for proxy in (CADDY, NGINX))
    command = CADDY.edge(files).get("reload", {}).get("command")
    assert caddy.get("reload") == {"command": command, "signal": ""}
    check = NGINX.edge(files).get("reload", {}).get("check")
    assert nginx.get("reload") == {"command": check, "signal": "SIGHUP"}
    acme = EdgeSite(**site, http_port=80, certificate=Acme("ops@example.com"))
    assert "reload" not in container_plan(CADDY.edge(acme))


def test_the_host_has_the_names_of_the_spec() -> None:
    assert (names.NEXT, names.CERTIFICATE_FILE) == (spec.NEXT, CERTIFICATE_FILE)
