"""The lab is to a host what EC2 and its surroundings are: metadata, names, credentials, and what can't be reached.

That it boots, reboots and fails hosts as EC2 does is shown by the tests of our own hosts.
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl

import pg8000.dbapi
import pytest

from simulators.ec2_host.instance import Host
from simulators.ec2_host.lab import CREDENTIAL_SECONDS, Lab

pytestmark = pytest.mark.docker

METADATA = "http://169.254.169.254/latest"
TOKEN = f"curl -s --max-time 60 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' {METADATA}/api/token"
GET = f'curl -s --max-time 60 -H "X-aws-ec2-metadata-token: $({TOKEN})" {METADATA}'


def test_user_data_boots_until_the_load_balancer_gets_an_answer(lab: Lab, host: Host, answer: str) -> None:
    assert lab.alb.client.get("/answer.txt").text == answer
    assert host.wait_booted()["errors"] == []
    assert host.wait_booted()["datasource"].startswith("DataSourceEc2")
    assert host.exec("cloud-init", "query", "instance_id") == host.instance_id
    calls = lab.endpoints.called("secretsmanager", "GetSecretValue", host.address)
    assert calls[0].status == 200


def test_the_load_balancer_appends_the_client_and_keeps_host(lab: Lab, host: Host) -> None:
    made_up = {"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "http"}
    seen = [lab.alb.client.get("/answer.txt", made_up).headers for _ in range(2)]
    assert {headers["x-seen-forwarded"] for headers in seen} == {"192.0.2.1, 127.0.0.1"}
    assert {headers["x-seen-host"] for headers in seen} == {lab.host_name}
    assert {headers["x-seen-server-name"] for headers in seen} == {"", lab.host_name}


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
    short = TOKEN.replace("seconds: 60", "seconds: 2")
    ask = f'curl -s -o /dev/null -w "%{{http_code}} " -H "X-aws-ec2-metadata-token: $token" {METADATA}/meta-data/'
    times, first = "date +%s.%N", ""
    for _ in range(20):
        began, first, asked, second = host.exec(f"{times}; token=$({short}); {ask}; {times}; sleep 2.2; {ask}").split()
        assert second == "401"
        # On a busy machine the token may have ended before it was used.
        if float(asked) - float(began) < 2:
            break
    assert first == "200"


def test_credentials_rotate(lab: Lab, host: Host) -> None:
    lab.serve(host, credential_rotation=1.0)
    try:
        ask = f"{GET}/meta-data/iam/security-credentials/server"
        first, second = (json.loads(host.exec(f"{ask}; sleep 1.1")) for _ in range(2))
    finally:
        lab.serve(host, credential_rotation=CREDENTIAL_SECONDS)
    assert first["Expiration"] < second["Expiration"]
    assert all(first[name] != second[name] for name in ("AccessKeyId", "SecretAccessKey", "Token"))


def test_without_a_role_there_are_no_credentials(lab: Lab, host: Host) -> None:
    lab.set_role(host, None)
    try:
        assert host.exec(f"{GET}/meta-data/iam/security-credentials/ -o /dev/null -w %{{http_code}}") == "404"
    finally:
        lab.set_role(host, "server")


@pytest.mark.parametrize("name", ["example.com", "registry-1.docker.io", "amazonaws.com"])
def test_no_other_name_resolves(host: Host, name: str) -> None:
    assert host.exec("getent", "ahosts", name, check=False) == ""


def test_there_is_no_way_out(host: Host) -> None:
    assert "default" not in host.exec("ip", "route")
    assert host.exec("curl -s --max-time 60 http://192.0.2.1/; echo $?") == "7"


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
