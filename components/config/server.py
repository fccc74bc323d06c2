"""The settings of the server that all targets share."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from ..inputs.choice import true_or_false
from ..inputs.image import Image
from ..kotauth import server as kotauth
from ..kotauth.base_url import BaseUrl, parse_base_url
from ..kotauth.credentials import KotauthCredentialsArgs
from ..kotauth.database import DatabaseConnection
from ..kotauth.secret_key import SECRET_KEY_CHARACTERS, parse_secret_key_input
from ..postgres import server as postgres
from ..postgres.limits import POOL_SIZE, parse_password_version, parse_pool_size
from ..workload.spec import ContainerSpec
from .declaration import setting

LOCAL_DOMAINS = ("localhost", "internal", "local", "test", "example", "invalid")
"""Reserved for local use (RFC 6761, RFC 6762, ICANN): no public certificate authority certifies them."""


@dataclass(frozen=True, kw_only=True)
class ServerSettings:
    """The server, wherever it runs. Memory in MB, cpus in processors."""

    base_url: BaseUrl = setting(
        parse_base_url,
        about="Public address of the server: https, host and port only. Names under .localhost mean this machine.",
        allowed="https://HOST or https://HOST:PORT, in lower case",
        development="https://kotauth.localhost:8443",
    )
    environment: str = setting(
        kotauth.parse_environment,
        default="production",
        about="Mode: exactly production or development. Kotauth refuses insecure settings only in production.",
        development="development",
    )
    image: Image = setting(
        kotauth.parse_image,
        default=kotauth.parse_image(kotauth.DEFAULT_IMAGE),
        about="Image of Kotauth with an exact tag, version 1.21.0 or newer.",
    )
    memory: int = setting(
        kotauth.parse_memory,
        default=kotauth.MEMORY_FLOOR_MB,
        about="Memory limit of the Kotauth container in MB, at least 512.",
    )
    cpus: float = setting(
        kotauth.parse_cpus,
        default=kotauth.CPU_FLOOR,
        about="Processor limit of the Kotauth container in vCPUs, at least 1.",
    )
    pool_size: int = setting(
        parse_pool_size, default=POOL_SIZE, about="Size of the server's pool of database connections, 2 to 40."
    )
    update_check: bool = setting(
        true_or_false,
        default=True,
        about="Whether Kotauth checks for newer versions. The check needs internet access on port 443.",
    )
    secret_key: pulumi.Input[str] | None = setting(
        parse_secret_key_input,
        default=None,
        secret=True,
        about="Existing secret key to use. In a stack, set it with `pulumi config set --secret`.",
        allowed=f"{SECRET_KEY_CHARACTERS} characters or more",
        empty="a generated key, which Pulumi protects from deletion",
    )
    database_version: int = setting(
        postgres.parse_version, default=postgres.DEFAULT_VERSION, about="Major version of PostgreSQL, 14 to 17."
    )
    database_password_version: int = setting(
        parse_password_version,
        default=1,
        about="Version of the database password. A new number rotates the password of the server's database login.",
    )

    def spec(self, database: DatabaseConnection) -> ContainerSpec:
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
        return self.base_url.host.rpartition(".")[2] in LOCAL_DOMAINS
