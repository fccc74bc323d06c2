"""`frontend: external`: the user's proxy finds the server by labels and by its name on the user's network."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

import pulumi
import pytest
from pulumi.runtime.mocks import set_mocks

from components.docker import preflight
from components.docker.deployment import DockerDeployment, DockerDeploymentArgs
from components.docker.settings import DockerSettings
from components.frontends.external import server_name, traefik_labels
from components.inputs.error import InvalidInputError
from components.kotauth.base_url import parse_base_url
from tests.e2e.forwarded import SPOOFED
from tests.unit.conftest import LABELS, deploy
from tests.unit.docker_api import Daemon
from tests.unit.recording import PROJECT, STACK, Declared, Recording, declare, unknown

NETWORK, URL = "proxy", "https://auth.example.com"
EXTERNAL: DockerDeploymentArgs = {
    "base_url": URL,
    "frontend": "external",
    "proxy_network": NETWORK,
    "labels": {**LABELS, "traefik.enable": "false"},
}
CHECKLIST = {
    "traefik.enable": "true",
    "traefik.http.routers.kotauth-auth-example-com.rule": "Host(`auth.example.com`)",
    "traefik.http.routers.kotauth-auth-example-com.entrypoints": "websecure",
    "traefik.http.routers.kotauth-auth-example-com.tls.certresolver": "letsencrypt",
    "traefik.http.services.kotauth-auth-example-com.loadbalancer.server.port": "8080",
}
OURS = {"kotauth.stack": f"{PROJECT}/{STACK}"}
THEIRS = {"kotauth.stack": "kotauth/other", **CHECKLIST}


@pytest.fixture(scope="module")
def external() -> Declared:
    return deploy(EXTERNAL)


def test_the_network_may_be_of_the_same_program(external: Declared) -> None:
    late = declare(
        lambda: DockerDeployment("kotauth", {**EXTERNAL, "proxy_network": pulumi.Output.from_input(NETWORK)})
    )
    of_server = "kotauth-server", ":Container"
    assert late.named(*of_server).inputs == external.named(*of_server).inputs
    early = declare(lambda: DockerDeployment("kotauth", {**EXTERNAL, "proxy_network": unknown()}), preview=True)
    assert {r.title for r in early.resources} == {r.title for r in external.resources}


def test_a_network_of_the_same_program_has_the_same_rule() -> None:
    host = pulumi.Output.from_input("host")
    with pytest.raises(InvalidInputError, match='proxy_network = "host": must be a network that you created'):
        declare(lambda: DockerDeployment("kotauth", {**EXTERNAL, "proxy_network": host}))


def networks(container: Any) -> list[tuple[str, list[str] | None]]:
    return [(network["name"], network.get("aliases")) for network in container.inputs["networksAdvanced"]]


def test_the_server_joins_the_user_s_network_and_no_proxy_is_made(external: Declared) -> None:
    parts = {container.labels["kotauth.part"]: container for container in external.containers}
    assert set(parts) == {"server", "database", "job", "files", "backup-dump", "backup-store"}
    assert [network.name for network in external.of_type(":Network")] == ["kotauth-database-network"]
    database = "kotauth-database-network-0c0ffee"
    assert networks(parts["server"]) == [(NETWORK, ["kotauth-auth-example-com"]), (database, None)]
    assert NETWORK not in str(
        [networks(each) for part, each in parts.items() if "networksAdvanced" in each.inputs and part != "server"]
    )
    assert not [container.name for container in external.containers if container.inputs.get("ports")]


def test_outputs_are_those_of_every_frontend(external: Declared) -> None:
    assert set(external.outputs) == set(DockerDeployment.__annotations__)
    assert external.outputs["url"] == URL
    assert external.outputs["ready_url"] == f"{URL}/health/ready"
    assert external.outputs["ca_certificate"] == ""


def test_the_server_alone_has_the_labels_of_the_checklist(external: Declared) -> None:
    (server,) = (each for each in external.containers if each.labels["kotauth.part"] == "server")
    assert {name: server.labels[name] for name in CHECKLIST} == CHECKLIST
    assert server.labels["traefik.docker.network"] == NETWORK
    assert LABELS.items() <= server.labels.items()
    others = [each.labels for each in external.containers if each is not server]
    assert {labels["traefik.enable"] for labels in others} == {"false"}
    assert not [labels for labels in others if any("http" in name for name in labels)]


def test_each_header_that_the_server_believes_is_removed_or_set() -> None:
    labels = traefik_labels(parse_base_url("https://auth.example.com:8443"), NETWORK)
    headers = {name.rpartition(".")[2]: value for name, value in labels.items() if "customrequestheaders" in name}
    # Traefik reads an empty value of the usual spelling as an order never to set this header.
    removed = {"x-forwarded-for", *SPOOFED} - {"X-Forwarded-For"}
    assert headers == dict.fromkeys(removed, "") | {"X-Forwarded-Proto": "https", "X-Forwarded-Port": "8443"}


def test_the_router_uses_each_middleware() -> None:
    labels = traefik_labels(parse_base_url(URL), NETWORK)
    defined = {match[1] for name in labels if (match := re.match(r"traefik\.http\.middlewares\.([^.]+)\.", name))}
    (used,) = (str(value).split(",") for name, value in labels.items() if name.endswith(".middlewares"))
    assert set(used) == defined


@pytest.mark.parametrize(
    ("url", "name"),
    [
        (URL, "kotauth-auth-example-com"),
        ("https://auth.example.com:8443", "kotauth-auth-example-com-8443"),
        ("https://auth-example.com", "kotauth-auth--example-com"),
        (f"https://{'a' * 60}.example.com", f"kotauth-{'a' * 38}-2ad8e59ce99185d5"),
    ],
)
def test_the_server_s_name_differs_for_each_address_and_is_a_dns_label(url: str, name: str) -> None:
    assert server_name(parse_base_url(url)) == name
    assert re.fullmatch(r"[a-z0-9-]{1,63}", name)


class Told:
    """What the preflight tells the user without an error."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.warnings, self.infos = list[str](), list[str]()
        monkeypatch.setattr(pulumi.log, "warn", self.warnings.append)
        monkeypatch.setattr(pulumi.log, "info", self.infos.append)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, docker_daemon: Daemon) -> Told:
    """Let the daemon have the network, with this stack's server on it."""
    recording = Recording()
    set_mocks(recording.mocks, project=PROJECT, stack=STACK, monitor=recording)
    docker_daemon.networks.append({"Name": NETWORK, "Labels": {}, "Internal": False})
    docker_daemon.publish("kotauth-server-0c0ffee", labels={**OURS, **CHECKLIST}, network=NETWORK)
    return Told(monkeypatch)


def check() -> None:
    preflight.check(DockerSettings.resolve({**EXTERNAL, "backups": False}, "it"), OURS)


def problem() -> str:
    with pytest.raises(pulumi.RunError) as refused:
        check()
    head, line = str(refused.value).splitlines()
    assert head == "the machine can't run this stack:"
    return line.strip()


def test_no_port_is_asked_for(docker_daemon: Daemon, told: Told) -> None:
    docker_daemon.publish("traefik", 80, 443, network=NETWORK)
    check()
    assert told.warnings == []
    assert told.infos == ["container traefik is on network proxy (kotauth:proxyNetwork): it must be your proxy"]


def test_a_network_that_does_not_exist(docker_daemon: Daemon, told: Told) -> None:
    docker_daemon.networks[0]["Name"] = "proxy2"
    assert problem() == (
        "network proxy (kotauth:proxyNetwork) does not exist on the Docker host; "
        "create it with `docker network create proxy`, and connect your proxy to it"
    )


def test_a_network_of_a_stack(docker_daemon: Daemon, told: Told) -> None:
    docker_daemon.networks[0]["Labels"] = {"kotauth.network": "database"}
    assert problem() == (
        "network proxy (kotauth:proxyNetwork) is a stack's own, which the stack deletes; "
        "create one with `docker network create`"
    )


def test_another_stack_with_the_same_address(docker_daemon: Daemon, told: Told) -> None:
    docker_daemon.publish("kotauth-server-decaf", labels=THEIRS, network="elsewhere")
    assert problem() == (
        f"{URL} (kotauth:baseUrl) is served by container kotauth-server-decaf of another stack; "
        "stop that stack, or choose another baseUrl"
    )


def test_other_containers_on_the_network_are_named(docker_daemon: Daemon, told: Told) -> None:
    for name in ("wiki", "traefik"):
        docker_daemon.publish(name, network=NETWORK)
    docker_daemon.publish("grafana")
    check()
    (warning,) = told.warnings
    assert warning.startswith("2 containers are on network proxy (kotauth:proxyNetwork): traefik, wiki. Each of them")
    assert warning.endswith("Create a network for the proxy and the server alone.")


def test_a_network_without_a_proxy(told: Told) -> None:
    check()
    assert told.warnings == ["no container is on network proxy (kotauth:proxyNetwork): connect your proxy to it"]


def test_a_network_without_a_way_out(docker_daemon: Daemon, told: Told) -> None:
    docker_daemon.publish("traefik", network=NETWORK)
    docker_daemon.networks[0]["Internal"] = True
    check()
    (warning,) = told.warnings
    assert warning.startswith("network proxy (kotauth:proxyNetwork) is internal: the server can neither send mail")


def test_the_old_server_stays_until_the_proxy_knows_the_new_one(external: Declared) -> None:
    wait = external.named("kotauth-known-to-proxy", ":Container")
    assert wait.inputs["command"] == ["sleep", "10"]
    assert wait.inputs["waitTimeout"] > 10
    # A new server has another name, so the next wait is another container, which the old server outlives.
    server = external.named("kotauth-server", ":Container")
    trigger = json.dumps([f"{server.name}-0c0ffee"]).encode()
    assert wait.labels["kotauth.trigger"] == hashlib.sha256(trigger).hexdigest()[:16]
