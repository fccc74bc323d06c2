"""What the proxies may not share: a stack can change from one to another."""

from __future__ import annotations

from components.config.frontends import FRONTENDS
from components.frontends.frontend import CertificateFiles, EdgeSite
from components.kotauth import server
from components.kotauth.base_url import parse_base_url
from components.postgres import server as postgres

SITE = EdgeSite(
    base_url=parse_base_url("https://auth.example.com"),
    upstream="kotauth",
    image="x",
    http_port=80,
    https_port=443,
    certificate=CertificateFiles(),
)


def test_each_has_a_user_of_its_own() -> None:
    users = [server.USER, postgres.USER, *(proxy.user for proxy in FRONTENDS.values())]
    assert len(set(users)) == len(users)


def test_no_two_name_a_volume_alike_which_belongs_to_the_user_of_one() -> None:
    volumes = [volume["name"] for proxy in FRONTENDS.values() for volume in proxy.edge(SITE).get("volumes", [])]
    assert volumes
    assert len(set(volumes)) == len(volumes)
