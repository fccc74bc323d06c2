"""Secrets that can't be recreated: the secret key and the first passwords.

`RandomBytes` and `RandomId` put their value in clear into the resource's id in the state (seen with provider 4.21), so
everything comes from `RandomPassword`; the key is the SHA-256 of one, 32 bytes in hex.
"""

import hashlib
from dataclasses import dataclass
from typing import NotRequired, TypedDict

import pulumi
import pulumi_random as random

from ..inputs.declaration import optional, value
from ..inputs.parsing import parse_args
from ..postgres.limits import parse_password_version
from ..schema.outputs import declared_outputs
from ..schema.tokens import token
from .secret_files import secret_files
from .secret_key import key_fingerprint, parse_secret_key_input

_API_KEY_PREFIX = "kauth_master_"


@dataclass(frozen=True, kw_only=True)
class _CredentialsInputs:
    secret_key: pulumi.Input[str] | None = optional(parse_secret_key_input, secret=True)
    database_password_version: int = value(parse_password_version, default=1)


class KotauthCredentialsArgs(TypedDict):
    """Inputs of `KotauthCredentials`."""

    secret_key: NotRequired[pulumi.Input[str]]
    """Existing secret key, at least 32 characters. By default the component generates 32 bytes in hex."""
    database_password_version: NotRequired[int]
    """Version of the database password. A new number rotates the password of the server's database login. Default 1."""


class KotauthCredentials(pulumi.ComponentResource):
    """The server's generated secrets. All except the database password are protected from deletion."""

    secret_key: pulumi.Output[str]
    """Secret key, which encrypts signing keys and second factors and signs all cookies. Its loss is a loss of data."""
    secret_key_fingerprint: pulumi.Output[str]
    """16 hex digits of a hash of the key, which `DockerDatabaseRole` and `AwsDatabaseRole` keep in the database."""
    admin_password: pulumi.Output[str]
    """First password of the user `admin`."""
    checklist_api_key: pulumi.Output[str]
    """Read-only API key for the production checklist."""
    checklist_api_key_hash: pulumi.Output[str]
    """SHA-256 of the API key in hex. Kotauth gets only this hash."""
    database_password: pulumi.Output[str]
    """Password of the server's database login."""

    def __init__(self, name: str, args: KotauthCredentialsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Generate the secrets."""
        inputs = parse_args(_CredentialsInputs, KotauthCredentialsArgs, name, args)
        version = inputs.database_password_version
        super().__init__(token("KotauthCredentials"), name, {"database_password_version": version}, opts)
        kept = pulumi.ResourceOptions(parent=self, protect=True)

        # Generated also where a key is given: a protected resource can't leave the program, nor should it.
        generated = random.RandomPassword(f"{name}-secret-key", length=64, special=False, opts=kept)
        given = inputs.secret_key
        self.secret_key = pulumi.Output.secret(given if given is not None else generated.result.apply(_sha256))
        self.secret_key_fingerprint = self.secret_key.apply(key_fingerprint)
        # Kotauth asks for 12 characters with upper case, lower case and digit at every start.
        self.admin_password = random.RandomPassword(
            f"{name}-admin-password", length=32, special=False, min_upper=1, min_lower=1, min_numeric=1, opts=kept
        ).result
        api_key = random.RandomPassword(f"{name}-checklist-api-key", length=48, special=False, opts=kept).result
        self.checklist_api_key = api_key.apply(lambda key: _API_KEY_PREFIX + key)
        self.checklist_api_key_hash = self.checklist_api_key.apply(_sha256)
        self.database_password = random.RandomPassword(
            f"{name}-database-password",
            length=48,
            special=False,
            keepers={"version": str(version)},
            opts=pulumi.ResourceOptions(parent=self),
        ).result
        self.register_outputs(declared_outputs(self, KotauthCredentials))

    def secret_files(self) -> dict[str, pulumi.Input[str]]:
        """Return the contents of the server's secret files, by name."""
        return secret_files(
            secret_key=self.secret_key,
            database_password=self.database_password,
            admin_password=self.admin_password,
            api_key_hash=self.checklist_api_key_hash,
        )


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
