"""The settings of a deployment on a Docker host."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..config.frontends import DEFAULT, FRONTENDS, NOT_YET
from ..config.server import ServerSettings, resolve
from ..frontends.frontend import ACME, INTERNAL, Acme, CaCertificate, Frontend
from ..inputs.addresses import parse_email, parse_https_url
from ..inputs.image import Image
from ..inputs.reader import Inputs, one_of, whole_number
from ..postgres import server as postgres

_parse_port = whole_number("a TCP port", 1, 65535)
_parse_frontend = one_of(*FRONTENDS, hint={"alb": "an ALB exists only on AWS, not with target docker", **NOT_YET})


@dataclass(frozen=True, kw_only=True)
class DockerSettings:
    """Everything that `DockerDeployment` decides by."""

    server: ServerSettings
    database_image: Image
    frontend: str
    frontend_image: Image
    certificates: str
    acme_email: str | None
    acme_server: str | None
    http_port: int
    https_port: int

    @classmethod
    def resolve(cls, args: Mapping[str, Any], subject: str) -> DockerSettings:
        """Return a deployment's inputs with their defaults; raise ``InvalidInputError`` with all that is wrong."""
        return resolve(cls, args, subject, also_known=["labels"])

    @classmethod
    def read(cls, reader: Inputs) -> DockerSettings:
        """Take every setting from ``reader``; the caller ends with ``reader.finish()``."""
        server = ServerSettings.read(reader)
        version = server.database_version
        https_port = reader.take("https_port", _parse_port, server.base_url.port if server.base_url else 443)
        frontend = reader.take("frontend", _parse_frontend, DEFAULT.name)
        proxy = FRONTENDS[frontend]
        settings = cls(
            server=server,
            database_image=reader.take(
                "database_image", postgres.image_of_version(version), postgres.parse_image(postgres.IMAGES[version])
            ),
            frontend=frontend,
            frontend_image=reader.take("frontend_image", proxy.parse_image, proxy.parse_image(proxy.default_image)),
            certificates=reader.take(
                "certificates", one_of(*proxy.certificates), INTERNAL if server.is_local else ACME
            ),
            acme_email=reader.optional("acme_email", parse_email),
            acme_server=reader.optional("acme_server", parse_https_url),
            http_port=reader.take("http_port", _parse_port, 80 if https_port == 443 else 8080),
            https_port=https_port,
        )
        settings._check_together(reader)
        return settings

    @property
    def proxy(self) -> Frontend:
        """The proxy that ends TLS."""
        return FRONTENDS[self.frontend]

    @property
    def acme(self) -> Acme | None:
        """How the proxy gets a public certificate; None without one."""
        return Acme(self.acme_email or "", self.acme_server) if self.certificates == ACME else None

    @property
    def internal_ca(self) -> CaCertificate | None:
        """The authority that clients must be told to trust; None with public certificates."""
        return self.proxy.ca_certificate if self.certificates == INTERNAL else None

    def _check_together(self, reader: Inputs) -> None:
        if self.http_port == self.https_port:
            reader.problem("http_port", self.http_port, "must differ from the https port")
        if self.certificates == ACME:
            # Whether a certificate must be public hangs on the address, so a bad one is the only problem of the two.
            if not self.acme_email and self.server.base_url:
                reader.problem("acme_email", "", "is required with certificates acme: the authority writes to it")
            if self.server.is_local:
                rule = "is a local name, which no public authority certifies; use certificates internal"
                reader.problem("base_url", self.server.base_url.text, rule)
