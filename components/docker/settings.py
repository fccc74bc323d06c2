"""The settings of a deployment on a Docker host."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..config.server import ServerSettings, resolve
from ..frontends.caddy import frontend as caddy
from ..inputs.addresses import parse_email, parse_https_url
from ..inputs.image import Image
from ..inputs.reader import Inputs, one_of, whole_number
from ..postgres import server as postgres

FRONTENDS = ("caddy",)

_parse_port = whole_number("a TCP port", 1, 65535)
_parse_frontend = one_of(
    *FRONTENDS,
    hint={
        "alb": "an ALB exists only on AWS, not with target docker",
        "nginx": "nginx is not there yet",
        "traefik": "Traefik is not there yet",
    },
)


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
        settings = cls(
            server=server,
            database_image=reader.take(
                "database_image", postgres.image_of_version(version), postgres.parse_image(postgres.IMAGES[version])
            ),
            frontend=reader.take("frontend", _parse_frontend, "caddy"),
            frontend_image=reader.take("frontend_image", caddy.parse_image, caddy.parse_image(caddy.DEFAULT_IMAGE)),
            certificates=reader.take(
                "certificates", one_of("acme", "internal"), "internal" if server.is_local else "acme"
            ),
            acme_email=reader.optional("acme_email", parse_email),
            acme_server=reader.optional("acme_server", parse_https_url),
            http_port=reader.take("http_port", _parse_port, 80 if https_port == 443 else 8080),
            https_port=https_port,
        )
        settings._check_together(reader)
        return settings

    def _check_together(self, reader: Inputs) -> None:
        if self.http_port == self.https_port:
            reader.problem("http_port", self.http_port, "must differ from the https port")
        if self.certificates == "acme":
            # Whether a certificate must be public hangs on the address, so a bad one is the only problem of the two.
            if not self.acme_email and self.server.base_url:
                reader.problem("acme_email", "", "is required with certificates acme: the authority writes to it")
            if self.server.is_local:
                rule = "is a local name, which no public authority certifies; use certificates internal"
                reader.problem("base_url", self.server.base_url.text, rule)
