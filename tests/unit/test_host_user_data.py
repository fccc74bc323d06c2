"""The user data: what cloud-init reads is what was meant, it fits, and it holds no secret."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from components.aws.host import user_data
from components.aws.host.cloud_config import cloud_config
from components.aws.host.description import Secret, Watch
from components.aws.host.scripts.boot import PROGRAMS, VERSION
from components.aws.host.scripts.names import container_file
from components.aws.host.user_data import LIMIT_BYTES, UserData
from components.inputs.error import InvalidInputError
from components.kotauth.secret_files import SECRET_FILES
from simulators.ec2_host import commands
from tests.unit import hosts
from tests.unit.hosts import CANARY, NAMES, rendered, rendered_edge


def document(data: UserData) -> dict[str, Any]:
    return yaml.safe_load(data.text(**NAMES))


def files(data: UserData) -> dict[str, str]:
    """Return every file of the host, from the user data or from the bucket."""
    written = {file["path"]: file["content"] for file in document(data)["write_files"]}
    return {**written, **{path: data.artifacts[key] for path, key in fetched(data).items()}}


def fetched(data: UserData) -> dict[str, str]:
    """Return path to hash of everything in the bucket."""
    hashes = plan(data)["artifacts"]
    return {**hashes, **json.loads(data.artifacts[hashes[PROGRAMS]])}


def containers(data: UserData) -> dict[str, dict[str, Any]]:
    """Return the plan of each container."""
    return {part: json.loads(files(data)[container_file(part)]) for part in plan(data)["containers"]}


def plan(data: UserData) -> dict[str, Any]:
    (content,) = [f["content"] for f in document(data)["write_files"] if f["path"] == "/etc/kotauth/boot.json"]
    return json.loads(content)


@pytest.mark.parametrize("data", [rendered(), rendered_edge()], ids=["alb", "edge"])
def test_it_fits_with_room_to_spare(data: UserData) -> None:
    assert data.text(**NAMES).startswith("#cloud-config\n")
    assert len(data.text(**NAMES).encode()) < LIMIT_BYTES - 1000


def test_it_is_the_same_text_every_time() -> None:
    assert rendered().text(**NAMES) == rendered().text(**NAMES)


def test_too_long_is_an_error_that_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(user_data, "LIMIT_BYTES", 4096)
    with pytest.raises(
        InvalidInputError,
        match=r'containers = "server, frontend": make \d+ bytes of user data, and EC2 allows 4096: use fewer',
    ):
        rendered()


def test_names_that_come_later_are_counted_from_the_start() -> None:
    longest = {"parameter": "p" * 128, "bucket": "b" * 63, "log_group": "l" * 128}
    assert len(rendered().text(**longest)) <= LIMIT_BYTES


@given(st.text(max_size=100) | st.text(alphabet=" \n\t:#-'\"|%{}[]aü\r\x85\u2028", max_size=30))
@example("")
@example("two ends\n\n")
@example("\n leading line and space\n")
@example("trailing  \n\tand a tab\n")
@example("bell\a\r\n")
def test_cloud_init_writes_what_was_meant(content: str) -> None:
    (file,) = yaml.safe_load(cloud_config({"/a": content}, []))["write_files"]
    text = base64.b64decode(file["content"]).decode() if file.get("encoding") == "b64" else file["content"]
    assert text == content
    assert file["permissions"] == "0600"


def test_the_commands_start_the_boot_and_don_t_wait_for_it() -> None:
    commands = document(rendered())["runcmd"]
    assert commands[0] == ["systemctl", "mask", "--now", "ecs.service"]
    assert ["systemctl", "enable", "docker.service", "kotauth-boot.service"] in commands
    assert commands[-1] == ["systemctl", "start", "--no-block", "kotauth-boot.service"]


@pytest.mark.parametrize("data", [rendered(), rendered_edge()], ids=["alb", "edge"])
def test_every_command_comes_with_amazon_linux(data: UserData) -> None:
    called = commands.called_by_user_data(data.text(**NAMES), set(commands.PACKAGES))
    called.update(
        {path: commands.called_by_file(path, content, set(commands.PACKAGES)) for path, content in files(data).items()}
    )
    assert called["/usr/local/lib/kotauth/units.py"] == {"docker"}
    assert set().union(*called.values()) <= set(commands.PACKAGES)


def test_artifacts_are_named_by_their_hash_and_all_are_there() -> None:
    data = rendered()
    assert {key: hashlib.sha256(content.encode()).hexdigest() for key, content in data.artifacts.items()} == {
        key: key for key in data.artifacts
    }
    assert set(fetched(data).values()) == set(data.artifacts)


def test_what_fetches_the_rest_needs_none_of_it() -> None:
    written = {file["path"] for file in document(rendered())["write_files"]}
    scripts = {path.rpartition("/")[2] for path in written if path.startswith("/usr/local/lib/kotauth/")}
    assert scripts == {"aws.py", "boot.py", "files.py", "stages.py"}
    assert "/etc/systemd/system/kotauth-boot.service" in written


def test_the_long_files_are_in_the_bucket() -> None:
    artifacts = fetched(rendered())
    assert {"/etc/kotauth/server/database-ca.pem", "/etc/kotauth/frontend/Caddyfile"} <= set(artifacts)


def test_every_file_of_the_specs_and_scripts_is_there() -> None:
    of = files(rendered())
    assert of["/etc/kotauth/server/database-ca.pem"] == hosts.CA
    assert "DB_USER=kotauth_a\n" in of["/etc/kotauth/server.env"]
    assert "PGUSER=kotauth_a\n" in of["/etc/kotauth/server.key-guard.env"]
    scripts = {p.name for p in (Path(user_data.__file__).parent / "scripts").glob("*.py")} - {"__init__.py"}
    assert {path.rpartition("/")[2] for path in of if path.endswith(".py")} == scripts


def test_what_is_not_known_yet_comes_from_the_parameter() -> None:
    data = rendered()
    assert "DB_URL" not in files(data)["/etc/kotauth/server.env"]
    assert "PGHOST" not in files(data)["/etc/kotauth/server.key-guard.env"]
    assert set(data.deferred["environment"]["server"]) == {"DB_URL"}
    assert set(data.deferred["environment"]["server.key-guard"]) == {"PGHOST"}
    assert plan(data)["deferred"] == {"server": ["DB_URL"], "server.key-guard": ["PGHOST"]}
    assert set(data.deferred["secrets"]["server"]) == set(SECRET_FILES)


def test_a_deferred_configuration_file_comes_from_the_parameter() -> None:
    of = {**hosts.inner(), "config_files": {"Caddyfile": pulumi.Output.from_input("x")}}
    data = rendered(containers=[hosts.server(), of])
    assert set(data.deferred["config"]["frontend"]) == {"Caddyfile"}
    assert plan(data)["deferred"]["frontend"] == ["Caddyfile"]
    assert containers(data)["frontend"]["config_files"] == []


def test_a_known_database_needs_no_deferred_value() -> None:
    data = rendered(containers=[hosts.server("database.test"), hosts.inner()])
    assert data.deferred["environment"] == {}
    assert "PGHOST=database.test\n" in files(data)["/etc/kotauth/server.key-guard.env"]


def test_the_plan() -> None:
    of = plan(rendered())
    assert {key: of[key] for key in NAMES} == NAMES
    assert of["version"] == VERSION
    assert of["containers"] == ["server", "frontend"]
    assert of["secrets"] == {"server": dict.fromkeys(SECRET_FILES, "v1")}
    assert of["watch"] == {
        "part": "server",
        "port": 8080,
        "path": "/health",
        "ready_path": "/health/ready",
        "failures": 3,
        "grace_seconds": 60,
        "frontend": {"part": "frontend", "port": 443, "grace_seconds": 10},
    }
    assert (of["in_group"], of["volume"], of["limit_seconds"]) == (True, None, 600)


def test_the_volume_of_an_edge() -> None:
    data = rendered_edge()
    assert plan(data)["volume"] == {"device": "/dev/sdf", "folders": {"frontend/data": [10002, 10002]}}
    assert data.deferred["volume_id"] == "vol-0123456789abcdef0"
    assert plan(data)["in_group"] is False


@pytest.mark.parametrize(
    "change",
    [
        {"containers": [hosts.server(image="ghcr.io/inumansoul/kotauth:1.22.1"), hosts.inner()]},
        {"containers": [hosts.server(memory=640), hosts.inner()]},
        {"containers": [hosts.server(pool_size=11), hosts.inner()]},
        {"containers": [hosts.server(), {**hosts.inner(), "config_files": {"Caddyfile": "other\n"}}]},
        {"secrets": hosts.secrets("v2")},
        {"watch": Watch(failures=4)},
    ],
    ids=["image", "memory", "setting", "configuration", "secret version", "watchdog"],
)
def test_every_setting_that_must_roll_the_servers_changes_it(change: dict[str, Any]) -> None:
    assert rendered(**change).text(**NAMES) != rendered().text(**NAMES)


def test_no_deferred_value_or_arn_changes_it() -> None:
    other = pulumi.Output.from_input("elsewhere.test")
    moved = {"server": {file: Secret(f"arn:moved:{file}", "v1") for file in SECRET_FILES}}
    data = rendered(containers=[hosts.server(other), hosts.inner()], secrets=moved)
    assert data.text(**NAMES) == rendered().text(**NAMES)


def test_nothing_of_a_deferred_value_gets_in() -> None:
    value = pulumi.Output.secret(CANARY)
    of = {**hosts.inner(), "environment": {"LATER": value}, "config_files": {"file": value}}
    data = rendered(containers=[hosts.server(value), of])
    assert CANARY not in data.text(**NAMES) + "".join(data.artifacts.values())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"secrets": {}}, r'secrets = "": must have exactly "admin_password", "api_keys.json", .* for "server"'),
        (
            {"secrets": {**hosts.secrets(), "cache": {}}},
            'secrets.cache = "": must be the part of one of the containers',
        ),
        (
            {"containers": [hosts.server(), hosts.edge()]},
            r"containers\[1\].volumes = .*: need a volume that outlives the host",
        ),
        ({"containers": [hosts.server(), hosts.server()]}, "each part may run once on a host"),
        ({"watch": Watch(part="web")}, 'watch.part = "web": must be one of'),
        ({"containers": [hosts.server(), {**hosts.inner(), "part": "../etc"}]}, 'part = "../etc": must be lower-case'),
        *(
            (
                {"containers": [hosts.server(), {**hosts.inner(), "part": part}]},
                f'part = "{part}": must not be one of boot, host, logs, renewal, watchdog, which the host itself uses',
            )
            for part in ("boot", "host", "logs", "renewal", "watchdog")
        ),
        ({"containers": [hosts.server(), {**hosts.inner(), "user": "0:0"}]}, 'user = "0:0": must be uid:gid'),
        (
            {"containers": [hosts.server(), {**hosts.inner(), "host_mounts": [{"source": "/srv", "path": "/srv"}]}]},
            r"containers\[1\].host_mounts = .*: is not possible on a host of AWS",
        ),
        (
            {"containers": [hosts.server(), {**hosts.inner(), "reload": {}}]},
            r"containers\[1\].reload = .*: must have exactly one of command, signal and watch",
        ),
        (
            {"containers": [hosts.server(), {**hosts.inner(), "environment": {"A": "1\nB=2"}}]},
            r'containers\[1\].environment.A = "1\\nB=2": must be one line',
        ),
        (
            {"containers": [hosts.server(), {**hosts.inner(), "gpus": "all"}]},
            r'containers\[1\].gpus = "all": is not possible on a host of AWS: leave it out',
        ),
        (
            {"containers": [hosts.server(), {**hosts.inner(), "command": ["bell\a"]}]},
            r"containers\[1\].command = .*: must be printable text",
        ),
    ],
)
def test_what_can_t_run_is_refused_by_name(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        rendered(**change)
