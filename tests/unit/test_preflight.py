"""What is asked before anything is made: a daemon that answers, and two ports that no other process holds."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pulumi
import pytest
from pulumi.runtime import set_all_config
from pulumi.runtime.mocks import set_mocks

from components.docker import preflight
from components.docker.deployment import DockerDeployment, DockerDeploymentArgs
from components.docker.settings import DockerSettings
from tests.docker_door import tcp_door
from tests.ports import free_port
from tests.unit.docker_api import Daemon
from tests.unit.recording import PROJECT, STACK, Recording, declare

LOGS = {"logs": "loki", "logs_endpoint": "https://loki.example.com"}
OURS = {"kotauth.stack": f"{PROJECT}/{STACK}"}


@pytest.fixture(autouse=True)
def stack() -> None:
    recording = Recording()
    set_mocks(recording.mocks, project=PROJECT, stack=STACK, monitor=recording)


@pytest.fixture
def held() -> Iterator[int]:
    """Yield a port that this process listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def settings(http_port: int, https_port: int, **more: str) -> DockerSettings:
    args = {"base_url": f"https://kotauth.localhost:{https_port}", "certificates": "internal", "http_port": http_port}
    return DockerSettings.resolve({**args, **more}, "it")


def problems(http_port: int, https_port: int, **more: str) -> list[str]:
    with pytest.raises(pulumi.RunError) as refused:
        preflight.check(settings(http_port, https_port, **more), OURS)
    head, *rest = str(refused.value).splitlines()
    assert head == "the machine can't run this stack:"
    return [line.strip() for line in rest]


def test_free_ports(docker_daemon: Daemon) -> None:
    preflight.check(settings(free_port(), free_port()), OURS)
    assert [path for path in docker_daemon.asked if "/containers/json" in path]


def test_a_log_route_needs_files_that_a_container_can_read(docker_daemon: Daemon) -> None:
    ports = (free_port(), free_port())
    docker_daemon.info |= {"DockerRootDir": "/mnt/docker", "SecurityOptions": ["name=rootless"]}
    assert preflight.check(settings(*ports), OURS) is None
    assert problems(*ports, **LOGS) == [
        "the log files of this Docker daemon can't be read by a container, because a rootless daemon keeps them as "
        "another user; set kotauth:logs to none, or use another Docker host"
    ]
    docker_daemon.info["SecurityOptions"] = []
    options = preflight.check(settings(*ports, **LOGS), OURS)
    assert options
    assert len(options.transformations or []) == 1


def test_a_port_held_by_a_program(docker_daemon: Daemon, held: int) -> None:
    assert problems(held, free_port()) == [
        f"port {held} (kotauth:httpPort) is held by another program on this machine; choose another with httpPort"
    ]
    assert problems(free_port(), held) == [
        f"port {held} (kotauth:httpsPort) is held by another program on this machine; "
        "choose another with baseUrl or httpsPort"
    ]


def test_a_port_held_on_ipv6_only(docker_daemon: Daemon) -> None:
    if not socket.has_dualstack_ipv6():
        pytest.skip("no IPv6 here")
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as server:
        port = server.getsockname()[1]
        assert len(problems(port, free_port())) == 1


def test_ports_held_by_another_container_are_both_named(docker_daemon: Daemon) -> None:
    http, https = free_port(), free_port()
    docker_daemon.publish("grafana", http)
    docker_daemon.publish("wiki", https, labels={"kotauth.stack": "kotauth/other"})
    assert problems(http, https) == [
        f"port {http} (kotauth:httpPort) is held by container grafana; choose another with httpPort",
        f"port {https} (kotauth:httpsPort) is held by container wiki; choose another with baseUrl or httpsPort",
    ]


def test_this_stack_s_own_frontend_holds_them(docker_daemon: Daemon, held: int) -> None:
    docker_daemon.publish("kotauth-frontend-0c0ffee", held, labels=OURS)
    preflight.check(settings(held, free_port()), OURS)


def test_a_stack_with_names_of_before_must_be_purged_first(docker_daemon: Daemon, held: int) -> None:
    docker_daemon.publish("kotauth-caddy-5d6e7f8", 1, labels={"kotauth.stack": "kotauth/other"})
    preflight.check(settings(free_port(), free_port()), OURS)
    docker_daemon.publish("kotauth-caddy-0c0ffee", held, labels=OURS)
    with pytest.raises(pulumi.RunError) as refused:
        preflight.check(settings(held, free_port()), OURS)
    assert str(refused.value) == (
        "this stack runs with resource names of an older version (container kotauth-caddy-0c0ffee) and can't be "
        "migrated. Back up its data if you need it, run `make purge STACK=unit` in the checkout that created it, then "
        "`make up STACK=unit`."
    )


def test_another_machine_s_ports_are_not_looked_for_here(
    docker_daemon: Daemon, held: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tcp_door(docker_daemon.address.removeprefix("unix://")) as port:
        monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{port}")
        preflight.check(settings(held, free_port()), OURS)
    assert docker_daemon.asked


@pytest.mark.parametrize(("key", "what"), [("MemoryLimit", "memory"), ("CpuCfsQuota", "processors")])
def test_a_kernel_without_a_limit_that_is_needed(docker_daemon: Daemon, key: str, what: str) -> None:
    docker_daemon.info[key] = False
    (problem,) = problems(free_port(), free_port())
    assert problem.startswith(
        f"the kernel of the Docker host can't limit the {what} of a container (docker info: {key}"
    )


def test_a_kernel_that_can_limit_all_needs_no_options(docker_daemon: Daemon) -> None:
    assert preflight.check(settings(free_port(), free_port()), OURS) is None


def test_a_kernel_without_swap_accounting_is_not_asked_to_limit_swap(
    docker_daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    warnings: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", warnings.append)
    docker_daemon.info["SwapLimit"] = False
    options = preflight.check(settings(free_port(), free_port()), OURS)
    assert [warning.partition(" (")[0] for warning in warnings] == ["the kernel of the Docker host can't limit swap"]
    args: DockerDeploymentArgs = {"base_url": "https://kotauth.localhost:8443", "certificates": "internal"}
    declared = declare(lambda: {"url": DockerDeployment("kotauth", args, options).url})
    running = [container.inputs for container in declared.containers if container.inputs.get("start") is not False]
    assert {container["memorySwap"] for container in running} == {-1}
    assert min(container["memory"] for container in running) > 0


def test_no_daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"unix://{tmp_path}/none.sock"
    monkeypatch.setenv("DOCKER_HOST", address)
    with pytest.raises(
        pulumi.RunError, match=f"^no Docker daemon answers at {address}: .*Start Docker, or choose another"
    ):
        preflight.check(settings(8080, 8443), OURS)


def test_no_daemon_over_tcp(monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"tcp://127.0.0.1:{free_port()}"
    monkeypatch.setenv("DOCKER_HOST", address)
    with pytest.raises(pulumi.RunError, match=f"no Docker daemon answers at {address}"):
        preflight.check(settings(8080, 8443), OURS)


@pytest.mark.parametrize(
    "address",
    [
        "nonsense://",
        "tcp://",
        "ssh://nobody@127.0.0.1:1",
    ],
)
def test_an_address_that_is_none(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", address)
    with pytest.raises(pulumi.RunError, match=f"no Docker daemon answers at {address}"):
        preflight.check(settings(8080, 8443), OURS)


def test_the_stack_s_own_daemon_wins_over_the_environment(
    docker_daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere.sock")
    set_all_config({"docker:host": docker_daemon.address})
    try:
        preflight.check(settings(free_port(), free_port()), OURS)
    finally:
        set_all_config({})
    assert docker_daemon.asked


def test_another_major_version_of_postgresql_is_refused_while_the_old_one_runs(docker_daemon: Daemon) -> None:
    docker_daemon.publish("kotauth-postgres-0c0ffee", labels={**OURS, "kotauth.part": "database"})
    docker_daemon.publish("kotauth-postgres-1234567", labels={"kotauth.stack": "x", "kotauth.part": "database"})
    for container in docker_daemon.containers:
        container["Image"] = "docker.io/library/postgres:15.18-bookworm"
    (problem,) = problems(free_port(), free_port())
    assert problem.startswith(
        "container kotauth-postgres-0c0ffee has data of PostgreSQL 15, which version 14 (kotauth:databaseVersion) "
        "can't read; run `make upgrade STACK="
    )
    docker_daemon.containers[0]["Image"] = "docker.io/library/postgres:14.22-bookworm"
    assert preflight.check(settings(free_port(), free_port()), OURS) is None
    docker_daemon.containers[0]["Image"] = "sha256:15aa"
    assert preflight.check(settings(free_port(), free_port()), OURS) is None


@pytest.mark.parametrize(
    ("url", "repository", "said"),
    [
        ("https://auth.example.com", "volume", 1),
        ("https://auth.example.com", "s3:s3.example.com/backups", 0),
        ("https://kotauth.localhost", "volume", 0),
    ],
)
def test_backups_on_the_same_host_are_told(
    docker_daemon: Daemon, monkeypatch: pytest.MonkeyPatch, url: str, repository: str, said: int
) -> None:
    warnings: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", warnings.append)
    args: dict[str, object] = {
        "base_url": f"{url}:{free_port()}",
        "http_port": free_port(),
        "acme_email": "a@example.com",
    }
    if "localhost" in url:
        del args["acme_email"]
    if repository != "volume":
        args |= {"backup_repository": repository, "backup_credentials": "AKIA:secret"}
    preflight.check(DockerSettings.resolve(args, "it"), OURS)
    assert len([warning for warning in warnings if "doesn't survive the loss of the host" in warning]) == said
