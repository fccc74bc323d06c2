"""The boot plan: components, the host's programs and the policy pack mean the same by it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml

from components.aws.host import boot_plan
from components.aws.host.scripts import boot, names, units
from components.aws.host.user_data import UserData
from policy.kotauth_policy.readers.hosts import boot_plan as reader
from policy.kotauth_policy.readers.hosts.docker_run import started_by
from policy.kotauth_policy.readers.hosts.started import Started
from policy.kotauth_policy.readers.hosts.user_data import Script, parse
from policy.testing import aws_host
from tests.unit import hosts
from tests.unit.hosts import NAMES

TEMPLATE = (Path(units.__file__).parent / names.UNIT_TEMPLATE).read_text()
HOSTS = pytest.mark.parametrize("data", [hosts.rendered(), hosts.rendered_edge()], ids=["alb", "edge"])


def files(data: UserData) -> dict[str, str]:
    """Return what a host is given, but for its programs."""
    written = {file["path"]: file["content"] for file in yaml.safe_load(data.text(**NAMES))["write_files"]}
    hashes = json.loads(written[boot.PLAN])["artifacts"]
    return {**written, **{path: data.artifacts[sha256] for path, sha256 in hashes.items()}}


def properties(container: Started) -> dict[str, Any]:
    """Return the properties that say something, command and entrypoint as one, and line ends as systemd writes them."""
    given: dict[str, Any] = {
        name: value for name, value in container.properties.items() if value not in (None, [], {}, "false")
    }
    words = [*given.pop("entrypoints", []), *given.pop("command", [])]
    return json.loads(
        json.dumps({**given, "words": [word.replace("\n", "\\n") for word in words], "cpus": float(given["cpus"])})
    )


def test_the_pack_and_the_host_agree_on_places_and_version() -> None:
    assert (reader.PLAN, reader.PROGRAMS, reader.VERSION) == (boot.PLAN, boot.PROGRAMS, boot.VERSION)
    assert reader.container_file("server") == names.container_file("server")
    assert names.FIXED == reader.CONFIG_FOLDER


@HOSTS
def test_the_pack_reads_what_user_data_says(data: UserData) -> None:
    program = parse(data.text(**NAMES))
    assert program.fault == ""
    assert program.plan.containers == ("server", "frontend")
    assert program.plan.deferred == {"server": ("DB_URL",), "server.key-guard": ("PGHOST",)}
    assert program.plan.secret_files == {"server": tuple(hosts.server().get("secret_files", []))}
    assert (program.plan.parameter, program.plan.log_group) == (NAMES["parameter"], NAMES["log_group"])
    assert set(program.plan.artifacts.values()) <= set(data.artifacts)


@HOSTS
def test_the_pack_reads_of_the_plan_what_the_host_runs(data: UserData) -> None:
    """The plan, against what the reader of `docker run` finds in the units that the host makes of it."""
    given = files(data)
    planned = list(reader.planned_containers(parse(data.text(**NAMES)).plan, given))
    assert [container.name for container in planned] == ["server.key-guard", "server", "frontend"]
    run = [
        container
        for part in ("server", "frontend")
        for container in started_by(
            Script(part, units.container_unit(json.loads(given[names.container_file(part)]), TEMPLATE), is_unit=True)
        )
    ]
    for plan, command in zip(planned, run, strict=True):
        assert properties(plan) == properties(command)
        assert (plan.name, plan.image, plan.restart) == (command.name, command.image, command.restart)
        assert (plan.environment_files, plan.is_job) == (command.environment_files, command.is_job)
        assert set(command.sources) <= set(plan.sources)


@HOSTS
def test_every_field_is_declared(data: UserData) -> None:
    given = files(data)
    plan = json.loads(given[boot.PLAN])
    assert set(plan) == {*boot_plan.BootPlan.__annotations__, *NAMES}
    for part in plan["containers"]:
        container = json.loads(given[names.container_file(part)])
        assert set(container) <= set(boot_plan.Container.__annotations__)


@pytest.mark.parametrize("text", [aws_host.SERVER, aws_host.PROXY], ids=["server", "frontend"])
def test_the_hosts_of_the_policy_tests_have_the_same_form(text: str) -> None:
    optional = {"stop_signal", "probe", "reload", "check"}
    container = json.loads(text)
    required = boot_plan.Container.__required_keys__ - optional
    assert required <= set(container) <= required | optional
    assert units.container_unit(container, TEMPLATE).startswith("[Unit]\n")


def test_a_plan_of_another_version_is_a_fault_and_no_plan() -> None:
    plan = reader.read_boot_plan({reader.PLAN: json.dumps({"version": 2, "containers": ["server"]})})
    assert plan.containers == ()
    assert plan.fault.startswith("has a boot plan whose version is not 1")


def test_what_is_deferred_is_never_known_to_the_plan() -> None:
    spec = {**hosts.inner(), "environment": {"A": "1", "B": pulumi.Output.from_input("2")}}
    data = hosts.rendered(containers=[hosts.server(), spec])
    container = json.loads(files(data)[names.container_file("frontend")])
    assert container["environment_files"] == [
        names.known_environment("frontend"),
        names.deferred_environment("frontend"),
    ]
    assert files(data)[names.known_environment("frontend")] == "A=1\n"
