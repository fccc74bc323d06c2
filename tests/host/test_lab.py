"""The lab does to a host what EC2 and its surroundings do: boots, reboots, failures, and what can't be reached."""

from __future__ import annotations

import contextlib
import json
import shlex
import socket
import ssl

import pg8000.dbapi
import pytest

from tests.host.conftest import ANSWER
from tests.host.endpoints import Fault
from tests.host.example import user_data
from tests.host.instance import Host
from tests.host.lab import Lab

pytestmark = pytest.mark.docker

METADATA = "http://169.254.169.254/latest"
TOKEN = f"curl -s --max-time 3 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' {METADATA}/api/token"
GET = f'curl -s --max-time 3 -H "X-aws-ec2-metadata-token: $({TOKEN})" {METADATA}'


def answers(lab: Lab) -> bool:
    return lab.alb.client.get("/answer.txt").text == ANSWER


def test_user_data_boots_until_the_load_balancer_gets_an_answer(lab: Lab, host: Host) -> None:
    assert answers(lab)
    assert host.wait_booted()["errors"] == []
    assert host.wait_booted()["datasource"].startswith("DataSourceEc2")
    assert host.exec("cloud-init", "query", "instance_id") == host.instance_id
    calls = lab.endpoints.called("secretsmanager", "GetSecretValue")
    assert [call.status for call in calls if call.owner == host.address] == [200]


def test_the_load_balancer_appends_the_client_and_keeps_host(lab: Lab, host: Host) -> None:
    made_up = {"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "http"}
    seen = [lab.alb.client.get("/answer.txt", made_up).headers for _ in range(2)]
    assert {headers["x-seen-forwarded"] for headers in seen} == {"192.0.2.1, 127.0.0.1"}
    assert {headers["x-seen-host"] for headers in seen} == {lab.host_name}
    assert {headers["x-seen-server-name"] for headers in seen} == {"", lab.host_name}


def test_probes_go_to_the_hosts_address(lab: Lab, host: Host) -> None:
    without, with_name = lab.alb.last_probes(host.address)
    assert (without.server_name, without.status) == (None, 200)
    assert (with_name.server_name, with_name.status) == (host.server_name, 200)


def test_docker_runs_without_the_agent_of_ecs(host: Host) -> None:
    assert host.exec("systemctl", "is-active", "docker.service") == "active"
    assert host.exec("systemctl", "is-enabled", "ecs.service", check=False) == "masked"


def test_a_reboot_and_a_power_cut_end_ready(lab: Lab, host: Host) -> None:
    for restart in (host.reboot, host.power_cut):
        boot = host.exec("cat", "/proc/1/stat").split()[21]
        restart()
        assert lab.alb.client.get("/answer.txt").status == 503
        host.wait_ready()
        assert answers(lab)
        assert host.exec("cat", "/proc/1/stat").split()[21] != boot


def test_only_the_host_itself_gets_a_token(host: Host, frontend: str) -> None:
    assert host.exec(GET + "/meta-data/instance-id") == host.instance_id
    # The image has no curl; the host's own runs in the container's network.
    host.exec("docker", "run", "--detach", "--rm", "--name=bridged", "--entrypoint=sleep", frontend, "300")
    try:
        pid = host.exec("docker", "inspect", "--format={{.State.Pid}}", "bridged")
        bridged = ("nsenter", "--net", f"--target={pid}", "sh", "-c")
        assert host.exec(*bridged, TOKEN + "; echo $?") == "28", "no answer in time"
        # The way there is open: without a token the service refuses at once.
        assert host.exec(*bridged, f"curl -s -o /dev/null -w %{{http_code}} {METADATA}/meta-data/") == "401"
    finally:
        host.exec("docker", "rm", "--force", "bridged")


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (f"{METADATA}/meta-data/instance-id", "401"),
        (f"-H 'X-aws-ec2-metadata-token: made-up' {METADATA}/meta-data/instance-id", "401"),
        (f"-X PUT {METADATA}/api/token", "400"),
        (f"-X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 21601' {METADATA}/api/token", "400"),
        (
            f"-X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' -H 'X-Forwarded-For: 10.0.0.1' {METADATA}/api/token",
            "403",
        ),
        (f'-H "X-aws-ec2-metadata-token: $({TOKEN})" {METADATA}/meta-data/no-such-thing', "404"),
        (f'-H "X-aws-ec2-metadata-token: $({TOKEN})" http://169.254.169.254/1999-01-01/meta-data/', "404"),
    ],
)
def test_the_metadata_service_refuses_as_the_real_one(host: Host, arguments: str, status: str) -> None:
    assert host.exec(f"curl -s -o /dev/null -w %{{http_code}} {arguments}") == status


def test_a_token_ends(host: Host) -> None:
    short = TOKEN.replace("seconds: 60", "seconds: 1")
    ask = f'curl -s -o /dev/null -w "%{{http_code}} " -H "X-aws-ec2-metadata-token: $token" {METADATA}/meta-data/'
    assert host.exec(f"token=$({short}); {ask}; sleep 1.2; {ask}").split() == ["200", "401"]


def test_credentials_rotate(lab: Lab, host: Host) -> None:
    lab.credential_rotation = 1.0
    lab.publish()
    try:
        ask = f"{GET}/meta-data/iam/security-credentials/server"
        first, second = (json.loads(host.exec(f"{ask}; sleep 1.1")) for _ in range(2))
    finally:
        lab.credential_rotation = 3600.0
        lab.publish()
    assert first["Expiration"] < second["Expiration"]
    assert all(first[name] != second[name] for name in ("AccessKeyId", "SecretAccessKey", "Token"))


def test_without_a_role_there_are_no_credentials(lab: Lab, host: Host) -> None:
    lab.set_role(host, None)
    try:
        assert host.exec(f"{GET}/meta-data/iam/security-credentials/ -o /dev/null -w %{{http_code}}") == "404"
    finally:
        lab.set_role(host, "server")


def test_a_call_can_be_made_to_fail(lab: Lab, host: Host) -> None:
    lab.endpoints.faults.append(Fault("secretsmanager", "GetSecretValue", times=1))
    said = host.exec("python3 /usr/local/lib/example/read_secret.py example 2>&1; echo $?", check=False)
    assert said.endswith("HTTP Error 400: Bad Request\n1")
    assert lab.endpoints.called("secretsmanager", "GetSecretValue")[-1].error == "ThrottlingException"
    host.exec("python3", "/usr/local/lib/example/read_secret.py", "example")


@pytest.mark.parametrize("name", ["example.com", "registry-1.docker.io", "amazonaws.com"])
def test_no_other_name_resolves(host: Host, name: str) -> None:
    assert host.exec("getent", "ahosts", name, check=False) == ""


def test_there_is_no_way_out(host: Host) -> None:
    assert "default" not in host.exec("ip", "route")
    assert host.exec("curl -s --max-time 2 http://192.0.2.1/; echo $?") == "7"


@pytest.mark.parametrize(
    "fetch",
    ["curl -sSf", "python3 -c 'import sys, urllib.request as u; u.urlopen(sys.argv[1])'"],
    ids=["curl", "python"],
)
def test_the_host_trusts_the_labs_authority_and_no_other(host: Host, fetch: str) -> None:
    trusted = host.exec(f"{fetch} https://ssm.eu-central-1.amazonaws.com/ 2>&1", check=False)
    assert "403" in trusted
    assert "certificate" not in trusted.lower()
    foreign = host.exec(f"{fetch} https://{host.address}/health/ready 2>&1", check=False)
    assert "certificate" in foreign.lower()


def test_an_image_comes_back_with_the_registry(lab: Lab, host: Host, frontend: str) -> None:
    pull = f"docker pull {shlex.quote(frontend)} 2>&1; echo $?"
    name = frontend.partition("@")[0].replace(lab.registry.name, "ghcr.io")
    assert host.exec(f"docker pull {name}").endswith(name)
    lab.registry.break_()
    try:
        assert host.exec(pull, check=False).endswith("\n1")
    finally:
        lab.registry.restore()
    assert host.exec(pull).endswith("\n0")


def test_an_instance_in_the_place_of_another_has_its_disk(lab: Lab, frontend: str) -> None:
    host = lab.boot(user_data(frontend), role="server", registered=False)
    host.attach(lab.create_volume("vol-0123456789abcdef0"))
    host.exec("echo kept >/var/lib/docker/file")
    host.exec("mkfs.xfs -q /dev/sdf && mkdir /data && mount /dev/sdf /data && echo kept >/data/file && sync")
    other = host.replace(keep_docker=True)
    try:
        assert other.instance_id != host.instance_id
        assert other.exec("mkdir /data && mount /dev/sdf /data && cat /data/file /var/lib/docker/file") == "kept\nkept"
        other.wait_booted()
        assert other.exec("cloud-init", "query", "instance_id") == other.instance_id
    finally:
        other.terminate()


def test_the_database_wants_tls_and_its_administrator_is_no_superuser(lab: Lab, host: Host) -> None:
    name = "kotauth.c9akciq32.eu-central-1.rds.amazonaws.com"
    database = lab.start_database(name, "administrator")
    assert host.exec("getent", "ahostsv4", name).split()[0] == database.address

    def query(statement: str, context: ssl.SSLContext | bool) -> object:
        with contextlib.closing(
            pg8000.dbapi.connect(
                "kotauth_admin",
                host=name,
                sock=socket.create_connection((database.address, 5432)),
                database="kotauth",
                password="administrator",
                ssl_context=context,
            )
        ) as connection:
            cursor = connection.cursor()
            cursor.execute(statement)
            return cursor.fetchone()

    trusting = ssl.create_default_context(cadata=lab.authority.pem)
    assert query("SELECT rolsuper, rolcreaterole FROM pg_roles WHERE rolname = current_user", trusting) == [False, True]
    with pytest.raises(ssl.SSLCertVerificationError):
        query("SELECT 1", ssl.create_default_context())
    with pytest.raises(pg8000.dbapi.DatabaseError, match="no encryption"):
        query("SELECT 1", False)
    database.sql("CREATE TABLE kept ()")
    database.stop()
    with pytest.raises(ConnectionRefusedError):
        query("SELECT 1", trusting)
    database.restart()
    assert query("SELECT to_regclass('kept') IS NOT NULL", trusting) == [True]


def test_the_console_is_kept(host: Host) -> None:
    host.exec("echo to the console >/dev/console")
    assert "to the console" in host.console()
