"""The watchdog of a booted host: what hangs is healed, and an outage of the database costs nothing but itself."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from tests.host.containers import eventually
from tests.host.instance import Host
from tests.host.outage import check, outage
from tests.host.site import ROLE, Site

pytestmark = pytest.mark.docker

SOON_SECONDS = 60


@pytest.fixture(scope="module")
def watched(site: Site) -> Iterator[Host]:
    """Yield a host whose watchdog looks more often than every 20 seconds."""
    server = site.server()
    server["probe"]["start_period_seconds"] = 10
    host = site.lab.boot(site.user_data(server=server), role=ROLE, docker_data=site.docker_data)
    often = "[Timer]\nOnActiveSec=\nOnUnitInactiveSec=\nOnActiveSec=3\nOnUnitInactiveSec=3\n"
    folder = "/run/systemd/system/kotauth-watchdog.timer.d"
    try:
        host.exec(f"mkdir -p {folder} && cat >{folder}/often.conf", text=often)
        host.wait_ready()
        host.exec("systemctl daemon-reload && systemctl restart kotauth-watchdog.timer")
        yield host
    finally:
        site.end(host)


def wait_ready_again(host: Host) -> None:
    """Wait for the server that runs now: the load balancer may still believe in the one before."""
    ask = ("docker", "inspect", "--format={{.State.Health.Status}}", "server")
    eventually("the server is healthy", lambda: host.exec(*ask, check=False) == "healthy", 120, host.diagnosis)
    host.wait_ready()


def container_id(host: Host, part: str) -> str:
    return host.exec("docker", "ps", "--quiet", "--no-trunc", f"--filter=name=^{part}$")


def given_up(site: Site, host: Host) -> list[object]:
    calls = site.lab.endpoints.called("autoscaling", "SetInstanceHealth")
    return [call for call in calls if call.owner == host.address]


def test_a_server_that_dies_is_started_again(watched: Host, site: Site) -> None:
    before = container_id(watched, "server")
    watched.exec("docker", "kill", "server")
    eventually(
        "another server", lambda: container_id(watched, "server") not in ("", before), SOON_SECONDS, watched.diagnosis
    )
    wait_ready_again(watched)


def test_an_outage_of_the_database_costs_nothing_but_itself(
    watched: Host, site: Site, record_property: Callable[[str, object], None]
) -> None:
    """`make outage` runs it with five minutes."""
    report = outage(site, watched, float(os.environ.get("OUTAGE_SECONDS", "60")))
    record_property("outage", str(report))
    print(report)
    check(report)


def test_a_server_that_can_t_start_without_its_database_costs_no_host(watched: Host, site: Site) -> None:
    looks = lambda: watched.journal("kotauth-watchdog.service").count("Finished")  # noqa: E731
    site.database.stop()
    try:
        watched.exec("docker", "kill", "server")
        began = looks()
        eventually("the watchdog has looked", lambda: looks() >= began + 5, 120, watched.diagnosis)
        assert given_up(site, watched) == []
    finally:
        site.database.restart()
    wait_ready_again(watched)


@pytest.mark.parametrize(("part", "other"), [("server", "frontend"), ("frontend", "server")])
def test_what_hangs_is_restarted_alone(watched: Host, site: Site, part: str, other: str) -> None:
    before, beside = container_id(watched, part), container_id(watched, other)
    watched.exec("docker", "kill", "--signal=STOP", part)
    eventually("another one", lambda: container_id(watched, part) not in ("", before), 180, watched.diagnosis)
    wait_ready_again(watched)
    assert container_id(watched, other) == beside
    assert f"restarted: {part}" in watched.journal("kotauth-watchdog.service")
    assert given_up(site, watched) == []


def test_a_docker_that_hangs_is_restarted(watched: Host, site: Site) -> None:
    pid = ("systemctl", "show", "--property=MainPID", "--value", "docker.service")
    before = watched.exec(*pid)
    # systemd kills what doesn't stop after a minute and a half; the test needn't wait for that.
    folder = "/run/systemd/system/docker.service.d"
    watched.exec(f"mkdir -p {folder} && cat >{folder}/soon.conf", text="[Service]\nTimeoutStopSec=5\n")
    watched.exec("systemctl", "daemon-reload")
    watched.exec("kill", "-STOP", before)
    eventually("another Docker", lambda: watched.exec(*pid) not in ("0", before), 300, watched.diagnosis)
    wait_ready_again(watched)
    assert given_up(site, watched) == []


def test_a_host_without_docker_is_given_up(watched: Host, site: Site) -> None:
    watched.exec("mount", "--bind", "/bin/false", "/usr/bin/docker")
    try:
        eventually("the group is asked", lambda: given_up(site, watched), 120, watched.diagnosis)
    finally:
        watched.exec("umount", "/usr/bin/docker")
