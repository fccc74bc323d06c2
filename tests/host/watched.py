"""What the watchdog of a booted host does about what hangs, and leaves alone while the database is away."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from components.workload.spec import probe_of
from simulators.ec2_host.instance import Host
from simulators.waiting import eventually
from tests.host.outage import Report, check, outage
from tests.host.rehearsals import Row
from tests.host.site import ROLE, Site

_SECONDS = 400
"""For all that is waited for: on a busy machine several hosts share the processors."""
_GRACE_SECONDS = 10
"""So that the watchdog looks at a server that has just started."""
_OFTEN = "[Timer]\nOnActiveSec=\nOnUnitInactiveSec=\nOnActiveSec=3\nOnUnitInactiveSec=3\n"


@dataclass(frozen=True)
class Watched:
    """A host whose watchdog looks more often than every 20 seconds."""

    site: Site
    host: Host

    def container(self, part: str) -> str:
        """Return the id of a container that runs, empty for none."""
        return self.host.exec("docker", "ps", "--quiet", "--no-trunc", f"--filter=name=^{part}$")

    def wait_for_another(self, part: str, before: str) -> None:
        """Wait until a container is replaced."""
        another = lambda: self.container(part) not in ("", before)  # noqa: E731
        eventually(f"another {part}", another, _SECONDS, self.host.diagnosis)

    def wait_ready_again(self) -> None:
        """Wait for the server that runs now: the load balancer may still believe in the one before."""
        ask = ("docker", "inspect", "--format={{.State.Health.Status}}", "server")
        healthy = lambda: self.host.exec(*ask, check=False) == "healthy"  # noqa: E731
        eventually("the server is healthy", healthy, _SECONDS, self.host.diagnosis)
        self.host.wait_ready()

    @property
    def given_up(self) -> list[object]:
        """The calls that ask the group to replace the host."""
        return [*self.site.lab.endpoints.called("autoscaling", "SetInstanceHealth", self.host.address)]


@contextmanager
def _watched(site: Site, database: str = "", grace_seconds: int | None = None) -> Iterator[Watched]:
    with site.beside(database=database) as own:
        server = own.server()
        if grace_seconds:
            probe_of(server)["start_period_seconds"] = grace_seconds
        host = own.lab.boot(own.user_data(server=server), role=ROLE, docker_data=own.docker_data)
        folder = "/run/systemd/system/kotauth-watchdog.timer.d"
        host.exec(f"mkdir -p {folder} && cat >{folder}/often.conf", text=_OFTEN)
        host.wait_ready()
        host.exec("systemctl daemon-reload && systemctl restart kotauth-watchdog.timer")
        yield Watched(own, host)


@contextmanager
def _with_a_database(site: Site) -> Iterator[Watched]:
    """Yield one whose database may go away without another host's."""
    with _watched(site, "outage.c9akciq32.eu-central-1.rds.amazonaws.com", _GRACE_SECONDS) as watched:
        yield watched


def a_server_that_dies_is_started_again(watched: Watched) -> None:
    before = watched.container("server")
    watched.host.exec("docker", "kill", "server")
    watched.wait_for_another("server", before)
    watched.wait_ready_again()


def an_outage_of_the_database_costs_nothing_but_itself(watched: Watched) -> Report:
    """`make outage` runs it with five minutes."""
    report = outage(watched.site, watched.host, float(os.environ.get("OUTAGE_SECONDS", "60")))
    print(report)
    check(report)
    return report


def a_server_that_can_t_start_without_its_database_costs_no_host(watched: Watched) -> None:
    host = watched.host
    looks = lambda: host.journal("kotauth-watchdog.service").count("Finished")  # noqa: E731
    watched.site.database.stop()
    try:
        host.exec("docker", "kill", "server")
        began = looks()
        eventually("the watchdog has looked", lambda: looks() >= began + 5, _SECONDS, host.diagnosis)
        assert watched.given_up == []
    finally:
        watched.site.database.restart()
    watched.wait_ready_again()


def a_server_that_hangs_is_restarted_alone(watched: Watched) -> None:
    _is_restarted_alone(watched, "server", "frontend")


def a_frontend_that_hangs_is_restarted_alone(watched: Watched) -> None:
    _is_restarted_alone(watched, "frontend", "server")


def _is_restarted_alone(watched: Watched, part: str, other: str) -> None:
    before, beside = watched.container(part), watched.container(other)
    watched.host.exec("docker", "kill", "--signal=STOP", part)
    watched.wait_for_another(part, before)
    watched.wait_ready_again()
    assert watched.container(other) == beside
    assert f"restarted: {part}" in watched.host.journal("kotauth-watchdog.service")
    assert watched.given_up == []


def a_docker_that_hangs_is_restarted(watched: Watched) -> None:
    host = watched.host
    pid = ("systemctl", "show", "--property=MainPID", "--value", "docker.service")
    before = host.exec(*pid)
    # systemd kills what doesn't stop after a minute and a half; the test needn't wait for that.
    folder = "/run/systemd/system/docker.service.d"
    host.exec(f"mkdir -p {folder} && cat >{folder}/soon.conf", text="[Service]\nTimeoutStopSec=5\n")
    host.exec("systemctl", "daemon-reload")
    host.exec("kill", "-STOP", before)
    eventually("another Docker", lambda: host.exec(*pid) not in ("0", before), _SECONDS, host.diagnosis)
    watched.wait_ready_again()
    assert watched.given_up == []


def a_host_without_docker_is_given_up(watched: Watched) -> None:
    watched.host.exec("mount", "--bind", "/bin/false", "/usr/bin/docker")
    try:
        eventually("the group is asked", lambda: watched.given_up, _SECONDS, watched.host.diagnosis)
    finally:
        # Lazy: it may just be running.
        watched.host.exec("umount", "--lazy", "/usr/bin/docker")


ROWS = (
    Row(
        _with_a_database,
        (
            an_outage_of_the_database_costs_nothing_but_itself,
            a_server_that_dies_is_started_again,
            a_server_that_can_t_start_without_its_database_costs_no_host,
        ),
    ),
    Row(
        _watched,
        (
            # The server is out of its grace after this one. A shorter grace would have the watchdog, which looks every
            # three seconds here, give up a host whose new server takes longer to start on a busy machine.
            a_frontend_that_hangs_is_restarted_alone,
            a_server_that_hangs_is_restarted_alone,
            a_docker_that_hangs_is_restarted,
            a_host_without_docker_is_given_up,
        ),
    ),
)
