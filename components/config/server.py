"""What a deployment decides about the server itself, on every target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import pulumi

from ..inputs.image import Image
from ..inputs.reader import Inputs, InvalidInputError, true_or_false
from ..kotauth import server as kotauth
from ..kotauth.credentials import KotauthCredentialsArgs
from ..kotauth.server import BaseUrl
from ..postgres import server as postgres
from ..postgres.limits import POOL_SIZE, parse_password_version, parse_pool_size
from ..workload.spec import ContainerSpec

LOCAL_DOMAINS = ("localhost", "internal", "local", "test", "example", "invalid")
"""Reserved for local use (RFC 6761, RFC 6762, ICANN): no public certificate authority certifies them."""


@dataclass(frozen=True, kw_only=True)
class ServerSettings:
    """The server, wherever it runs. Memory in MB, cpus in processors."""

    base_url: BaseUrl
    environment: str
    image: Image
    memory: int
    cpus: float
    pool_size: int
    update_check: bool
    secret_key: pulumi.Input[str] | None
    database_version: int
    database_password_version: int

    @classmethod
    def read(cls, reader: Inputs) -> ServerSettings:
        """Take every setting from ``reader``; the caller ends with ``reader.finish()``."""
        return cls(
            base_url=reader.take("base_url", kotauth.parse_base_url),
            environment=reader.take("environment", kotauth.parse_environment, "production"),
            image=reader.take("image", kotauth.parse_image, kotauth.parse_image(kotauth.DEFAULT_IMAGE)),
            memory=reader.take("memory", kotauth.parse_memory, kotauth.MEMORY_FLOOR_MB),
            cpus=reader.take("cpus", kotauth.parse_cpus, kotauth.CPU_FLOOR),
            pool_size=reader.take("pool_size", parse_pool_size, POOL_SIZE),
            update_check=reader.take("update_check", true_or_false, True),
            secret_key=reader.optional("secret_key", _parse_secret_key),
            database_version=reader.take("database_version", postgres.parse_version, postgres.DEFAULT_VERSION),
            database_password_version=reader.take("database_password_version", parse_password_version, 1),
        )

    def spec(self, database: kotauth.Database) -> ContainerSpec:
        """Return the container that these settings describe, on that database."""
        return kotauth.server(
            image=self.image.reference,
            base_url=self.base_url,
            environment=self.environment,
            memory=self.memory,
            cpus=self.cpus,
            pool_size=self.pool_size,
            update_check=self.update_check,
            database=database,
        )

    @property
    def credentials(self) -> KotauthCredentialsArgs:
        """What the server's generated secrets are made by."""
        args: KotauthCredentialsArgs = {"database_password_version": self.database_password_version}
        if self.secret_key is not None:
            args["secret_key"] = self.secret_key
        return args

    @property
    def is_local(self) -> bool:
        """Whether the public address is a name that no public certificate authority certifies."""
        return bool(self.base_url) and self.base_url.host.rpartition(".")[2] in LOCAL_DOMAINS


def names(settings: type[Any]) -> set[str]:
    """Return the names of all settings that a class of settings reads."""
    own = {field.name for field in fields(settings)}
    return own - {"server"} | {field.name for field in fields(ServerSettings)} if "server" in own else own


def resolve(settings: Any, args: Mapping[str, Any], subject: str, also_known: list[str]) -> Any:  # noqa: ANN401
    """Return a deployment's inputs as ``settings``; raise ``InvalidInputError`` with all that is wrong."""
    reader = Inputs(args, subject, secrets=["secret_key"])
    resolved = settings.read(reader)
    reader.finish(also_known=also_known)
    return resolved


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
