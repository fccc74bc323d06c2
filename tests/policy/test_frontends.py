"""What the pack reads of the frontends that the components make, for each proxy and each kind of certificate."""

from __future__ import annotations

from typing import Any

import pytest

from components.config.frontends import FRONTENDS, INNER
from components.docker.deployment import DockerDeployment
from components.frontends.external import traefik_labels
from components.frontends.frontend import Acme, Certificate, CertificateFiles, EdgeSite, InnerSite, OwnAuthority
from components.kotauth.base_url import parse_base_url
from components.workload.spec import ContainerSpec
from policy.kotauth_policy.readers.proxies.forwarded_headers import HEADERS, parsed, passed_headers
from policy.kotauth_policy.readers.proxies.traefik import passed_by_labels
from policy.testing.wire import analyze, register
from tests.certificates import issued

URL = parse_base_url("https://auth.example.com:8443")
CERTIFICATES: dict[str, Certificate] = {
    "acme": Acme("ops@example.com"),
    "internal": OwnAuthority(),
    "files": CertificateFiles(),
}
EDGES = {
    f"{name} with {kind}": frontend.edge(
        EdgeSite(
            base_url=URL,
            upstream="kotauth",
            image=frontend.default_image,
            http_port=80,
            https_port=8443,
            certificate=CERTIFICATES[kind],
            admin_cidrs=["10.0.0.0/8"],
        )
    )
    for name, frontend in FRONTENDS.items()
    for kind in frontend.certificates
}
BEHIND_LOAD_BALANCER = INNER(
    InnerSite(base_url=URL, upstream="kotauth", image="x", https_port=443, load_balancer_cidrs=["10.0.0.0/16"])
)


@pytest.mark.parametrize("spec", [*EDGES.values(), BEHIND_LOAD_BALANCER], ids=[*EDGES, "behind a load balancer"])
def test_each_configuration_is_read_and_passes_no_header_on(spec: ContainerSpec) -> None:
    files = {name: str(content) for name, content in spec.get("config_files", {}).items()}
    configurations = parsed(files)
    assert {*configurations.nginx, *configurations.caddy, *configurations.traefik} == set(files)
    assert list(passed_headers(files, HEADERS)) == []


@pytest.mark.parametrize("spec", EDGES.values(), ids=EDGES)
@pytest.mark.parametrize("header", [header for header in HEADERS if header.endswith(("-Server", "-SSL", "Https"))])
def test_each_header_that_passes_is_found(spec: ContainerSpec, header: str) -> None:
    files = {
        name: "\n".join(line for line in str(content).splitlines() if header not in line)
        for name, content in spec.get("config_files", {}).items()
    }
    reasons = [finding.reason for _, finding in passed_headers(files, HEADERS)]
    assert reasons
    assert all(header in reason for reason in reasons)


def test_the_labels_for_a_proxy_of_the_user_pass_no_header_on() -> None:
    labels = {key: str(value) for key, value in traefik_labels(URL, "proxy").items()}
    assert list(passed_by_labels(labels, HEADERS)) == []


_ACME = {"acme_email": "ops@example.com"}
_FILES = {
    "certificates": "files",
    "certificate_chain": issued("auth.example.com").chain,
    "certificate_key": issued("auth.example.com").key,
}
DEPLOYMENTS: dict[str, Any] = {
    "caddy with files": _FILES,
    "nginx": {"frontend": "nginx", **_FILES},
    "traefik": {"frontend": "traefik", **_ACME},
    "traefik with files": {"frontend": "traefik", **_FILES},
    "external": {"frontend": "external", "proxy_network": "proxy"},
}


def _refused(args: Any) -> set[tuple[str, str]]:
    """Return rule and resource of what the pack says of a deployment at its first preview."""
    inputs: Any = {"base_url": "https://auth.example.com", **args}

    def program() -> None:
        DockerDeployment("kotauth", inputs)

    return {(violation.rule, violation.resource) for violation in analyze(register(program))}


@pytest.mark.parametrize("args", DEPLOYMENTS.values(), ids=DEPLOYMENTS)
def test_each_deployment_is_as_good_as_one_with_caddy(args: Any) -> None:
    # The rest are backups, alarms and logs, which no deployment on Docker has by itself.
    assert _refused(args) == _refused(_ACME)
