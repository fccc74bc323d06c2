"""What goes wrong around a host: each ends ready, or in a failure that is logged and that the load balancer sees.

What takes longest is in `slow_boots.py`, and takes place beside other tests of hosts.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import Future

import pytest

from components.kotauth.secret_key import chain_key_id
from simulators.ec2_host.instance import Host
from simulators.waiting import eventually
from tests.host import slow_boots
from tests.host.rehearsals import names
from tests.host.site import ROLE, SOON_SECONDS, Site, is_down, said

pytestmark = pytest.mark.docker

Boot = Callable[..., Host]


@pytest.fixture
def boot(site: Site) -> Iterator[Boot]:
    """Yield a function that boots a host, which has the disk with the images unless it is given another."""
    booted: list[Host] = []

    def start(user_data: str, **options: object) -> Host:
        host = site.lab.boot(user_data, **{"role": ROLE, "docker_data": site.docker_data, **options})  # pyright: ignore
        booted.append(host)
        return host

    yield start
    for host in booted:
        if host in site.lab.hosts:
            site.end(host)


@pytest.mark.parametrize("rehearsal", names(slow_boots.ROWS))
def test_rehearsed(rehearsal: str, rehearsed: dict[str, Future[object]]) -> None:
    rehearsed[rehearsal].result()


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
    shipped = lambda: site.has_logged(host, "host", "ResourceNotFoundException")  # noqa: E731
    eventually("its line is in CloudWatch", shipped, SOON_SECONDS)


def test_the_database_s_role_comes_later(site: Site, boot: Boot) -> None:
    site.database.sql("DROP ROLE IF EXISTS kotauth_b")
    host = boot(site.user_data(server=site.server(password_version=2)))
    refused = lambda: site.has_logged(host, "server", 'password authentication failed for user "kotauth_b"')  # noqa: E731
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
    eventually("the guard refuses", lambda: site.has_logged(host, "server", line), SOON_SECONDS, host.diagnosis)
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
    # What a try has half written is gone before the next one.
    left = lambda: host.exec("find /run/kotauth -type f -size 0 -o -name '*.part'; :")  # noqa: E731
    eventually("nothing is half written", lambda: not left(), SOON_SECONDS, host.diagnosis)
    # Not unmounted: the next try may have a file open there.
    host.exec("mount", "-o", "remount,size=16m", "/run/kotauth")
    host.wait_ready()
