"""A host boots from the user data as it is rendered, until Kotauth answers through the load balancer."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

import pytest

from simulators.ec2_host.instance import Host
from simulators.waiting import eventually
from tests.host.site import ROLE, SOON_SECONDS, Site, boot_lines, said

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
def ready(site: Site, rehearsed: object) -> Iterator[Host]:
    """Yield a host that was booted from nothing."""
    host = site.lab.boot(site.user_data(), role=ROLE, docker_data=site.docker_data)
    try:
        host.wait_ready()
        eventually("the boot's last stage", lambda: said(host, "ready", "ok"), SOON_SECONDS, host.diagnosis)
        yield host
    finally:
        site.end(host)


def test_it_says_each_stage(ready: Host) -> None:
    stages = ["plan", "artifacts", "logs", "parameter", "files", "secrets", "docker", "images", "units", "ready"]
    done = [line["stage"] for line in boot_lines(ready) if line["outcome"] == "ok"]
    assert done[: len(stages)] == stages, "of the first boot"
    assert '"stage": "units", "outcome": "ok"' in ready.console()


def test_cloud_init_found_no_fault(ready: Host) -> None:
    assert ready.wait_booted()["errors"] == []
    checked = ready.exec("cloud-init schema --system 2>&1; echo $?", check=False)
    assert checked.endswith("\n0"), checked


def test_systemd_takes_every_unit(ready: Host) -> None:
    said = ready.exec("systemd-analyze verify /etc/systemd/system/kotauth-* 2>&1; echo $?", check=False)
    assert [line for line in said.splitlines() if "kotauth" in line] == []
    assert said.splitlines()[-1] == "0"


def test_login_works(ready: Host, site: Site) -> None:
    assert site.lab.alb.client.login(site.values["admin_password"]).status == 302


def test_lines_reach_cloudwatch_without_codes(ready: Host, site: Site) -> None:
    assert site.lab.alb.client.login(site.values["admin_password"]).status == 302

    def shipped() -> list[str]:
        return [line for line in site.log_lines(ready.instance_id, "server") if "code=" in line]

    eventually("the redirect's line", shipped, SOON_SECONDS)
    assert all(re.findall(r"(?:code|state)=([^&\s\"]+)", line) for line in shipped())
    found = {value for line in shipped() for value in re.findall(r"(?:code|state)=([^&\s\"]+)", line)}
    assert found == {"[redacted]"}
    assert any("key guard: " in line for line in site.log_lines(ready.instance_id, "server"))
    assert any('"stage": "units"' in line for line in site.log_lines(ready.instance_id, "host"))
    raw = ready.exec("journalctl --output=cat --no-pager CONTAINER_TAG=server | grep -c 'code=[^[]'")
    assert int(raw) > 0, "nothing was redacted, so nothing was proved"


def test_no_secret_lies_on_the_disk_or_in_an_environment(ready: Host, site: Site) -> None:
    for file, value in site.values.items():
        places = ["/etc", "/var/lib/cloud", "/usr/local", "/var/log", "/var/lib/docker/containers", "/root"]
        found = ready.exec(f"grep -rlF -- '{value}' {' '.join(places)} 2>/dev/null", check=False)
        assert found == "", file
        assert value not in ready.exec("docker", "inspect", "server", "frontend")
        assert value not in ready.exec("systemctl", "show", "kotauth-server.service")
        assert value not in ready.exec(
            "sh", "-c", "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ | tr '\\0' '\\n'", check=False
        )
        assert ready.exec(f"grep -lF -- '{value}' /run/kotauth/server/secrets/*").endswith(f"/{file}")


def test_secret_files_are_the_containers_alone(ready: Host) -> None:
    assert ready.exec("stat -c '%a %u:%g' /run/kotauth/server/secrets/* | sort -u") == "400 10001:10001"
    assert ready.exec("findmnt -n -o FSTYPE --target /run/kotauth/server/secrets") == "tmpfs"


HARDENED: dict[str, object] = {
    "ReadonlyRootfs": True,
    "Privileged": False,
    "CapDrop": ["ALL"],
    "SecurityOpt": ["no-new-privileges"],
    "PidsLimit": 4096,
    "NetworkMode": "kotauth",
    "PidMode": "",
    "AutoRemove": True,
}


@pytest.mark.parametrize("part", ["server", "frontend"])
def test_the_containers_are_hardened(ready: Host, part: str) -> None:
    (facts,) = json.loads(ready.exec("docker", "inspect", part))
    config = facts["HostConfig"]
    assert {key: config[key] for key in HARDENED} == HARDENED
    assert config["Memory"] == config["MemorySwap"] > 0
    assert config["NanoCpus"] == 10**9
    assert config["LogConfig"] == {"Type": "journald", "Config": {"tag": part}}
    assert [m["RW"] for m in facts["Mounts"] if m["Type"] == "bind"] in ([False], [False, False])
    assert facts["Config"]["User"] in ("10001:10001", "10002:10002")
    published = {port for port in facts["NetworkSettings"]["Ports"].values() if port} if part == "server" else set()
    assert published == set()


def test_no_container_reaches_the_credentials(ready: Host, site: Site) -> None:
    pid = ready.exec("docker", "inspect", "--format={{.State.Pid}}", "server")
    ask = (
        "curl -s -o /dev/null --max-time {} -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' "
        "http://169.254.169.254/latest/api/token; echo $?"
    )
    inside = ("nsenter", "--net", f"--target={pid}", "sh", "-c")
    assert ready.exec(*inside, ask.format(3)) == "28", "no token in time"
    assert ready.exec(ask.format(60)) == "0"
    # The way there is open: without a token the service refuses at once.
    status = "curl -s -o /dev/null -w %{http_code} http://169.254.169.254/latest/meta-data/"
    assert ready.exec(*inside, status) == "401"


def test_only_what_the_role_is_given_was_called(ready: Host, site: Site) -> None:
    expected = {
        ("s3", "GET"),
        ("ssm", "GetParameter"),
        ("secretsmanager", "GetSecretValue"),
        ("logs", "PutLogEvents"),
        ("logs", "CreateLogStream"),
    }

    def called() -> set[tuple[str, str]]:
        return {(call.service, call.action) for call in site.lab.endpoints.calls if call.owner == ready.address}

    eventually("every call", lambda: called() >= expected, SOON_SECONDS)
    assert called() == expected


@pytest.mark.parametrize("again", [Host.reboot, Host.power_cut], ids=["reboot", "power cut"])
def test_it_comes_back(ready: Host, site: Site, again: Callable[[Host], None]) -> None:
    def starts() -> int:
        lines = site.log_lines(ready.instance_id, "host")
        return sum('"stage": "parameter", "outcome": "ok"' in line for line in lines)

    fetched = len(site.lab.endpoints.called("s3", "GET", ready.address))
    eventually("the lines of the boot before", starts, SOON_SECONDS)
    before, init = starts(), ready.exec("cat", "/proc/1/stat").split()[21]
    again(ready)
    assert site.lab.alb.client.get("/health").status == 503, "the load balancer has no host"
    ready.wait_ready()
    assert ready.exec("cat", "/proc/1/stat").split()[21] != init, "the machine has not booted"
    assert site.lab.alb.client.login(site.values["admin_password"]).status == 302
    assert len(site.lab.endpoints.called("s3", "GET", ready.address)) == fetched, "files are not fetched again"
    eventually("the lines of this boot", lambda: starts() > before, SOON_SECONDS)
    assert starts() == before + 1, "lines of before are shipped once"
