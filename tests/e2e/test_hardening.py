"""What a running container may do, read from the daemon and then tried from inside."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from components.backups import dump
from components.config.frontends import DEFAULT as FRONTEND
from components.docker.hardened import PROCESSES
from components.kotauth import server as kotauth
from components.postgres import server
from simulators.docker_command import docker
from simulators.waiting import eventually
from tests.e2e.places import containers, label
from tests.e2e.stack import Stack

pytestmark = [pytest.mark.docker, pytest.mark.engine]

PARTS = ("server", "database", "frontend", "backup-dump", "backup-store")
# Caddy's binary carries it as a file capability; without it the kernel would not start the binary.
ADDED: dict[str, list[str]] = {**{part: [] for part in PARTS}, "frontend": ["CAP_NET_BIND_SERVICE"]}
CAPABILITY_BITS = {"CAP_NET_BIND_SERVICE": 1 << 10}
BACKUPS = ("backup-dump", "backup-store")
USERS = {
    "server": kotauth.USER,
    "database": server.USER,
    "frontend": FRONTEND.user,
    **dict.fromkeys(BACKUPS, dump.USER),
}
MEMORY_MB = {"server": 512, "database": 512, "frontend": 256, **dict.fromkeys(BACKUPS, dump.MEMORY_MB)}
CPUS = {"server": 1, "database": 1, "frontend": 1, **dict.fromkeys(BACKUPS, dump.CPUS)}
WRITABLE = {
    "server": {"/tmp"},  # noqa: S108 - the container's own, here and below
    "database": {"/tmp", "/var/run/postgresql", "/var/lib/postgresql/data"},  # noqa: S108
    "frontend": {"/config", "/data", "/run/config", "/run/admin"},
    "backup-dump": {"/tmp", "/spool", "/var/lib/postgresql/data"},  # noqa: S108
    "backup-store": {"/tmp", "/spool", "/repository"},  # noqa: S108
}
NETWORKS: dict[str, set[str]] = {
    "server": {"frontend", "database"},
    "database": {"database"},
    "frontend": {"frontend"},
    "backup-dump": {"database"},
    # Its repository is a volume.
    "backup-store": set(),
}

# None of these is switched on: each would be a way to the host.
WAYS_TO_THE_HOST = (
    *("Privileged", "PidMode", "UTSMode", "UsernsMode", "Devices", "DeviceCgroupRules", "GroupAdd", "VolumesFrom"),
    *("ExtraHosts", "Links", "OomKillDisable", "PublishAllPorts"),
)

parts = pytest.mark.parametrize("part", PARTS)


@pytest.fixture(scope="module")
def running(stack: Stack) -> dict[str, dict[str, Any]]:
    """Return part -> what the daemon knows of its container."""
    return {part: stack.inspect(stack.container(part)) for part in PARTS}


@pytest.fixture(scope="module")
def networks(stack: Stack) -> dict[str, dict[str, Any]]:
    """Return the stack's networks by what they are for."""
    listed = docker("network", "ls", "--quiet", "--no-trunc", "--filter", f"label={label(stack)}").split()
    return {each["Labels"]["kotauth.network"]: each for each in json.loads(docker("network", "inspect", *listed))}


def inside(container: dict[str, Any], script: str, *options: str) -> str:
    """Run a shell script in a container and return what it printed, errors included."""
    return docker("exec", *options, container["Id"], "sh", "-c", f"{{ {script}; }} 2>&1", check=False)


def test_nothing_else_runs(stack: Stack, running: dict[str, dict[str, Any]]) -> None:
    listed = docker("ps", "--quiet", "--no-trunc", "--filter", f"label={label(stack)}").split()
    # One-shot containers stay for some seconds after their work.
    others = {
        container for container in listed if stack.inspect(container)["Config"]["Labels"]["kotauth.part"] != "job"
    }
    assert others == {container["Id"] for container in running.values()}


@parts
def test_no_way_to_the_host(running: dict[str, dict[str, Any]], part: str) -> None:
    host = running[part]["HostConfig"]
    assert {key: host[key] for key in WAYS_TO_THE_HOST if host[key]} == {}
    assert host["IpcMode"] == "private"
    assert host["NetworkMode"] not in ("host", "container")


@parts
def test_only_volumes_of_the_stack_are_mounted(stack: Stack, running: dict[str, dict[str, Any]], part: str) -> None:
    volumes = set(docker("volume", "ls", "--quiet", "--filter", f"label={label(stack)}").split())
    for mount in running[part]["Mounts"]:
        assert mount["Type"] == "volume"
        assert mount["Name"] in volumes
        assert mount["RW"] == (mount["Destination"] in WRITABLE[part])
    assert "docker.sock" not in inside(running[part], "cat /proc/mounts")


@parts
def test_no_capability_and_no_way_to_get_one(running: dict[str, dict[str, Any]], part: str) -> None:
    host = running[part]["HostConfig"]
    assert host["CapDrop"] == ["ALL"]
    assert (host["CapAdd"] or []) == ADDED[part]
    assert host["SecurityOpt"] == ["no-new-privileges:true"]
    status = dict(re.findall(r"^(\w+):\s*(\S+)", inside(running[part], "cat /proc/1/status"), re.MULTILINE))
    allowed = sum(CAPABILITY_BITS[name] for name in ADDED[part])
    assert int(status["CapBnd"], 16) == allowed
    assert int(status["CapEff"], 16) | allowed == allowed
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2", "the daemon's filter of system calls is off"


@parts
def test_it_runs_as_a_user_that_is_not_root(running: dict[str, dict[str, Any]], part: str) -> None:
    assert inside(running[part], 'echo "$(id -u):$(id -g)"') == USERS[part]
    uid = USERS[part].partition(":")[0]
    processes = docker("top", running[part]["Id"], "-eo", "pid,uid").splitlines()[1:]
    assert {line.split()[1] for line in processes} == {uid}
    assert uid != "0"


@parts
def test_memory_is_limited(running: dict[str, dict[str, Any]], part: str) -> None:
    host, limit = running[part]["HostConfig"], MEMORY_MB[part] << 20
    assert (host["Memory"], host["MemorySwap"]) == (limit, limit)
    groups = "cat /sys/fs/cgroup/memory.max 2>/dev/null || cat /sys/fs/cgroup/memory/memory.limit_in_bytes"
    assert inside(running[part], groups) == str(limit)


@parts
def test_processors_and_processes_are_limited(running: dict[str, dict[str, Any]], part: str) -> None:
    assert running[part]["HostConfig"]["NanoCpus"] == CPUS[part] * 10**9
    limits = inside(running[part], "cat /proc/1/limits")
    assert re.search(rf"^Max processes +{PROCESSES} +{PROCESSES} ", limits, re.MULTILINE), limits


@parts
def test_it_comes_back_and_says_how_it_is(stack: Stack, running: dict[str, dict[str, Any]], part: str) -> None:
    assert running[part]["HostConfig"]["RestartPolicy"]["Name"] == "unless-stopped"
    assert running[part]["Config"]["Healthcheck"]["Test"][0] == "CMD"
    # Docker asks every few seconds, and a test before this one may have stopped it or what it needs.
    health = lambda: stack.inspect(running[part]["Id"])["State"]["Health"]["Status"]  # noqa: E731
    eventually("healthy", lambda: health() == "healthy")


@parts
def test_its_log_is_bounded(running: dict[str, dict[str, Any]], part: str) -> None:
    assert running[part]["HostConfig"]["LogConfig"] == {
        "Type": "json-file",
        "Config": {"max-size": "10m", "max-file": "3"},
    }


@parts
@pytest.mark.parametrize("user", ["its own", "0:0"])
def test_the_root_can_t_be_written(running: dict[str, dict[str, Any]], part: str, user: str) -> None:
    options = [] if user == "its own" else [f"--user={user}"]
    # Every folder that exists, but the kernel's; the answer is the folders in which a file could be made.
    script = (
        "find / -xdev -type d 2>/dev/null; for d in /tmp /data /config /run/config /run/admin /run/secrets "
        "/var/run/postgresql /var/lib/postgresql/data; do echo $d; done"
    )
    make = f'({script}) | sort -u | while read -r d; do (: >"$d/.made") && rm "$d/.made" && echo "$d"; done 2>/dev/null'
    made = set(inside(running[part], make, *options).split())
    resolved = {path.replace("/var/run", "/run") for path in made}
    # Docker's own in-memory /dev is root's.
    allowed = WRITABLE[part] | ({"/dev"} if options else set())
    assert resolved <= {path.replace("/var/run", "/run") for path in allowed}
    assert made or user != "its own", "nothing could be written at all, so nothing was tried"


@parts
def test_nothing_written_to_memory_can_be_run(running: dict[str, dict[str, Any]], part: str) -> None:
    folder = "/config" if part == "frontend" else "/tmp"  # noqa: S108
    script = f"cp /bin/true {folder}/tried && {folder}/tried; echo $?; rm -f {folder}/tried"
    assert "Permission denied" in inside(running[part], script)


@parts
def test_the_root_is_mounted_read_only(running: dict[str, dict[str, Any]], part: str) -> None:
    assert running[part]["HostConfig"]["ReadonlyRootfs"] is True
    assert "Read-only file system" in inside(running[part], "touch /made", "--user=0:0")


def test_only_the_frontend_publishes_and_only_two_ports(stack: Stack, running: dict[str, dict[str, Any]]) -> None:
    published = {
        (inspected["Config"]["Labels"]["kotauth.part"], int(binding["HostPort"]))
        for inspected in json.loads(docker("inspect", *containers(stack)))
        for bindings in (inspected["HostConfig"]["PortBindings"] or {}).values()
        for binding in bindings
    }
    http_port = int(stack.project.pulumi("config", "get", "httpPort").output)
    assert published == {("frontend", http_port), ("frontend", stack.client.port)}
    listening = {
        (part, binding["HostPort"])
        for part, inspected in running.items()
        for bindings in inspected["NetworkSettings"]["Ports"].values()
        for binding in bindings or []
    }
    assert listening == {(part, str(port)) for part, port in published}


@parts
def test_it_is_on_its_networks_only(
    running: dict[str, dict[str, Any]], networks: dict[str, dict[str, Any]], part: str
) -> None:
    attachments = running[part]["NetworkSettings"]["Networks"]
    joined = {attached["NetworkID"] for name, attached in attachments.items() if name != "none"}
    assert joined == {networks[name]["Id"] for name in NETWORKS[part]}


def test_networks_lead_where_they_must_and_nowhere_else(
    running: dict[str, dict[str, Any]], networks: dict[str, dict[str, Any]]
) -> None:
    assert {name: network["Internal"] for name, network in networks.items()} == {"frontend": False, "database": True}
    image = running["database"]["Image"]
    (attached,) = running["database"]["NetworkSettings"]["Networks"].values()
    database = (f"{attached['IPAddress']}/5432", "postgres/5432")
    for network, expected in (("database", set(database)), ("frontend", {"kotauth/8080"})):
        targets = (*database, "kotauth/8080")
        # A busy machine may take longer for a connection than one is given there.
        eventually(
            f"the network {network} leads to {expected} alone",
            lambda: reached(networks[network], image, *targets) == expected,  # noqa: B023
        )


def reached(network: dict[str, Any], image: str, *targets: str) -> set[str]:
    """Return those of the targets, `host/port`, that a container of the network can connect to."""
    script = 'for to; do timeout 2 bash -c "</dev/tcp/$to" 2>/dev/null && echo "$to" & done; wait'
    return set(
        docker(
            "run", "--rm", f"--network={network['Id']}", "--entrypoint=bash", image, "-c", script, "sh", *targets
        ).split()
    )


def test_helpers_have_no_more_rights_and_are_over(stack: Stack) -> None:
    for container in stack.containers("job", stopped=True):
        inspected = stack.inspect(container)
        host = inspected["HostConfig"]
        assert host["ReadonlyRootfs"], inspected["Name"]
        assert host["CapDrop"] == ["ALL"], inspected["Name"]
        assert set(host["CapAdd"] or []) <= {"CAP_CHOWN", "CAP_NET_BIND_SERVICE"}, inspected["Name"]
        assert host["RestartPolicy"]["Name"] == "no", inspected["Name"]
        assert host["Memory"] == 64 << 20, inspected["Name"]
    states = {stack.inspect(container)["State"]["Status"] for container in stack.containers("files", stopped=True)}
    assert states == {"created"}, "what carries files with a writable root has been started"
