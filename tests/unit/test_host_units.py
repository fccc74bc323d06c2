"""The containers' units: what Docker is asked for, and what systemd makes of it."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
from pathlib import Path

import pulumi
import pytest
from hypothesis import given
from hypothesis import strategies as st

import components.aws.host
from components.aws.host.boot_plan import container_text
from components.aws.host.container_plan import container_plan
from components.aws.host.scripts import names, units
from components.aws.host.scripts.units import quoted
from components.workload.hardening import PROCESSES, tmpfs
from components.workload.spec import ContainerSpec
from tests.unit import hosts

UNITS = Path(components.aws.host.__file__).parent / "units"


def spec(**changes: object) -> ContainerSpec:
    plain: ContainerSpec = {
        "part": "server",
        "image": "example.test/image:1.2.3",
        "user": "10001:10001",
        "memory": 512,
        "cpus": 1.5,
        "probe": {"command": ["true"], "interval_seconds": 5, "timeout_seconds": 4, "retries": 3},
    }
    return {**plain, **changes}  # pyright: ignore[reportReturnType]


def container_unit(of: ContainerSpec) -> str:
    """Return the unit that the host makes of what the boot plan says of a container."""
    plan = json.loads(container_text(container_plan(of)))
    return units.container_unit(plan, (Path(units.__file__).parent / names.UNIT_TEMPLATE).read_text())


def lines(unit: str, key: str) -> list[list[str]]:
    """Return each line of a key as the words between which the unit breaks it."""
    joined = unit.replace(" \\\n ", "\0").splitlines()
    return [line.removeprefix(f"{key}=").split("\0") for line in joined if line.startswith(f"{key}=")]


def run(of: ContainerSpec) -> list[str]:
    (words,) = lines(container_unit(of), "ExecStart")
    return words


def check(of: ContainerSpec) -> list[str]:
    return lines(container_unit(of), "ExecStartPre")[-1]


HARDENING = [
    "--read-only",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    "--user=10001:10001",
    f"--pids-limit={PROCESSES}",
    f"--ulimit=nproc={PROCESSES}:{PROCESSES}",
    "--pull=never",
    "--rm",
    "--network=kotauth",
    "--log-driver=journald",
    "--log-opt=tag=server",
    "--mount=type=bind,source=/run/kotauth/server/secrets,target=/run/secrets,readonly",
    "--mount=type=bind,source=/run/kotauth/server/config,target=/run/config,readonly",
    f"--tmpfs=/tmp:{tmpfs('10001:10001')}",
]


@pytest.mark.parametrize("option", HARDENING)
def test_the_server_and_its_check_have_the_same_walls(option: str) -> None:
    assert option in run(hosts.server())
    assert option in check(hosts.server())


def test_memory_is_bounded_without_swap() -> None:
    assert {"--memory=512m", "--memory-swap=512m", "--cpus=1.5"} <= set(run(spec()))
    assert {"--memory=64m", "--memory-swap=64m", "--cpus=0.5"} <= set(check(hosts.server()))


def test_nothing_opens_a_wall() -> None:
    for of in (hosts.server(), hosts.inner(), hosts.edge()):
        words = [*run(of), *(check(of) if "before_start" in of else [])]
        assert not [
            word for word in words if word.startswith(("--privileged", "--device", "--pid=", "--ipc", "--volume"))
        ]
        assert not [word for word in words if "docker.sock" in word or "network=host" in word]


def test_only_the_listed_capabilities_are_kept() -> None:
    assert [word for word in run(hosts.inner()) if word.startswith("--cap-add")] == ["--cap-add=CAP_NET_BIND_SERVICE"]
    assert [word for word in run(hosts.server()) if word.startswith("--cap-add")] == []


def test_only_the_server_has_kernel_parameters() -> None:
    def parameters(words: list[str]) -> list[str]:
        return [word.removeprefix("--sysctl=net.ipv4.") for word in words if word.startswith("--sysctl")]

    expected = ["tcp_keepalive_time=10", "tcp_keepalive_intvl=5", "tcp_keepalive_probes=3", "tcp_retries2=6"]
    assert parameters(run(hosts.server())) == expected
    assert parameters(check(hosts.server())) == parameters(run(hosts.inner())) == []


def test_only_the_frontend_publishes_ports() -> None:
    assert [word for word in run(hosts.edge()) if word.startswith("--publish")] == [
        "--publish=80:8080",
        "--publish=443:8443",
    ]
    assert [word for word in run(hosts.server()) if word.startswith("--publish")] == []


def test_the_others_find_it_by_its_part_and_the_check_by_nothing() -> None:
    assert {"--name=server", "--network-alias=server"} <= set(run(hosts.server()))
    assert "--name=server.key-guard" in check(hosts.server())
    assert not [word for word in check(hosts.server()) if word.startswith("--network-alias")]


def test_the_check_runs_before_every_start_and_not_after_a_failed_one() -> None:
    before = lines(container_unit(hosts.server()), "ExecStartPre")
    assert before[0] == ["-/usr/bin/docker", "rm", "--force", "--volumes", "server", "server.key-guard"]
    assert before[1][:2] == ["/usr/bin/docker", "run"]
    assert len(before) == 2
    assert len(lines(container_unit(hosts.inner()), "ExecStartPre")) == 1


def test_environment_comes_from_files_and_only_from_those_that_exist() -> None:
    deferred = pulumi.Output.from_input("later")

    def files(environment: object) -> list[str]:
        return [word for word in run(spec(environment=environment)) if word.startswith("--env")]

    assert files({}) == []
    known, fetched = "--env-file=/etc/kotauth/server.env", "--env-file=/run/kotauth/server.env"
    assert files({"A": "1"}) == [known]
    assert files({"A": deferred}) == [fetched]
    assert files({"A": "1", "B": deferred}) == [known, fetched]


def test_a_container_without_files_mounts_none() -> None:
    assert [word for word in run(spec()) if word.startswith("--mount")] == []


def test_data_lies_on_the_volume_that_outlives_the_host() -> None:
    mounts = [word for word in run(hosts.edge()) if word.startswith("--mount") and "readonly" not in word]
    assert mounts == ["--mount=type=bind,source=/var/lib/kotauth/volumes/frontend/data,target=/data"]


def test_the_control_socket_has_a_place() -> None:
    assert f"--tmpfs=/run/admin:{tmpfs('10002:10002')}" in run(hosts.edge())


def test_the_probe_is_docker_s_health_check() -> None:
    probe = {
        "command": ["sh", "-c", "wget -q 'a b' || exit 1"],
        "interval_seconds": 7,
        "timeout_seconds": 3,
        "retries": 9,
        "start_period_seconds": 60,
    }
    words = run(spec(probe=probe))
    assert "\"--health-cmd=sh -c 'wget -q '\\\"'\\\"'a b'\\\"'\\\"' || exit 1'\"" in words
    assert {"--health-interval=7s", "--health-timeout=3s", "--health-retries=9", "--health-start-period=60s"} <= set(
        words
    )


def test_the_end_is_asked_for_as_the_spec_says() -> None:
    unit = container_unit(spec(stop_signal="SIGQUIT", stop_seconds=30))
    assert {"--stop-signal=SIGQUIT", "--stop-timeout=30"} <= set(lines(unit, "ExecStart")[0])
    assert lines(unit, "ExecStop") == [["-/usr/bin/docker", "stop", "--time", "30", "server"]]
    assert "TimeoutStopSec=50\n" in unit


def test_a_long_entrypoint_becomes_arguments() -> None:
    words = run(spec(entrypoint=["caddy", "first"], command=["second"]))
    assert "--entrypoint=caddy" in words
    assert words[-3:] == ["example.test/image:1.2.3", "first", "second"]


def test_it_never_gives_up() -> None:
    unit = container_unit(spec())
    assert {"Restart=always", "RestartSec=5", "StartLimitIntervalSec=0"} <= set(unit.splitlines())


@pytest.mark.parametrize(
    ("word", "written"),
    [
        ("plain/word:1", "plain/word:1"),
        ("", '""'),
        ("two words", '"two words"'),
        ('say "hi"', '"say \\"hi\\""'),
        ("back\\slash", '"back\\\\slash"'),
        ("$HOME 100%", '"$$HOME 100%%"'),
        ("a\nb\tc", '"a\\nb\\tc"'),
        ("schlüssel", '"schlüssel"'),
    ],
)
def test_a_word_is_written_so_that_systemd_reads_it_back(word: str, written: str) -> None:
    assert quoted(word) == written


@given(st.text(max_size=40))
def test_any_word_stays_one_and_comes_back(word: str) -> None:
    if not all(character.isprintable() or character in "\n\t" for character in word):
        with pytest.raises(ValueError, match=r"^must be printable text$"):
            quoted(word)
        return
    written = quoted(word)
    # A shell splits and unescapes as systemd does, but for `$$`, `%%` and control characters, which are systemd's own.
    read = shlex.split(written.replace("$$", "$").replace("%%", "%"), posix=True)
    assert [each.replace("\\n", "\n").replace("\\t", "\t") for each in read] == [word]


def test_what_systemd_can_t_read_back_is_refused() -> None:
    with pytest.raises(ValueError, match="printable"):
        quoted("bell\a")


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_takes_every_unit(tmp_path: Path) -> None:
    texts = {file.name: file.read_text() for file in UNITS.glob("kotauth-*")}
    for of in (hosts.server(), hosts.edge()):
        texts[f"kotauth-{of['part']}.service"] = container_unit(of)
    for name, content in texts.items():
        # The commands of the host needn't be on this machine.
        (tmp_path / name).write_text(
            content.replace("/usr/bin/docker", "/bin/true").replace("/usr/bin/python3", "/bin/true")
        )
    command = ["systemd-analyze", "verify", "--man=no", *(str(tmp_path / name) for name in texts)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    complaints = [line for line in done.stderr.splitlines() if "kotauth" in line]
    assert (done.returncode, complaints) == (0, [])
