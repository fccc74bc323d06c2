"""What goes wrong around a host: each ends ready, or in a failure that is logged and that the load balancer sees."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator

import pytest

from components.aws.host.description import Volume
from components.kotauth import chain_key_id
from tests.host.containers import eventually
from tests.host.endpoints import Fault
from tests.host.instance import Host
from tests.host.site import ROLE, Site, boot_lines, said

pytestmark = pytest.mark.docker

Boot = Callable[..., Host]
SOON_SECONDS = 60


@pytest.fixture
def boot(site: Site) -> Iterator[Boot]:
    """Yield a function that boots a host, which has the disk with the images unless it is given another."""
    booted: list[Host] = []

    def start(user_data: str, **options: object) -> Host:
        host = site.lab.boot(user_data, **{"role": ROLE, "docker_data": site.docker_data, **options})  # pyright: ignore
        booted.append(host)
        return host

    yield start
    site.lab.endpoints.faults.clear()
    for host in booted:
        if host in site.lab.hosts:
            site.end(host)


def is_down(host: Host) -> bool:
    """Whether no container of ours runs and the load balancer knows it."""
    return not host.lab.alb.healthy(host.address) and not host.exec("docker ps --quiet 2>/dev/null", check=False)


def in_cloudwatch(site: Site, host: Host, stream: str, text: str) -> bool:
    return any(text in line for line in site.log_lines(host.instance_id, stream))


def test_role_and_secret_come_later(site: Site, boot: Boot) -> None:
    label = secrets.token_hex(4)
    host = boot(site.user_data(labels={"database_password": label}), role=None)
    eventually("it misses its role", lambda: said(host, "artifacts", "retry"), SOON_SECONDS, host.diagnosis)
    assert is_down(host)
    site.lab.set_role(host, ROLE)
    eventually("it misses the secret", lambda: said(host, "secrets", "retry"), SOON_SECONDS, host.diagnosis)
    assert "ResourceNotFoundException" in said(host, "secrets", "retry")[0]
    assert is_down(host)
    assert host.exec("find /run/kotauth -path '*secrets/*'") == "", "no secret before all are there"
    site.put_secret("database_password", site.values["database_password"], label)
    host.wait_ready()
    assert in_cloudwatch(site, host, "host", "ResourceNotFoundException")


def test_the_registry_is_away(site: Site, boot: Boot) -> None:
    site.lab.registry.break_()
    try:
        host = boot(site.user_data(boot_limit_seconds=5), docker_data=None)
        eventually("it fails to pull", lambda: said(host, "images", "failed"), SOON_SECONDS, host.diagnosis)
        assert is_down(host)
        shipped = lambda: in_cloudwatch(site, host, "host", '"stage": "images", "outcome": "failed"')  # noqa: E731
        eventually("the failure is in CloudWatch", shipped, SOON_SECONDS)
        assert "docker pull" in said(host, "images", "failed")[0]
    finally:
        site.lab.registry.restore()
    host.wait_ready()


def test_the_database_s_role_comes_later(site: Site, boot: Boot) -> None:
    site.database.sql("DROP ROLE IF EXISTS kotauth_b")
    host = boot(site.user_data(server=site.server(password_version=2)))
    refused = lambda: in_cloudwatch(site, host, "server", 'password authentication failed for user "kotauth_b"')  # noqa: E731
    eventually("the guard can't log in", refused, SOON_SECONDS, host.diagnosis)
    assert not site.lab.alb.healthy(host.address)
    assert not host.exec("docker", "ps", "--quiet", "--filter=label=kotauth.part=server")
    site.make_role(version=2)
    host.wait_ready()


def test_another_secret_key_never_serves(site: Site, boot: Boot) -> None:
    first = boot(site.user_data())
    first.wait_ready()
    assert site.lab.alb.client.login(site.values["admin_password"]).status == 302
    site.end(first)

    wrong = secrets.token_hex(32)
    site.put_secret("secret_key", wrong, "wrong")
    host = boot(site.user_data(labels={"secret_key": "wrong"}, boot_limit_seconds=5))
    line = f"the secret key (key id {chain_key_id(wrong)}) does not fit this database"
    eventually("the guard refuses", lambda: in_cloudwatch(site, host, "server", line), SOON_SECONDS, host.diagnosis)
    eventually("the boot fails", lambda: said(host, "ready", "failed"), SOON_SECONDS, host.diagnosis)
    assert not site.lab.alb.healthy(host.address)
    assert all(probe.status != 200 for probe in site.lab.alb.last_probes(host.address))
    assert wrong not in "".join(site.log_lines(host.instance_id, "server")) + host.journal("kotauth-server.service")

    right = host.replace(user_data=site.user_data(), keep_docker=True)
    try:
        right.wait_ready()
        assert site.lab.alb.client.login(site.values["admin_password"]).status == 302
    finally:
        site.end(right)


def test_a_full_disk(site: Site, boot: Boot) -> None:
    full = 'runcmd:\n- ["mkdir", "/run/kotauth"]\n- ["mount", "-t", "tmpfs", "-o", "size=8k", "none", "/run/kotauth"]\n'
    host = boot(site.user_data().replace("runcmd:\n", full))
    stages = ("files", "secrets")
    details = lambda: [detail for stage in stages for detail in said(host, stage, "retry")]  # noqa: E731
    eventually("it has no space", details, SOON_SECONDS, host.diagnosis)
    assert "No space left on device" in details()[0]
    assert is_down(host)
    assert host.exec("find /run/kotauth -type f -size 0") == "", "nothing is half written"
    assert host.exec("find /run/kotauth -name '*.part'") == ""
    host.exec("umount", "/run/kotauth")
    host.wait_ready()


def test_throttled_and_slow(site: Site, boot: Boot) -> None:
    site.lab.endpoints.faults += [
        Fault("s3", code="SlowDown", status=503, times=3),
        Fault("ssm", times=3),
        Fault("secretsmanager", times=8),
        Fault("logs", times=3),
    ]
    site.lab.metadata_delay = 0.5
    site.lab.publish()
    try:
        host = boot(site.user_data())
        host.wait_ready()
    finally:
        site.lab.metadata_delay = 0.0
        site.lab.publish()
    assert not [line for line in boot_lines(host) if line["outcome"] == "failed"]
    eventually("the lines arrive", lambda: in_cloudwatch(site, host, "host", '"stage": "units"'), SOON_SECONDS)


def test_a_new_edge_has_the_certificates_of_the_old_one(site: Site, boot: Boot) -> None:
    volume = site.lab.create_volume("vol-0fedcba9876543210")
    edge = {
        "containers": [site.server(), site.edge()],
        "in_group": False,
        "volume": Volume(volume.volume_id),
    }
    host = boot(site.user_data(**edge), registered=False)
    eventually("it misses its volume", lambda: said(host, "volume", "retry"), SOON_SECONDS, host.diagnosis)
    assert "vol-0fedcba9876543210 is not attached yet" in said(host, "volume", "retry")[0]
    host.attach(volume)
    eventually("it is ready", lambda: said(host, "ready", "ok"), 120, host.diagnosis)
    authority = "/var/lib/kotauth/volumes/frontend/data/caddy/pki/authorities/local/root.crt"
    before = host.exec("cat", authority)
    ask = f"curl -sS --cacert {authority} --connect-to {site.lab.host_name}:443:127.0.0.1:443 "
    assert host.exec(ask + f"-o /dev/null -w %{{http_code}} https://{site.lab.host_name}/health/ready") == "200"
    assert (
        host.exec(f"blkid -o value -s LABEL {host.exec('findmnt -no SOURCE /var/lib/kotauth/volumes')}")
        == "kotauth-data"
    )

    host.power_cut()
    eventually("it is ready again", lambda: len(said(host, "ready", "ok")) == 2, 120, host.diagnosis)
    other = host.replace(keep_docker=True)
    try:
        eventually("the next one is ready", lambda: said(other, "ready", "ok"), 120, other.diagnosis)
        assert other.instance_id != host.instance_id
        assert other.exec("cat", authority) == before
        assert other.exec(ask + f"-o /dev/null -w %{{http_code}} https://{site.lab.host_name}/health/ready") == "200"
    finally:
        site.end(other)
