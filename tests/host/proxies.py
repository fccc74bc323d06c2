"""A single host with each proxy: it boots, serves the user's certificate, and loads a new one by its timer."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Iterator
from dataclasses import dataclass

from components.aws.host.description import Secret, Volume
from components.aws.host.scripts import names
from components.config.frontends import FRONTENDS
from components.frontends.frontend import CERTIFICATE_FILE, CertificateFiles, Frontend
from simulators.ec2_host.instance import Host
from simulators.images import ensure
from simulators.kotauth.client import Client
from simulators.waiting import eventually
from tests.host.rehearsals import Rehearsal, Row
from tests.host.site import ROLE, SOON_SECONDS, Site, said

_OFTEN = "[Timer]\nOnActiveSec=\nOnUnitInactiveSec=\nOnActiveSec=1\nOnUnitInactiveSec=1\nRandomizedDelaySec=0\n"
_VOLUME = "vol-0aaaabbbbccccdddd"


@dataclass
class SingleHosts:
    """One host after the other, with the disks of the one before."""

    site: Site
    host: Host | None = None

    def boot(self, proxy: Frontend, secret: str) -> Host:
        """Boot a host with that proxy, and wait until it is ready."""
        site = self.site
        image = site.images["frontendImage"]
        if proxy.name != "caddy":
            built = ensure([proxy.name])[proxy.name]
            repository, tag = proxy.default_image.removeprefix("docker.io/").split(":")
            image = site.lab.registry.push(built, repository, tag)
        user_data = site.user_data(
            containers=[site.server(), site.edge(proxy, CertificateFiles(), image)],
            secrets={"server": site.server_secrets(), "frontend": {CERTIFICATE_FILE: Secret(secret)}},
            in_group=False,
            volume=Volume(_VOLUME),
        )
        if self.host:
            host = self.host.replace(user_data=user_data, keep_docker=True)
        else:
            host = site.lab.boot(user_data, role=ROLE, docker_data=site.docker_data, registered=False)
            host.attach(site.lab.create_volume(_VOLUME))
        self.host = host
        eventually("it is ready", lambda: said(host, "ready", "ok"), SOON_SECONDS, host.diagnosis)
        return host


@contextlib.contextmanager
def _single_hosts(site: Site) -> Iterator[SingleHosts]:
    with site.beside() as own:
        yield SingleHosts(own)


def _serves_and_renews(proxy: Frontend, hosts: SingleHosts) -> None:
    site = hosts.site
    first, second = (site.lab.authority.issue(site.lab.host_name) for _ in range(2))
    secrets = site.lab.boto3("secretsmanager")
    secret = secrets.create_secret(Name=f"kotauth-{proxy.name}", SecretString="".join(first))["ARN"]
    host = hosts.boot(proxy, secret)
    assert _served(site, host) == ssl.PEM_cert_to_DER_cert(first[0])
    container = host.exec("docker", "ps", "--quiet", "--filter=name=^frontend$")

    folder = f"/run/systemd/system/{names.RENEWAL_TIMER}.d"
    assert host.exec("systemctl", "is-active", names.RENEWAL_TIMER) == "active"
    host.exec(f"mkdir -p {folder} && cat >{folder}/often.conf", text=_OFTEN)
    host.exec("systemctl", "daemon-reload")
    host.exec("systemctl", "restart", names.RENEWAL_TIMER)
    secrets.put_secret_value(SecretId=secret, SecretString="".join(second))
    is_new = lambda: _served(site, host) == ssl.PEM_cert_to_DER_cert(second[0])  # noqa: E731
    eventually("it serves the new certificate", is_new, SOON_SECONDS, host.diagnosis)

    secrets.put_secret_value(SecretId=secret, SecretString=first[0] + second[1])
    refused = "its key is not that of its first certificate"
    shipped = lambda: site.has_logged(host, "host", refused)  # noqa: E731
    eventually("the refusal is in CloudWatch", shipped, SOON_SECONDS, host.diagnosis)
    assert is_new()
    assert host.exec("docker", "ps", "--quiet", "--filter=name=^frontend$") == container, "it was restarted"


def _served(site: Site, host: Host) -> bytes:
    """Return the certificate of a host that is ready. It must be the authority's, and for the public name."""
    client = Client(site.lab.host_name, 443, site.lab.authority.pem, host.address, timeout=60)
    with contextlib.closing(client.connection()) as connection:
        connection.connect()
        certificate = connection.sock.getpeercert(binary_form=True)
        assert client.request("GET", "/health/ready", on=connection).status == 200
    return certificate or b""


def _rehearsal(proxy: Frontend) -> Rehearsal:
    def rehearsal(hosts: SingleHosts) -> None:
        _serves_and_renews(proxy, hosts)

    rehearsal.__name__ = f"{proxy.name}_serves_the_user_s_certificate_and_loads_a_new_one"
    return rehearsal


ROWS = (Row(_single_hosts, [_rehearsal(proxy) for proxy in FRONTENDS.values()]),)
