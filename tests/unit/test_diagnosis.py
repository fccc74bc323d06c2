"""A container that does not start: the user reads its own last line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import pulumi
import pulumi_docker as docker
import pytest
from pulumi.resource import DependencyProviderResource
from pulumi.runtime import mocks, set_all_config
from pulumi.runtime.settings import ROOT

from components import DockerContainer, DockerDatabase, DockerDeployment
from components.docker.daemon import diagnosis
from tests.own_loop import run_alone
from tests.unit.conftest import PUBLIC
from tests.unit.docker_api import Daemon
from tests.unit.least_inputs import SPEC
from tests.unit.recording import Declared, Recording, declare

NAME = "kotauth-server-0c0ffee"


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the errors that the program logs."""
    lines: list[str] = []
    monkeypatch.setattr(pulumi.log, "error", lines.append)
    return lines


def fail(public: Declared, operation: str = "create", inputs: Mapping[str, Any] | None = None) -> object:
    """Call the hook that the server's container registered, as the engine does."""
    (hook,) = public.named("kotauth-server", ":Container").on_error
    args = pulumi.ErrorHookArgs(
        urn="urn",
        id="",
        name="kotauth-server",
        type="docker:index/container:Container",
        new_inputs={"name": NAME} if inputs is None else inputs,
        failed_operation=operation,
        errors=["did not become healthy"],
    )
    return public.error_hooks[hook](args)


def test_all_containers_that_run_share_one_hook(deployment: Declared) -> None:
    """Pulumi's SDK starts a server for each hook."""
    running = [c for c in deployment.containers if c.inputs.get("start") is not False]
    assert {c.on_error for c in running} == {(name,) for name in deployment.error_hooks}
    assert len(deployment.error_hooks) == 1


def test_a_preview_has_no_hooks() -> None:
    """The SDK ends with a segmentation fault if an Output is refused while it starts the server of the first hook."""
    assert declare(lambda: DockerDeployment("kotauth", PUBLIC), preview=True).error_hooks == {}


def test_each_connection_to_the_engine_has_a_hook_of_another_name() -> None:
    """A host of components has one connection for each component, and the engine takes each name once."""
    first, second = (declare(lambda: DockerDeployment("kotauth", PUBLIC)).error_hooks for _ in range(2))
    assert not {*first} & {*second}


def test_another_version_of_the_library_has_hooks_of_other_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine runs each version in a process of its own, and takes each name once from all of them."""

    def in_a_new_process(component: Callable[..., object], name: str, args: Mapping[str, Any]) -> set[str]:
        monkeypatch.setattr(diagnosis, "_uses", Counter[str]())
        return {*declare(lambda: component(name, args)).error_hooks}

    first = in_a_new_process(DockerDatabase, "identity", {"network": "back"})
    assert not first & in_a_new_process(DockerDatabase, "other", {"network": "back"})
    assert not first & in_a_new_process(DockerContainer, "identity", {"spec": SPEC})
    # The state keeps the name, so it stays the same.
    assert first == in_a_new_process(DockerDatabase, "identity", {"network": "back"})


def test_containers_of_another_provider_have_another_hook() -> None:
    def program() -> None:
        for name in ("here", "there"):
            provider = docker.Provider(name, host=f"ssh://{name}.example.org")
            DockerDeployment(name, PUBLIC, pulumi.ResourceOptions(providers=[provider]))

    declared = declare(program)
    here, there = (declared.named(f"{name}-server", ":Container").on_error for name in ("here", "there"))
    assert here != there
    assert {*here, *there} == {*declared.error_hooks}


def test_under_pulumi_s_own_mocks_there_are_no_hooks() -> None:
    """So a program that uses the components can be tested as Pulumi's documentation says."""
    ROOT.set(None)
    mocks.set_mocks(Recording().mocks)
    seen: list[str] = []
    test = mocks.test(lambda: DockerDeployment("kotauth", PUBLIC).url.apply(seen.append))
    test()
    assert seen == ["https://auth.example.com"]


def test_the_last_line(public: Declared, docker_daemon: Daemon, said: list[str]) -> None:
    docker_daemon.logs[NAME] = "Starting\nFATAL: KAUTH_SECRET_KEY must be set (32+ chars).  \n\n \n"
    assert fail(public) is False
    assert said == ["kotauth-server: FATAL: KAUTH_SECRET_KEY must be set (32+ chars)."]


@pytest.mark.parametrize(
    ("error", "remarks"),
    [
        ("psql: error: connection failed: FATAL:  refused", 'password retrieved from file "/tmp/pgpass"'),
        ("ERROR:  role x is superuser", "CONTEXT:  PL/pgSQL function inline_code_block line 27 at RAISE"),
        ("ERROR:  no", 'CONTEXT:  SQL statement "GRANT"\nPL/pgSQL function inline_code_block line 2 at EXECUTE'),
        ("psql:role.sql:3: ERROR:  syntax error", "LINE 1: SELEC 1\n        ^"),
    ],
)
def test_psql_s_remarks_are_not_the_last_line(
    public: Declared, docker_daemon: Daemon, said: list[str], error: str, remarks: str
) -> None:
    docker_daemon.logs[NAME] = f"{error}\n{remarks}\n"
    fail(public)
    assert said == [f"kotauth-server: {error}"]


def test_bytes_that_are_no_text(public: Declared, docker_daemon: Daemon, said: list[str]) -> None:
    docker_daemon.logs[NAME] = "caf\udce9".encode("utf-8", "surrogateescape").decode("latin-1")
    fail(public)
    assert len(said) == 1


def test_nothing_printed(public: Declared, docker_daemon: Daemon, said: list[str]) -> None:
    docker_daemon.logs[NAME] = ""
    fail(public)
    assert said == [f"kotauth-server: did not start and printed nothing; see docker inspect {NAME}"]


def test_a_container_that_was_never_made_has_no_last_line(
    public: Declared, docker_daemon: Daemon, said: list[str]
) -> None:
    assert fail(public) is False
    assert said == []
    assert any(NAME in path for path in docker_daemon.asked)


def test_no_daemon(public: Declared, tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    assert fail(public) is False
    assert said[0].startswith("kotauth-server: did not start (its log can't be read: ")
    assert said[0].endswith(f"); see docker logs {NAME} on its Docker host")


def fail_with_provider(make: Callable[[], pulumi.ProviderResource]) -> None:
    """Call the hook of a container that has the Docker provider which the program makes."""
    database = declare(
        lambda: DockerDatabase("identity", {"network": "back"}, pulumi.ResourceOptions(providers=[make()]))
    )
    (hook,) = database.named("identity", ":Container").on_error
    args = pulumi.ErrorHookArgs("urn", "", "identity", "type", {"name": NAME}, failed_operation="create")
    assert run_alone(cast("Any", database.error_hooks[hook](args))) is False


def test_a_provider_of_its_own_is_asked(
    docker_daemon: Daemon, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    docker_daemon.logs[NAME] = "FATAL: no\n"
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere.sock")
    set_all_config({"docker:host": "unix:///nowhere.sock"})
    try:
        fail_with_provider(lambda: docker.Provider("there", host=pulumi.Output.secret(docker_daemon.address)))
    finally:
        set_all_config({})
    assert said == ["identity: FATAL: no"]


def test_settings_of_a_provider_are_named_without_the_stack_s_prefix(said: list[str]) -> None:
    fail_with_provider(lambda: docker.Provider("there", host="tcp://docker.example.com", cert_material="PEM"))
    (line,) = said
    assert "certMaterial is set without keyMaterial" in line


def test_a_provider_that_is_only_a_reference_has_a_log_elsewhere(docker_daemon: Daemon, said: list[str]) -> None:
    """A program in another language refers to its provider by URN and id."""
    urn = "urn:pulumi:test::test::pulumi:providers:docker::there"
    fail_with_provider(lambda: DependencyProviderResource(f"{urn}::id"))
    assert said == [
        "identity: did not start; its provider has a Docker daemon that this program doesn't know; "
        f"see docker logs {NAME} on its Docker host"
    ]
    assert docker_daemon.asked == []


def test_before_it_has_a_name(public: Declared, docker_daemon: Daemon, said: list[str]) -> None:
    docker_daemon.logs["kotauth-server"] = "no\n"
    fail(public, inputs={})
    assert said == ["kotauth-server: no"]


@pytest.mark.parametrize("operation", ["delete", "update"])
def test_other_failures_are_told_by_the_provider(
    public: Declared, docker_daemon: Daemon, said: list[str], operation: str
) -> None:
    assert fail(public, operation) is False
    assert said == []
    assert docker_daemon.asked == []
