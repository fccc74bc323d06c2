"""The settings of a stack: typed, frozen, and all bad values reported at once.

The only reader of `pulumi.Config`. Names, defaults and descriptions of the settings are declared in `Pulumi.yaml`; they
are declared as strings, so that the engine doesn't stop at the first mistyped one and every bad value is named here.
Deployments resolve their inputs with the same rules, so that a library user meets the same defaults and errors.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env, is_config_secret

from . import kotauth
from .frontends import caddy
from .image import Image
from .inputs import Inputs, InvalidInputError, one_of, true_or_false, whole_number
from .kotauth import BaseUrl
from .postgres import server as postgres
from .postgres.role import parse_password_version, parse_pool_size

TARGETS = ("docker",)
FRONTENDS = ("caddy",)
_LOCAL_DOMAINS = ("localhost", "internal", "local", "test", "example", "invalid")
"""Reserved for local use (RFC 6761, RFC 6762, ICANN): no public certificate authority certifies them."""

_PLAIN = r"[^\s@\"`{}#]"
"""What a proxy's configuration file takes as itself: no second word, quotation, placeholder or comment."""

_parse_port = whole_number("a TCP port", 1, 65535)
_parse_target = one_of(*TARGETS, hint={"aws": "the AWS target is not there yet"})
_parse_frontend = one_of(
    *FRONTENDS,
    hint={
        "alb": "an ALB exists only on AWS, not with target docker",
        "nginx": "nginx is not there yet",
        "traefik": "Traefik is not there yet",
    },
)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that a deployment decides by. Memory in MB, cpus in processors."""

    base_url: BaseUrl
    environment: str
    image: Image
    memory: int
    cpus: float
    pool_size: int
    update_check: bool
    secret_key: pulumi.Input[str] | None
    database_version: int
    database_image: Image
    database_password_version: int
    frontend: str
    frontend_image: Image
    certificates: str
    acme_email: str | None
    acme_server: str | None
    http_port: int
    https_port: int

    @classmethod
    def resolve(cls, args: Mapping[str, Any], subject: str) -> Settings:
        """Return a deployment's inputs with their defaults; raise ``InvalidInputError`` with all that is wrong."""
        reader = Inputs(args, subject, secrets=["secret_key"])
        settings = cls.read(reader)
        reader.finish(also_known=["labels"])
        return settings

    @classmethod
    def read(cls, reader: Inputs) -> Settings:
        """Take every setting from ``reader``; the caller ends with ``reader.finish()``."""
        base_url = reader.take("base_url", kotauth.parse_base_url)
        version = reader.take("database_version", postgres.parse_version, 14)
        settings = cls(
            base_url=base_url,
            environment=reader.take("environment", kotauth.parse_environment, "production"),
            image=reader.take("image", kotauth.parse_image, kotauth.parse_image(kotauth.DEFAULT_IMAGE)),
            memory=reader.take("memory", kotauth.parse_memory, kotauth.MEMORY_FLOOR_MB),
            cpus=reader.take("cpus", kotauth.parse_cpus, kotauth.CPU_FLOOR),
            pool_size=reader.take("pool_size", parse_pool_size, 10),
            update_check=reader.take("update_check", true_or_false, True),
            secret_key=reader.optional("secret_key", _parse_secret_key),
            database_version=version,
            database_image=reader.take(
                "database_image", postgres.image_of_version(version), postgres.parse_image(postgres.IMAGES[version])
            ),
            database_password_version=reader.take("database_password_version", parse_password_version, 1),
            frontend=reader.take("frontend", _parse_frontend, "caddy"),
            frontend_image=reader.take("frontend_image", caddy.parse_image, caddy.parse_image(caddy.DEFAULT_IMAGE)),
            certificates=reader.take("certificates", one_of("acme", "internal"), "acme"),
            acme_email=reader.optional("acme_email", _parse_email),
            acme_server=reader.optional("acme_server", _parse_https_url),
            http_port=reader.take("http_port", _parse_port, 80),
            https_port=reader.take("https_port", _parse_port, base_url.port if base_url else 443),
        )
        settings._check_together(reader)
        return settings

    def _check_together(self, reader: Inputs) -> None:
        if self.http_port == self.https_port:
            reader.problem("http_port", self.http_port, "must differ from the https port")
        if self.certificates == "acme":
            if not self.acme_email:
                reader.problem("acme_email", "", "is required with certificates acme: the authority writes to it")
            if self.base_url and self.base_url.host.rpartition(".")[2] in _LOCAL_DOMAINS:
                rule = "is a local name, which no public authority certifies; use certificates internal"
                reader.problem("base_url", self.base_url.text, rule)

    @property
    def deployment_inputs(self) -> Any:  # noqa: ANN401 - the TypedDict of whichever deployment takes it
        """The same settings as a deployment component takes them."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: _plain(value) for name, value in values.items() if value is not None}


@dataclass(frozen=True)
class Stack:
    """What the configuration of a stack says."""

    target: str
    docker_host: str | None
    """Address of the Docker daemon, where it is not this machine's."""
    settings: Settings


def load(config: pulumi.Config) -> Stack:
    """Read the stack's configuration, or raise ``InvalidInputError`` with all that is wrong."""
    prefix = f"{config.name}:"
    values = _own_values(prefix)
    reader = Inputs(
        values,
        f"the configuration of stack {pulumi.get_stack()}",
        named=_camel,
        prefix=prefix,
        secrets=["secretKey", *(name for name in values if is_config_secret(prefix + name))],
    )
    target = reader.take("target", _parse_target, "docker")
    settings = Settings.read(reader)
    reader.finish()
    if settings.secret_key is not None:
        settings = replace(settings, secret_key=config.require_secret("secretKey"))
    return Stack(target, pulumi.Config("docker").get("host"), settings)


def _own_values(prefix: str) -> dict[str, object]:
    """Return all values in the program's namespace, unknown names too: a typo must not pass silently."""
    everything = {**get_config_env(), **CONFIG.get()}
    return {key.removeprefix(prefix): value for key, value in everything.items() if key.startswith(prefix)}


def _camel(field: str) -> str:
    head, *humps = field.split("_")
    return head + "".join(map(str.capitalize, humps))


def _plain(value: object) -> object:
    if isinstance(value, Image):
        return value.reference
    return value.text if isinstance(value, BaseUrl) else value


def _parse_secret_key(raw: object) -> pulumi.Input[str]:
    """Parse a key that is known, and have one that comes later parsed when it does."""
    if isinstance(raw, pulumi.Output):
        return raw.apply(_late_secret_key)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return kotauth.parse_secret_key(raw)


def _late_secret_key(text: str) -> str:
    try:
        return kotauth.parse_secret_key(text)
    except ValueError as error:
        raise InvalidInputError(f'secret_key = "[secret]": {error}') from error


def _parse_email(raw: object) -> str:
    if not re.fullmatch(rf"{_PLAIN}+@{_PLAIN}+\.{_PLAIN}+", str(raw)):
        raise ValueError("must be an e-mail address")
    return str(raw)


def _parse_https_url(raw: object) -> str:
    if not re.fullmatch(rf"https://[A-Za-z0-9.-]+(:[0-9]+)?(/{_PLAIN}*)?", str(raw)):
        raise ValueError("must be an https URL")
    return str(raw)
