"""The boot, with commands that only say what they were asked and a folder in the place of the root."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from components.aws.host.scripts import boot, bring_up, names, stages, volume
from components.aws.host.scripts.aws import AwsError
from components.aws.host.scripts.command import CommandError, run
from tests.unit.booting import ME, Answers, as_me, container, lines
from tests.unit.hosts import Commands

SECRET = "canary-secret-value"


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.naps: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(boot, "time", clock)
    monkeypatch.setattr(stages, "time", clock)
    return clock


DEFERRED: dict[str, Any] = {
    "environment": {"server": {"DB_URL": "jdbc:x"}, "server.key-guard": {"PGHOST": "database.test"}},
    "config": {"server": {"ca.pem": "PEM"}},
    "secrets": {"server": {"secret_key": "arn:key", "password": "arn:password"}},
}
PLAN: dict[str, Any] = {
    "parameter": "kotauth-boot",
    "containers": ["server", "frontend"],
    "secrets": {"server": {"secret_key": "v1", "password": "v2"}},
    "deferred": {"server": ["DB_URL", "ca.pem"], "server.key-guard": ["PGHOST"]},
    "logins": {},
    "volume": None,
}


CONTAINERS = [container("server", "one", config_files=["known"]), container("frontend", "two")]


def failing(times: int, error: Exception) -> Callable[[], str]:
    left = [error] * times

    def work() -> str:
        if left:
            raise left.pop()
        return "done"

    return work


def test_a_stage_is_tried_until_it_succeeds(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    assert stages.retry_until("secrets", 600, failing(3, AwsError("url", 0, "refused"))) == "done"
    said = lines(capsys)
    assert [line["outcome"] for line in said] == ["retry", "retry", "retry", "ok"]
    assert said[0] == {
        "kotauth": "boot",
        "stage": "secrets",
        "outcome": "retry",
        "detail": "AwsError: url: no answer: refused",
    }
    assert clock.naps == sorted(clock.naps)


def test_pauses_grow_to_a_limit(clock: Clock) -> None:
    stages.retry_until("images", 10**9, failing(20, CommandError("docker pull: timeout")))
    assert clock.naps[0] <= 1
    assert max(clock.naps) <= stages.LONGEST_PAUSE_SECONDS


def test_after_the_limit_it_says_failed_and_goes_on_slowly(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    stages.retry_until("images", 600, failing(80, CommandError("docker pull: no route")))
    said = [line["outcome"] for line in lines(capsys)]
    first = said.index("failed")
    assert set(said[:first]) == {"retry"}
    assert set(said[first:-1]) == {"failed"}
    assert said[-1] == "ok"
    assert sum(clock.naps[:first]) > 600
    assert set(clock.naps[first:]) == {stages.SLOW_PAUSE_SECONDS}


def test_without_a_plan_it_says_so_and_waits_for_one(
    clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A power cut while cloud-init writes it leaves an empty one."""
    file, programs = tmp_path / "boot.json", tmp_path / "programs.json"
    file.touch()
    programs.write_text("{}")
    clock.now = 100.0
    monkeypatch.setattr(boot, "PLAN", str(file))
    monkeypatch.setattr(boot, "PROGRAMS", str(programs))
    whole = {"version": boot.VERSION, "limit_seconds": 600, "bucket": "b", "artifacts": {}}
    monkeypatch.setattr(clock, "sleep", lambda _: file.write_text(json.dumps(whole)))
    monkeypatch.setattr(bring_up, "bring_up", lambda plan, deadline: None)
    boot.main()
    said = [(line["stage"], line["outcome"]) for line in lines(capsys)]
    assert said == [("plan", "failed"), ("plan", "ok"), ("artifacts", "ok")]


@pytest.mark.parametrize("text", ["{}", '{"version": 0}', '{"version": 2}'])
def test_a_plan_of_another_version_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    file = tmp_path / "boot.json"
    file.write_text(text)
    monkeypatch.setattr(boot, "PLAN", str(file))
    with pytest.raises(ValueError, match=r"boot.json has version (None|0|2), and this host's programs read version 1$"):
        boot.load_plan()


def test_a_docker_that_does_not_start_may_try_again(commands: Commands) -> None:
    commands.set("systemctl", '[ "$1" = start ] && exit 1; exit 0')
    with pytest.raises(CommandError, match="systemctl start"):
        bring_up.start_docker(CONTAINERS)
    assert commands.calls[-1] == "systemctl reset-failed docker.service"


def test_a_detail_is_bounded(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    stages.retry_until("x", 600, failing(1, CommandError("x" * 10_000)))
    assert len(lines(capsys)[0]["detail"]) == 500


def artifacts(root: Path, *contents: bytes) -> dict[str, str]:
    return {str(root / f"file{number}"): hashlib.sha256(content).hexdigest() for number, content in enumerate(contents)}


def test_only_what_is_missing_or_different_is_fetched(root: Path) -> None:
    hashes = artifacts(root, b"zero", b"one", b"two")
    programs = json.dumps({str(root / "program"): hashlib.sha256(b"program").hexdigest()}).encode()
    listed = {str(root / "programs.json"): hashlib.sha256(programs).hexdigest()}
    (root / "file0").write_bytes(b"zero")
    (root / "file1").write_bytes(b"")
    keys = [*hashes.values(), *listed.values(), hashlib.sha256(b"program").hexdigest()]
    aws = Answers(dict(zip((f"b/{key}" for key in keys[1:]), (b"one", b"two", programs, b"program"), strict=True)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(boot, "write", lambda path, content, mode: Path(path).write_bytes(content))  # not as root
        patch.setattr(boot, "PROGRAMS", str(root / "programs.json"))
        boot.fetch(aws, {"bucket": "b", "artifacts": {**hashes, **listed}})
    assert [(root / f"file{number}").read_bytes() for number in range(3)] == [b"zero", b"one", b"two"]
    assert (root / "program").read_bytes() == b"program"
    assert aws.asked == [("b", key) for key in keys[1:]]


def test_a_parameter_that_lacks_a_value_names_it() -> None:
    deferred = {**DEFERRED, "environment": {"server": {}, "server.key-guard": {"PGHOST": "x"}}}
    with pytest.raises(ValueError, match="the boot parameter has no DB_URL of server"):
        bring_up.parameter(Answers({"kotauth-boot": deferred}), PLAN)
    assert bring_up.parameter(Answers({"kotauth-boot": DEFERRED}), PLAN) == DEFERRED


def test_deferred_files(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_me(monkeypatch)
    known = Path(names.known_config("server", "known"))
    known.parent.mkdir(parents=True)
    known.write_text("from the user data")
    bring_up.write_files(CONTAINERS, DEFERRED)
    run_folder = Path(names.RUN)
    assert (run_folder / "server.env").read_text() == "DB_URL=jdbc:x\n"
    assert (run_folder / "server.key-guard.env").read_text() == "PGHOST=database.test\n"
    config = run_folder / "server" / "config"
    assert {file.name: file.read_text() for file in config.iterdir()} == {
        "known": "from the user data",
        "ca.pem": "PEM",
    }
    assert stat.S_IMODE(config.stat().st_mode) == 0o500


def test_secrets_are_read_by_their_label_and_written_for_one_reader(root: Path) -> None:
    aws = Answers({"arn:key/v1": SECRET, "arn:password/v2": "other"})
    for _ in range(2):
        bring_up.write_secrets(aws, PLAN, CONTAINERS, DEFERRED)
    folder = Path(names.RUN) / "server" / "secrets"
    assert {file.name: file.read_text() for file in folder.iterdir()} == {"secret_key": SECRET, "password": "other"}
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o400}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o500


def test_no_secret_is_written_before_all_are_there(root: Path) -> None:
    aws = Answers({"arn:key/v1": SECRET, "arn:password/v2": AwsError("url", 400, "ResourceNotFoundException")})
    with pytest.raises(AwsError, match="ResourceNotFound"):
        bring_up.write_secrets(aws, PLAN, CONTAINERS, DEFERRED)
    assert not (Path(names.RUN) / "server").exists()


def test_an_empty_secret_is_no_secret(root: Path) -> None:
    with pytest.raises(ValueError, match="nothing to write"):
        bring_up.write_secrets(Answers({"arn:key/v1": "", "arn:password/v2": "x"}), PLAN, CONTAINERS, DEFERRED)


def test_an_image_that_is_there_is_not_pulled(commands: Commands) -> None:
    commands.set("docker", '[ "$1 $5" = "image two" ] && exit 1; exit 0')
    bring_up.pull_images(Answers({}), PLAN, CONTAINERS)
    assert [call for call in commands.calls if " pull " in call] == ["docker pull --quiet two"]


def test_a_failed_pull_says_why(commands: Commands) -> None:
    commands.set("docker", "echo 'pulling' >&2; echo 'Error response from daemon: no route to host' >&2; exit 1")
    with pytest.raises(CommandError, match="docker pull: exit code 1: Error response from daemon: no route to host"):
        bring_up.pull_images(Answers({}), PLAN, CONTAINERS)


PRIVATE = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/kotauth:1.22.0"


@pytest.mark.parametrize("is_known", [True, False])
def test_a_private_registry_gets_a_login_that_no_file_keeps(
    root: Path, commands: Commands, monkeypatch: pytest.MonkeyPatch, is_known: bool
) -> None:
    as_me(monkeypatch)
    seen = 'stat --format "%a $DOCKER_CONFIG" "$DOCKER_CONFIG"/* >>{0}; cat "$DOCKER_CONFIG"/config.json >>{0}'
    commands.set("docker", f"[ $1 = image ] && exit 1; {seen.format(root / 'seen')}; exit {0 if is_known else 1}")
    services = Answers({"eu-west-1": SECRET})
    logins = {"logins": {PRIVATE.partition("/")[0]: "eu-west-1"}}
    for _ in range(2):
        with contextlib.nullcontext() if is_known else pytest.raises(CommandError, match="docker pull: exit code 1"):
            bring_up.pull_images(services, logins, [container("server", PRIVATE)])
    first = (root / "seen").read_text().partition("}}}")[0] + "}}}"
    facts, _, content = first.partition("\n")
    assert facts.startswith(f"600 {names.RUN}/")
    assert json.loads(content) == {"auths": {"111122223333.dkr.ecr.eu-west-1.amazonaws.com": {"auth": SECRET}}}
    # Asked for at each pull, in no command, and gone after it.
    assert services.asked == [("eu-west-1",)] * 2
    assert SECRET not in "".join(commands.calls)
    assert os.listdir(names.RUN) == []


def test_no_other_user_gets_a_login(root: Path, commands: Commands) -> None:
    commands.set("docker", f'[ $1 = image ] && exit 1; echo "${{DOCKER_CONFIG-none}} $3" >>{root / "seen"}')
    bring_up.pull_images(Answers({}), PLAN, CONTAINERS)
    assert (root / "seen").read_text() == "none one\nnone two\n"


@pytest.mark.parametrize(("there", "made"), [("bridge host none", True), ("bridge kotauth none", False)])
def test_the_network_is_made_once(commands: Commands, there: str, made: bool) -> None:
    commands.set("systemctl")
    commands.set("docker", f'[ "$2" = ls ] && printf "%s\\n" {there}; exit 0')
    bring_up.start_docker(CONTAINERS)
    assert ("docker network create kotauth" in commands.calls) is made


def test_the_containers_start_in_their_order_and_then_the_watchdog(
    root: Path, commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_me(monkeypatch)
    commands.set("systemctl")
    bring_up.start_units(CONTAINERS)
    assert "\nRestart=always\n" in (Path(names.UNITS) / "kotauth-frontend.service").read_text()
    assert commands.calls == [
        "systemctl daemon-reload",
        "systemctl start --no-block kotauth-server.service",
        "systemctl start --no-block kotauth-frontend.service",
        "systemctl start kotauth-watchdog.timer",
    ]


def test_ready_means_that_all_are_healthy(commands: Commands) -> None:
    commands.set("docker", '[ "$4" = server ] && echo healthy || echo starting')
    with pytest.raises(CommandError, match="frontend is starting"):
        bring_up.look_at_health(PLAN)
    commands.set("docker", "echo healthy")
    bring_up.look_at_health(PLAN)


def test_a_command_that_hangs_is_ended(commands: Commands) -> None:
    commands.set("docker", "exec sleep 60")
    with pytest.raises(CommandError, match=r"docker pull: no end after 0.2 s"):
        run("docker", "pull", "x", timeout=0.2)


def test_the_stages_in_their_order(
    clock: Clock, root: Path, commands: Commands, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    as_me(monkeypatch)
    values = {"kotauth-boot": DEFERRED, "arn:key/v1": SECRET, "arn:password/v2": "other"}
    monkeypatch.setattr(bring_up, "Services", lambda: Answers(values))
    commands.set("systemctl")
    commands.set("docker", "case $1 in inspect) echo healthy ;; network) echo kotauth ;; esac")
    for each in CONTAINERS:
        path = Path(names.container_file(each["name"]))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({**each, "config_files": []}))
    bring_up.bring_up(PLAN, 600)
    said = lines(capsys)
    stages = ["logs", "parameter", "files", "secrets", "docker", "images", "units", "ready"]
    assert [(line["stage"], line["outcome"]) for line in said] == [(stage, "ok") for stage in stages]
    assert SECRET not in json.dumps(said) + "\n".join(commands.calls)


@pytest.fixture
def device(root: Path, commands: Commands, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("mkfs.xfs", "mount"):
        commands.set(name)
    commands.set("blkid", "echo kotauth-data")
    file = root / "device"
    file.write_bytes(bytes(4 << 20))
    return file


def mount(device: Path) -> None:
    volume.mount({"device": str(device), "folders": {"frontend/data": list(ME)}}, "vol-0123")


def test_a_blank_volume_gets_a_file_system_and_its_folders(device: Path, commands: Commands) -> None:
    mount(device)
    assert commands.calls == [
        f"mkfs.xfs -q -L kotauth-data {device}",
        f"mount -o nodev,nosuid,noexec {device} {names.VOLUMES}",
    ]
    assert (Path(names.VOLUMES) / "frontend" / "data").is_dir()


def test_a_volume_with_our_data_is_only_mounted(device: Path, commands: Commands) -> None:
    device.write_bytes(b"XFSB" + bytes(4 << 20))
    mount(device)
    assert [call.split()[0] for call in commands.calls] == ["blkid", "mount"]


@pytest.mark.parametrize("blkid", ["echo other-data", "exit 2"])
def test_a_volume_with_anything_else_is_left_alone(device: Path, commands: Commands, blkid: str) -> None:
    device.write_bytes(bytes(4096) + b"other data" + bytes(4 << 20))
    commands.set("blkid", blkid)
    with pytest.raises(CommandError, match=r"it is left alone|blkid --probe: exit code 2"):
        mount(device)
    assert not [call for call in commands.calls if call.startswith(("mkfs", "mount"))]


def test_a_volume_that_comes_later_is_waited_for(root: Path, commands: Commands) -> None:
    with pytest.raises(CommandError, match="volume vol-0123 is not attached yet"):
        mount(root / "not there")


def test_a_volume_is_known_by_its_serial_number(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, serial in (("nvme0n1", "vol0aaa"), ("nvme1n1", "vol0bbb")):
        (root / name / "device").mkdir(parents=True)
        (root / name / "device" / "serial").write_text(f"{serial}   \n")
    monkeypatch.setattr(volume, "BLOCK", str(root))
    assert volume.find("/dev/sdf", "vol-0bbb") == "/dev/nvme1n1"
