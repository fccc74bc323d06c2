"""The settings of a deployment on a Docker host."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from ..config.backups import BackupSettings
from ..config.certificate import CertificateSettings
from ..config.declaration import setting
from ..config.frontends import DEFAULT, FRONTENDS
from ..config.logs import LogSettings
from ..config.server import ServerSettings
from ..config.stack import STACK_LABEL
from ..frontends.external import EXTERNAL, parse_proxy_network, traefik_labels
from ..frontends.frontend import ACME, FILES, INTERNAL, CaCertificate
from ..inputs.choice import one_of
from ..inputs.declaration import Problem, Rule, section, together
from ..inputs.error import refused
from ..inputs.image import Image, image
from ..inputs.number import parse_port
from ..inputs.parsing import parse
from ..inputs.problems import Problems, when_known
from ..inputs.resource_name import parse_docker_name
from ..postgres import server as postgres
from ..workload.spec import LOGS_LABEL

_parse_frontend = one_of(*FRONTENDS, EXTERNAL, hint={"alb": "an ALB exists only on AWS, not with target docker"})


def _refuse(_: object) -> None:
    raise ValueError(f"must be empty with frontend {EXTERNAL}, where your own proxy decides it: remove it")


def _of_own_proxy(rule_from: Callable[[DockerSettings], Rule]) -> Callable[[DockerSettings], Rule]:
    """Make a rule that takes no value where the stack runs no proxy."""
    return lambda made: _refuse if made.frontend == EXTERNAL else rule_from(made)


@dataclass(frozen=True, kw_only=True)
class DockerSettings(CertificateSettings, LogSettings, BackupSettings):
    """Settings of `DockerDeployment`."""

    server: ServerSettings = section(ServerSettings)
    database_image: Image = setting(
        postgres.parse_image,
        default_from=lambda made: postgres.parse_image(postgres.IMAGES[made.server.database_version]),
        about="Image of PostgreSQL with an exact tag, which begins with {database_version}.",
        empty="the official image",
    )
    frontend: str = setting(
        _parse_frontend,
        default=DEFAULT.name,
        about="Frontend: the proxy that terminates TLS, or external for a proxy that you run already. "
        "The value external requires {proxy_network}.",
    )
    proxy_network: pulumi.Input[str] | None = setting(
        when_known(parse_proxy_network),
        default=None,
        about="Existing Docker network that your proxy and the server share. Only for frontend external.",
    )
    frontend_image: Image = setting(
        image(),
        rule_from=_of_own_proxy(lambda made: made.proxy.parse_image),
        default_from=lambda made: made.proxy.parse_image(made.proxy.default_image),
        about="Image of the frontend with an exact tag.",
        empty="the official image",
        allowed="an image reference with its registry",
    )
    https_port: int = setting(
        parse_port,
        rule_from=_of_own_proxy(lambda _: parse_port),
        default_from=lambda made: made.server.base_url.port,
        about="HTTPS port on the Docker host.",
        empty="the port of {base_url}",
    )
    http_port: int = setting(
        parse_port,
        rule_from=_of_own_proxy(lambda _: parse_port),
        default_from=lambda made: 80 if made.https_port == 443 else 8080,
        about="HTTP port on the Docker host, which redirects to HTTPS.",
        empty="80 if {https_port} is 443, otherwise 8080",
    )

    @classmethod
    def resolve(
        cls, args: Mapping[str, Any], subject: str, args_type: type[Any] | None = None, name: str = "kotauth"
    ) -> DockerSettings:
        """Return the inputs of the deployment ``name`` with their defaults.

        Raises:
            InvalidInputError: With all that is wrong.
        """
        problems = Problems(subject)
        problems.check("name", name, parse_docker_name)
        return parse(cls, args, problems, ["labels"], args_type)

    @property
    def tls_elsewhere(self) -> str:
        """Says that the user's own proxy has the certificate."""
        return "your own proxy has the certificate" if self.frontend == EXTERNAL else ""

    @property
    def internal_ca(self) -> CaCertificate | None:
        """Certificate of the proxy's own authority, which clients must trust; None with public certificates."""
        return self.proxy.ca_certificate if self.certificates == INTERNAL else None

    @property
    def traefik_labels(self) -> Mapping[str, pulumi.Input[str]]:
        """The server's labels for a proxy that the user runs; none where the stack runs the proxy."""
        return traefik_labels(self.server.base_url, self.proxy_network) if self.proxy_network else {}

    def sent_label(self, name: str, labels: Mapping[str, pulumi.Input[str]]) -> dict[str, str]:
        """Return the label that Docker writes beside each line that is sent; none without a route.

        ``labels`` are those of the deployment ``name``.
        """
        if not self.has_log_route:
            return {}
        stack = labels.get(STACK_LABEL)
        if not stack or not isinstance(stack, str):
            rule = f"must have {STACK_LABEL} for a log route, with a value that no other deployment on the host has"
            raise refused(f"DockerDeployment {name}", "labels", dict(labels), rule)
        return {LOGS_LABEL: stack}

    @together
    def check_database_image(self) -> Iterator[Problem]:
        """Check that the tag of the image matches the PostgreSQL version."""
        version = self.server.database_version
        if self.database_image.version[:1] != (version,):
            rule = (
                f"must have a tag that begins with PostgreSQL version {version}: change the tag or {{database_version}}"
            )
            yield Problem("database_image", self.database_image.reference, rule)

    @together
    def check_proxy_network(self) -> Iterator[Problem]:
        """Check that there is a network where the proxy is the user's own, and only there."""
        if self.frontend == EXTERNAL and not self.proxy_network:
            rule = (
                f"is required with frontend {EXTERNAL}: run `docker network create kotauth-proxy`, connect your proxy "
                "to it, and set its name"
            )
            yield Problem("proxy_network", "", rule)
        if self.frontend != EXTERNAL and self.proxy_network:
            rule = f"is only for frontend {EXTERNAL}: remove it, or set {{frontend}} to {EXTERNAL}"
            yield Problem("proxy_network", self.proxy_network, rule)

    @together
    def check_ports(self) -> Iterator[Problem]:
        """Check that the two ports differ."""
        if self.frontend != EXTERNAL and self.http_port == self.https_port:
            yield Problem("http_port", self.http_port, "must differ from {https_port}: choose another port")

    @together
    def check_public_name(self) -> Iterator[Problem]:
        """Check that a public authority can certify the name."""
        if self.certificates == ACME and self.server.is_local:
            other = INTERNAL if INTERNAL in self.possible_sources else FILES
            rule = f"is a local name, which no public certificate authority certifies: set {{certificates}} to {other}"
            yield Problem("base_url", self.server.base_url.text, rule)
