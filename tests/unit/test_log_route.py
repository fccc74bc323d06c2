"""The log route of a Docker deployment: what its containers may do, and what is read, removed and sent."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pulumi
import pytest

from cli import readiness
from cli.stack import Stack
from components import DockerContainer, DockerDeployment, DockerLogRoute
from components.aws.host.support_files import support_files
from components.docker.daemon import log_files
from components.inputs.error import InvalidInputError
from components.logs.redaction import replacements
from tests.unit.docker_api import Daemon
from tests.unit.least_inputs import SPEC
from tests.unit.recording import Declared, Registered, declare

STACK = {"kotauth.stack": "kotauth/prod"}
ARGS: Any = {
    "base_url": "https://auth.example.com",
    "acme_email": "ops@example.com",
    "logs": "loki",
    "logs_endpoint": "https://loki.example.com",
    "logs_token": "canary-token",
    "labels": STACK,
}
PARTS = ("log-reader", "log-shipper", "log-watcher")


@pytest.fixture(scope="module")
def declared() -> Declared:
    return declare(lambda: DockerDeployment("kotauth", ARGS))


def part(declared: Declared, name: str) -> Registered:
    (one,) = [container for container in declared.containers if container.labels["kotauth.part"] == name]
    return one


def networks(container: Registered) -> list[str]:
    """Return the names of its networks, as the program gives them."""
    return [entry["name"].rpartition("-")[0] for entry in container.inputs["networksAdvanced"]]


def configuration(declared: Declared, of: str) -> dict[str, Any]:
    (upload,) = declared.named(f"kotauth-logs-{of}-config-carrier").inputs["uploads"]
    return json.loads(upload["content"])


def test_the_reader_sees_the_files_and_nothing_else(declared: Declared) -> None:
    reader = part(declared, "log-reader")
    assert reader.inputs["user"] == "0:0"
    assert reader.inputs["capabilities"] == {"drops": ["ALL"], "adds": []}
    assert networks(reader) == ["kotauth-logs-logs"]
    assert "ports" not in reader.inputs
    assert reader.labels["kotauth.host-mount"] == "/var/lib/docker/containers"
    mounts = [(mount.get("hostPath"), mount["containerPath"], mount["readOnly"]) for mount in reader.inputs["volumes"]]
    assert ("/var/lib/docker/containers", "/logs", True) in mounts
    assert sorted(path for _, path, read_only in mounts if not read_only) == ["/var/lib/otelcol"]


def test_only_the_shipper_has_a_way_out_and_the_token(declared: Declared) -> None:
    assert networks(part(declared, "log-shipper")) == ["kotauth-logs-logs", "kotauth-logs-logs-egress"]
    assert networks(part(declared, "log-watcher")) == ["kotauth-logs-logs"]
    made = {network.name: network.inputs["internal"] for network in declared.of_type("docker:index/network:Network")}
    assert (made["kotauth-logs-logs"], made["kotauth-logs-logs-egress"]) == (True, False)
    holders = [r.name for r in declared.resources if "canary-token" in json.dumps(r.inputs)]
    # The component's own inputs are secret, too.
    assert [name for name in holders if name.endswith("-carrier")] == ["kotauth-logs-shipper-secrets-carrier"]
    assert part(declared, "log-shipper").inputs["user"] == "10001:10001"


def test_docker_writes_the_label_beside_the_lines_of_the_parts(declared: Declared) -> None:
    """Not of reader and shipper, whose lines would be about themselves, and not of jobs, which an `up` shows."""
    sent = [c.name for c in declared.containers if c.labels.get("kotauth.logs") == "kotauth/prod"]
    assert sent == [
        "kotauth-backup-dump",
        "kotauth-backup-store",
        "kotauth-frontend",
        "kotauth-logs-watcher",
        "kotauth-postgres",
        "kotauth-server",
    ]
    beside = "kotauth.logs,kotauth.part"
    assert [c.name for c in declared.containers if c.inputs.get("logOpts", {}).get("labels") == beside] == sent


def test_a_route_replaces_no_volume_and_no_network(declared: Declared) -> None:
    without: Any = {key: value for key, value in ARGS.items() if not key.startswith("logs")}
    before = declare(lambda: DockerDeployment("kotauth", without))
    for kind in ("docker:index/volume:Volume", "docker:index/network:Network"):
        after = {r.name: r.inputs for r in declared.of_type(kind)}
        assert {r.name: after[r.name] for r in before.of_type(kind)} == {r.name: r.inputs for r in before.of_type(kind)}


def test_the_volumes_of_the_route_may_be_deleted(declared: Declared) -> None:
    for name in ("kotauth-logs-reader-offsets", "kotauth-logs-shipper-queue"):
        assert not declared.named(name, ":Volume").protect


def test_without_a_route_nothing_of_it_is_there() -> None:
    without: Any = {key: value for key, value in ARGS.items() if not key.startswith("logs")}
    declared = declare(lambda: DockerDeployment("kotauth", without))
    assert not [r.name for r in declared.resources if "logs" in r.name]
    assert not [c.name for c in declared.containers if "labels" in c.inputs.get("logOpts", {})]
    assert declared.outputs["log_watcher"] == ""


def test_a_route_needs_a_label_that_tells_its_lines_from_others() -> None:
    with pytest.raises(InvalidInputError, match=r"labels = .*: must have kotauth\.stack for a log route"):
        declare(lambda: DockerDeployment("kotauth", ARGS | {"labels": {}}))


def test_delivery_waits_as_long_as_it_takes(declared: Declared) -> None:
    """Each of these lost or doubled lines, or broke their order, when it was otherwise."""
    shipper, reader = configuration(declared, "shipper"), configuration(declared, "reader")
    exporter = shipper["exporters"]["otlp_http"]
    assert exporter["logs_endpoint"] == "https://loki.example.com/otlp/v1/logs"
    assert exporter["headers"] == "${file:/run/secrets/headers.json}"
    assert exporter["sending_queue"]["num_consumers"] == 1
    assert exporter["sending_queue"]["storage"] == "file_storage"
    assert exporter["retry_on_failure"]["max_elapsed_time"] == "0s"
    files = reader["receivers"]["file_log"]
    assert (files["retry_on_failure"]["max_elapsed_time"], files["max_concurrent_files"]) == ("0s", 2)
    assert (files["fingerprint_size"], files["start_at"]) == ("40KiB", "beginning")
    assert reader["exporters"]["otlp_http"]["sending_queue"] == {"enabled": False}
    assert "--feature-gates=stanza.synchronousLogEmitter" in part(declared, "log-reader").inputs["command"]


@pytest.mark.parametrize("endpoint", ["http://host.docker.internal:3100/v1/logs", "https://loki.example.com/v1/logs"])
def test_the_host_is_reached_only_where_the_lines_go_there(endpoint: str) -> None:
    args: Any = {
        "stack": "s",
        "endpoint": endpoint,
        "tools_image": "registry.example/x:1",
        "files_image": "r.example/x:1",
    }
    shipper = part(declare(lambda: DockerLogRoute("logs", args)), "log-shipper")
    hosts = [{"host": "host.docker.internal", "ip": "host-gateway"}] if endpoint.startswith("http:") else None
    assert shipper.inputs.get("hosts") == hosts


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"host_mounts": [{"source": "/srv", "path": "/srv"}], "capabilities": ["CAP_CHOWN"]},
        {"host_mounts": [{"source": "/srv", "path": "/srv"}], "ports": [{"host": 1, "container": 2}]},
        {"host_mounts": [{"source": "/srv", "path": "/srv"}], "volumes": [{"name": "data", "path": "/data"}]},
    ],
)
def test_root_is_for_what_reads_the_host_alone(changes: dict[str, Any]) -> None:
    spec = {**SPEC, "user": "0:0", **changes}
    with pytest.raises(InvalidInputError, match="must be uid:gid, numeric and not root"):
        declare(lambda: {"name": DockerContainer("it", {"spec": spec}).container_name})  # pyright: ignore


def test_go_and_python_read_the_patterns_alike() -> None:
    """Go's engine has no lookaround, and its classes and dots match other characters than Python's."""
    for pattern, _ in replacements():
        assert re.compile(pattern).groups == 1
        assert not re.search(r"\(\?(?!:|i\))", pattern), pattern
        assert not re.search(r"(?<!\\)(?:\\\\)*\\[swdbSWDBAZz]", pattern), pattern
        assert "." not in re.sub(r"\\.|\[[^\]]*\]", "", pattern), pattern


def test_a_host_on_aws_gets_the_patterns_beside_its_programs() -> None:
    beside = {Path(path).parent for path in support_files() if path.endswith(("/redact.py", "/redaction.json"))}
    assert len(beside) == 1
    assert [path for path in support_files() if path.endswith("/redaction.json")]


INFO = {"DockerRootDir": "/var/lib/docker", "OperatingSystem": "Debian GNU/Linux 12 (bookworm)"}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"SecurityOptions": ["name=seccomp,profile=default", "name=rootless"]},
            "a rootless daemon keeps them as another",
        ),
        ({"SecurityOptions": ["name=userns"]}, "root of a container is another user on the host"),
        ({"SecurityOptions": ["name=selinux"]}, "SELinux keeps containers from reading them"),
        ({"OperatingSystem": "Docker Desktop"}, "Docker Desktop keeps them in a virtual machine"),
        ({"DockerRootDir": "/mnt/my disk"}, "the daemon's data folder is /mnt/my disk"),
    ],
)
def test_a_daemon_whose_files_no_container_can_read(changes: dict[str, Any], reason: str) -> None:
    (problem,) = log_files.problems({**INFO, **changes})
    assert f"can't be read by a container, because {reason}" in problem
    assert problem.endswith("set kotauth:logs to none, or use another Docker host")


def test_the_usual_daemon() -> None:
    usual = {**INFO, "SecurityOptions": ["name=seccomp,profile=default"]}
    assert list(log_files.problems(usual)) == []
    assert log_files.relocation(usual) is None


def test_a_daemon_with_another_data_folder() -> None:
    options = log_files.relocation({**INFO, "DockerRootDir": "/mnt/docker"})
    declared = declare(lambda: DockerDeployment("kotauth", ARGS, options))
    reader = part(declared, "log-reader")
    assert reader.labels["kotauth.host-mount"] == "/mnt/docker/containers"
    assert {"hostPath": "/mnt/docker/containers", "containerPath": "/logs", "readOnly": True} in reader.inputs[
        "volumes"
    ]
    assert not [c.name for c in declared.containers if "/var/lib/docker" in json.dumps(c.inputs["volumes"])]
    assert pulumi.ResourceOptions.merge(None, options).transformations


def test_make_up_says_what_becomes_of_the_lines(docker_daemon: Daemon) -> None:
    said = "log route to https://loki.example.com/otlp/v1/logs: ok: 5 lines read, 5 sent"
    docker_daemon.containers.append({"Names": ["/watcher-1"], "Status": "Up 2 minutes (healthy)"})
    docker_daemon.logs["watcher-1"] = json.dumps({"level": "INFO", "message": said}) + "\n"
    assert readiness.log_route(Stack("dev"), "watcher-1") == f"Up 2 minutes (healthy); {said}"
    docker_daemon.containers.clear()
    assert readiness.log_route(Stack("dev"), "watcher-1") == f"not running; {said}"
