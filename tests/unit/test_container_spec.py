"""What a spec may say beyond the containers of a deployment, and what Docker is given for it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from components import DockerContainer
from components.inputs.error import InvalidInputError
from components.workload.rules import problems, value_at
from tests.unit.least_inputs import SPEC
from tests.unit.recording import Declared, Registered, declare

JOB = {key: value for key, value in SPEC.items() if key != "probe"} | {"one_shot": True, "command": ["dump", "now"]}
WATCHED: dict[str, Any] = {"config_files": {"proxy.conf": "a"}, "reload": {"watch": True}}


def made(spec: dict[str, Any], **more: Any) -> Declared:
    args: Any = {"spec": spec, **more}
    return declare(lambda: {"name": DockerContainer("it", args).container_name})


def container(declared: Declared) -> Registered:
    return declared.named("it", ":Container")


def refused(spec: dict[str, Any], **more: Any) -> list[str]:
    with pytest.raises(InvalidInputError) as error:
        made(spec, **more)
    return [line.strip() for line in str(error.value).splitlines()[1:]]


def test_a_job_must_succeed_and_is_not_started_again() -> None:
    inputs = container(made({**JOB, "entrypoint": ["tool"], "time_limit_seconds": 90})).inputs
    assert inputs["entrypoints"][:2] == ["sh", "-c"]
    assert inputs["command"] == ["tool", "dump", "now"]
    assert (inputs["mustRun"], inputs["restart"], inputs["waitTimeout"]) == (False, "no", 90)
    assert inputs["readOnly"]


CHECKED: dict[str, Any] = {
    **SPEC,
    "command": ["serve"],
    "environment": {"A": "1", "B": "2"},
    "sysctls": {"net.core.somaxconn": "1", "net.ipv4.tcp_syncookies": "1"},
    "before_start": {"name": "guard", "image": "registry.example/x:1.2.3", "command": ["check"]},
}


@pytest.mark.parametrize(
    "changes",
    [
        {"environment": {"A": "1", "C": "2"}},
        {"command": ["serve", "1"], "environment": {"B": "2"}},
        {"entrypoint": ["sh"]},
        {"probe": {**SPEC["probe"], "command": ["false"]}},
        {"ports": [{"host": 1, "container": 2}]},
        {"capabilities": ["CAP_CHOWN"]},
        {"sysctls": {"net.core.somaxconn": "1"}},
        {"log": {"driver": "none"}},
        {"stop_signal": "SIGINT"},
        {"stop_seconds": 1},
        {"reaches_host": True},
        {"tmpfs": ["/srv"]},
    ],
)
def test_the_check_runs_again_whatever_makes_a_new_container(changes: dict[str, Any]) -> None:
    assert check_trigger(CHECKED) != check_trigger({**CHECKED, **changes})


def test_the_check_does_not_run_again_for_files_that_the_container_reloads() -> None:
    changed = {**WATCHED, "config_files": {"proxy.conf": "b"}}
    assert check_trigger({**CHECKED, **WATCHED}) == check_trigger({**CHECKED, **changed})


def test_the_check_does_not_run_again_for_another_order_of_keys() -> None:
    """A program in Go gives a map in another order each time."""
    turned = {key: dict(reversed(value.items())) for key, value in CHECKED.items() if key in ("environment", "sysctls")}
    assert check_trigger(CHECKED) == check_trigger(dict(reversed({**CHECKED, **turned}.items())))


def check_trigger(spec: dict[str, Any]) -> object:
    """Return what makes a new container of the check when it changes."""
    return made(spec).named("it-guard", ":Container").labels["kotauth.trigger"]


def test_what_nothing_can_probe_counts_as_started_when_it_runs() -> None:
    inputs = container(made({**SPEC, "probe": None, "unprobed": True})).inputs
    assert "healthcheck" not in inputs
    assert not inputs.get("wait")
    assert inputs["restart"] == "unless-stopped"


@pytest.mark.parametrize(
    "changes",
    [{"probe": None}, {"one_shot": True}, {"unprobed": True}, {"probe": None, "one_shot": True, "unprobed": True}],
)
def test_exactly_one_says_when_it_is_ready(changes: dict[str, Any]) -> None:
    (problem,) = refused({**SPEC, **changes})
    assert problem.startswith("spec.probe = ")
    assert problem.endswith(
        "is required, or else one_shot (a container that exits) or unprobed: set exactly one of the three"
    )


def test_a_job_publishes_nothing_and_keeps_nothing() -> None:
    for changes in (
        {"ports": [{"host": 1, "container": 2}]},
        {"volumes": [{"name": "data", "path": "/data"}]},
        {"disposable_volumes": [{"name": "spool", "path": "/spool"}]},
        WATCHED,
    ):
        (problem,) = refused({**JOB, **changes})
        assert "can't have ports, volumes of its own or a reload" in problem


def test_a_volume_of_another_container() -> None:
    shared: dict[str, Any] = {"owner": "dump", "name": "spool", "path": "/spool"}
    reader = container(made({**SPEC, "shared_volumes": [shared]}, shared_volumes={"dump/spool": "spool-1"}))
    assert reader.inputs["volumes"] == [{"volumeName": "spool-1", "containerPath": "/spool", "readOnly": True}]
    assert not reader.delete_before_replace
    writer = {**SPEC, "shared_volumes": [{**shared, "read_only": False}]}
    written = container(made(writer, shared_volumes={"dump/spool": "spool-1"}))
    assert written.inputs["volumes"][0]["readOnly"] is False
    assert written.delete_before_replace
    (problem,) = refused(writer, shared_volumes={"dump/spol": "x"})
    assert 'must be exactly the spec\'s shared volumes, "dump/spool" (got "dump/spol")' in problem


@pytest.mark.parametrize(
    ("changes", "path", "least"),
    [
        ({"stop_seconds": -1}, "stop_seconds", 0),
        ({"probe": {**SPEC["probe"], "retries": 0}}, "probe.retries", 1),
        ({"probe": {**SPEC["probe"], "interval_seconds": 0}}, "probe.interval_seconds", 1),
        ({"probe": {**SPEC["probe"], "timeout_seconds": -1}}, "probe.timeout_seconds", 1),
        ({"probe": {**SPEC["probe"], "start_period_seconds": -1}}, "probe.start_period_seconds", 0),
        ({"probe": None, "one_shot": True, "time_limit_seconds": 0}, "time_limit_seconds", 1),
        ({"ports": [{"host": 1, "container": 2}, {"host": 0, "container": 2}]}, "ports[1].host", 1),
        ({"ports": [{"host": 1, "container": 65536}]}, "ports[0].container", 1),
    ],
)
def test_a_number_that_no_host_takes_is_refused(changes: dict[str, Any], path: str, least: int) -> None:
    (problem,) = refused({**SPEC, **changes})
    number = re.escape(str(value_at({**SPEC, **changes}, path)))
    assert re.fullmatch(rf'spec\.{re.escape(path)} = "{number}": must be .*a whole number from {least}.*', problem)


def test_what_is_missing_inside_a_list_is_named_and_nothing_else() -> None:
    assert {line.split(" = ")[0] for line in refused({**SPEC, "host_mounts": [{}], "ports": [{}]})} == {
        *(f"spec.host_mounts[0].{name}" for name in ("source", "path")),
        *(f"spec.ports[0].{name}" for name in ("host", "container")),
    }


def test_its_own_log_driver() -> None:
    rotation = {"max-size": "10m", "max-file": "3"}
    labelled = container(made({**SPEC, "log": {"driver": "json-file", "options": {"labels": "kotauth.stack"}}})).inputs
    assert labelled["logOpts"] == {**rotation, "labels": "kotauth.stack"}
    sent = container(made({**SPEC, "log": {"driver": "syslog", "options": {"tag": "x"}}})).inputs
    assert (sent["logDriver"], sent["logOpts"]) == ("syslog", {"tag": "x"})
    usual = container(made(SPEC)).inputs
    assert (usual["logDriver"], usual["logOpts"]) == ("json-file", rotation)


def test_a_folder_of_the_host_is_read_only_and_declared() -> None:
    folders = [{"source": "/var/lib/docker/containers", "path": "/logs"}, {"source": "/srv/site", "path": "/site"}]
    inputs = container(made({**SPEC, "host_mounts": folders})).inputs
    assert inputs["volumes"] == [
        {"hostPath": "/var/lib/docker/containers", "containerPath": "/logs", "readOnly": True},
        {"hostPath": "/srv/site", "containerPath": "/site", "readOnly": True},
    ]
    assert {"label": "kotauth.host-mount", "value": "/var/lib/docker/containers:/srv/site"} in inputs["labels"]


@pytest.mark.parametrize("source", ["logs", "/srv/../etc", "/srv:/etc", "/", "/srv/"])
def test_a_folder_of_the_host_has_a_plain_path(source: str) -> None:
    (problem,) = refused({**SPEC, "host_mounts": [{"source": source, "path": "/mnt"}]})
    assert problem.endswith("must be absolute paths of plain names")


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("secret_files", lambda name: [name]),
        ("config_files", lambda name: {name: "content"}),
        ("volumes", lambda name: [{"name": name, "path": "/data"}]),
        ("disposable_volumes", lambda name: [{"name": name, "path": "/data"}]),
    ],
)
def test_files_and_volumes_have_plain_names(field: str, given: Callable[[str], Any]) -> None:
    rule = "must have names of letters, digits, dots, hyphens and underscores, and none that is next: rename"
    for name in ("", ".", "..", "../passwd", "conf.d/site", "next", "a b", "a,readonly"):
        assert problems({**SPEC, field: given(name)}) == {field: f'{rule} "{name}"'}
    assert problems({**SPEC, field: given("database-ca_2.pem")}) == {}


@pytest.mark.parametrize(
    ("field", "refused", "taken"), [("memory", [0, 5, -1], [6, 512]), ("cpus", [0, 0.0, 0.009, -1], [0.01, 1, 2.5])]
)
def test_limits_are_limits(field: str, refused: list[float], taken: list[float]) -> None:
    """Docker takes 0 for no limit."""
    assert [limit for limit in refused if field not in problems({**SPEC, field: limit})] == []
    assert [limit for limit in taken if problems({**SPEC, field: limit})] == []


def test_new_files_for_a_container_that_watches_them() -> None:
    def of(text: str) -> tuple[Declared, Registered]:
        declared = made({**SPEC, "config_files": {"proxy.conf": text}, "reload": {"watch": True}})
        return declared, declared.named("it-reload", ":Container")

    (first, put), (second, put_again) = of("a"), of("b")
    assert container(first).inputs == container(second).inputs
    assert put.inputs["labels"] != put_again.inputs["labels"]
    # The provider refuses an empty word.
    assert put.inputs["command"][-1] == "-"
    assert [volume["containerPath"] for volume in put.inputs["volumes"]] == ["/run/config"]
    assert [r.name for r in first.containers if r.name == "it-signal"] == []


def test_new_files_are_told_by_a_signal() -> None:
    declared = made({**SPEC, "config_files": {"proxy.conf": "a"}, "reload": {"signal": "SIGHUP"}})
    told = declared.named("it-signal", ":Container").inputs
    assert told["command"][-1] == "HUP"
    assert told["pidMode"] == f"container:{container(declared).name}-id"
    assert told["user"] == SPEC["user"]
    assert "Container it" in declared.before("Container it-signal")
    assert "Container it-reload" in declared.before("Container it")


def test_another_user_gets_volumes_of_its_own_for_files_that_are_reloaded() -> None:
    def labels(user: str) -> dict[str, Any]:
        files = {"config_files": {"proxy.conf": "a"}, "secret_files": ["key.pem"]}
        reload = {"command": ["proxy", "reload"], "socket": "/run/admin/proxy.sock", "secret_files": True}
        spec = {**SPEC, **files, "user": user, "reload": reload, "volumes": [{"name": "data", "path": "/data"}]}
        volumes = made(spec, secrets={"key.pem": "a"}).of_type(":Volume")
        return {volume.name: volume.inputs["labels"] for volume in volumes}

    first, again, second = labels("10003:10003"), labels("10003:10003"), labels("10004:10004")
    assert first == again
    assert {name for name in first if first[name] != second[name]} == {"it-config", "it-secrets", "it-secrets-control"}
    assert "it-data" in first


def test_a_container_without_secret_files_is_not_asked_to_load_the_first_ones() -> None:
    reload = {"command": ["proxy", "reload"], "socket": "/run/admin/proxy.sock", "secret_files": True}

    def control(declared: Declared) -> str:
        volumes = {volume["containerPath"]: volume["volumeName"] for volume in container(declared).inputs["volumes"]}
        return volumes["/run/admin"]

    without = made({**SPEC, "reload": reload})
    with_files = made({**SPEC, "reload": reload, "secret_files": ["key.pem"]}, secrets={"key.pem": "a"})
    assert control(without) != control(with_files)


def test_new_secret_files_reach_the_running_container() -> None:
    def of(key: str) -> Declared:
        spec = {**SPEC, "secret_files": ["key.pem"], "reload": {"signal": "SIGHUP", "secret_files": True}}
        return made(spec, secrets={"key.pem": key})

    first, second = of("a"), of("b")
    assert container(first).inputs == container(second).inputs
    mounts = {volume["containerPath"]: volume["readOnly"] for volume in container(first).inputs["volumes"]}
    assert mounts == {"/run/config": False, "/run/secrets": True}
    for job in ("it-reload", "it-signal"):
        assert first.named(job, ":Container").inputs["labels"] != second.named(job, ":Container").inputs["labels"]
    carrier = first.named("it-next-secrets-carrier")
    assert [upload["file"] for upload in carrier.inputs["uploads"]] == ["/files/next/key.pem"]


@pytest.mark.parametrize("reload", [{}, {"signal": "SIGHUP", "watch": True}, {"secret_files": True}])
def test_a_reload_has_one_way(reload: dict[str, Any]) -> None:
    (problem,) = refused({**SPEC, "reload": reload})
    assert "must have exactly one of command, signal and watch" in problem


@pytest.mark.parametrize("reload", [{"watch": True}, {"command": ["x"], "socket": "/x"}])
def test_only_a_reload_by_signal_has_a_check(reload: dict[str, Any]) -> None:
    (problem,) = refused({**SPEC, "reload": {**reload, "check": ["x"]}})
    assert "must be set only with reload.signal" in problem


@pytest.mark.parametrize("reload", [{"command": ["x"]}, {"watch": True, "socket": "/run/admin/x.sock"}])
def test_a_reload_s_command_has_a_socket(reload: dict[str, Any]) -> None:
    (problem,) = refused({**SPEC, "reload": reload})
    assert problem.endswith("must be set with reload.command, and only then")
