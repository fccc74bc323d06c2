"""Boots that take long: without images for a while, with a volume that goes from host to host, and throttled."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from components.aws.host.description import Volume
from simulators.ec2_host.endpoints import Fault
from simulators.ec2_host.instance import Host
from simulators.waiting import eventually
from tests.host.rehearsals import Row
from tests.host.site import ROLE, SOON_SECONDS, Site, boot_lines, is_down, said

_AUTHORITY = "/var/lib/kotauth/volumes/frontend/data/caddy/pki/authorities/local/root.crt"


@contextmanager
def _booted(site: Site, user_data: str, **options: Any) -> Iterator[Host]:
    host = site.lab.boot(user_data, role=ROLE, docker_data=site.docker_data, **options)
    try:
        yield host
    finally:
        if host in site.lab.hosts:
            site.end(host)


def the_registry_is_away(site: Site) -> None:
    with _booted(site, site.user_data(boot_limit_seconds=5)) as host:
        with host.cut_off(site.lab.registry.address):
            eventually("it fails to pull", lambda: said(host, "images", "failed"), SOON_SECONDS, host.diagnosis)
            assert is_down(host)
            shipped = lambda: site.has_logged(host, "host", '"stage": "images", "outcome": "failed"')  # noqa: E731
            eventually("the failure is in CloudWatch", shipped, SOON_SECONDS)
            assert "docker pull" in said(host, "images", "failed")[0]
        host.wait_ready()


def a_new_edge_has_the_certificates_of_the_old_one(site: Site) -> None:
    volume = site.lab.create_volume("vol-0fedcba9876543210")
    edge = {
        "containers": [site.server(), site.edge()],
        "in_group": False,
        "volume": Volume(volume.volume_id),
    }
    with _booted(site, site.user_data(**edge), registered=False) as host:
        eventually("it misses its volume", lambda: said(host, "volume", "retry"), SOON_SECONDS, host.diagnosis)
        assert "vol-0fedcba9876543210 is not attached yet" in said(host, "volume", "retry")[0]
        host.attach(volume)
        eventually("it is ready", lambda: said(host, "ready", "ok"), SOON_SECONDS, host.diagnosis)
        before = host.exec("cat", _AUTHORITY)
        assert _status(site, host) == "200"
        device = host.exec("findmnt -no SOURCE /var/lib/kotauth/volumes")
        assert host.exec(f"blkid -o value -s LABEL {device}") == "kotauth-data"

        host.power_cut()
        eventually("it is ready again", lambda: len(said(host, "ready", "ok")) == 2, SOON_SECONDS, host.diagnosis)
        other = host.replace(keep_docker=True)
        eventually("the next one is ready", lambda: said(other, "ready", "ok"), SOON_SECONDS, other.diagnosis)
        assert other.instance_id != host.instance_id
        assert other.exec("cat", _AUTHORITY) == before
        assert _status(site, other) == "200"
        site.end(other)


def _status(site: Site, host: Host) -> str:
    """Return the status of an answer of the host itself, whose certificate its own authority has issued."""
    ask = f"curl -sS --cacert {_AUTHORITY} --connect-to {site.lab.host_name}:443:127.0.0.1:443"
    return host.exec(f"{ask} -o /dev/null -w %{{http_code}} https://{site.lab.host_name}/health/ready")


def throttled_and_slow(site: Site) -> None:
    with _booted(site, site.user_data(), metadata_delay=0.5) as host:
        faults = [
            Fault("s3", owner=host.address, code="SlowDown", status=503, times=3),
            Fault("ssm", owner=host.address, times=3),
            Fault("secretsmanager", owner=host.address, times=8),
            Fault("logs", owner=host.address, times=3),
        ]
        # Long before it asks for anything but metadata.
        site.lab.endpoints.faults.extend(faults)
        host.wait_ready()
        assert not [line for line in boot_lines(host) if line["outcome"] == "failed"]
        lines = lambda: site.has_logged(host, "host", '"stage": "units"')  # noqa: E731
        eventually("the lines arrive", lines, SOON_SECONDS)
        assert [fault.service for fault in faults if fault.times] == [], "faults that it never met"


ROWS = (
    Row(
        Site.beside,
        # The first one leaves the images on the disk.
        (the_registry_is_away, a_new_edge_has_the_certificates_of_the_old_one, throttled_and_slow),
    ),
)
