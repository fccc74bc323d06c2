"""RDS and Lambda, played by containers: PostgreSQL that speaks TLS only, and the role's function out of its archive.

Archive and input are those that the component declares, and the runtime is Lambda's: that Python, and boto3.
"""

from __future__ import annotations

import functools
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi

from components.aws.database.database_role import AwsDatabaseRole, AwsDatabaseRoleArgs
from components.postgres.role import OWNER
from components.postgres.server import ADMINISTRATOR
from simulators.docker_command import docker
from simulators.ec2_host.authority import Authority
from simulators.waiting import eventually
from tests.e2e import lambda_runtime
from tests.e2e.cluster import Cluster, Outcome, password
from tests.e2e.lambda_runtime import Called
from tests.e2e.secrets_manager import CREDENTIALS, SecretsManager
from tests.e2e.side_by_side import declaring
from tests.unit.recording import declare

HOST = "kotauth.cafe.eu-central-1.rds.amazonaws.com"
OTHER_HOST = "other.cafe.eu-central-1.rds.amazonaws.com"
"""The same server under a name that its certificate doesn't have."""

_ON_TLS = """
set -eu
cd "$PGDATA"
umask 077
cat >server.pem
printf 'local all all trust\\nhostssl all all all scram-sha-256\\n' >pg_hba.conf
psql -XAtqd postgres -U "$POSTGRES_USER" -c "ALTER SYSTEM SET ssl_cert_file = 'server.pem'" \
  -c "ALTER SYSTEM SET ssl_key_file = 'server.pem'"
"""


@dataclass(frozen=True)
class Rds(Cluster):
    """A cluster that is reached by name over TLS, and whose roles the function makes."""

    network: str
    authority: Authority
    secrets: SecretsManager
    administrator_password: str
    spoken: list[str] = field(default_factory=list[str])
    """All that the function ever got, logged or answered."""

    @classmethod
    def start(cls, image: str, kind: str, *options: str) -> Rds:
        """Start it in a network of its own; it ends with `stop`."""
        label = f"--label=kotauth.test={os.getpid()}"
        network = docker("network", "create", label, f"kotauth-test-{password()[:12].lower()}")
        try:
            aliases = f"--network-alias={HOST}", f"--network-alias={OTHER_HOST}"
            started = Cluster.start(image, kind, f"--network={network}", *aliases, *options)
        except BaseException:
            docker("network", "rm", network)
            raise
        gateway = docker("network", "inspect", "--format={{(index .IPAM.Config 0).Gateway}}", network)
        authority, secret = Authority("RDS of a test"), password()
        rds = cls(started.container, kind, network, authority, SecretsManager(gateway), secret)
        try:
            rds.as_superuser(f"ALTER ROLE {ADMINISTRATOR} PASSWORD '{secret}'")
            speaking = rds._execute(["sh", "-c", _ON_TLS], "".join(authority.issue(HOST)))
            assert speaking.code == 0, speaking.output
            rds.set("ssl", "on")
        except BaseException:
            rds.stop()
            raise
        return rds

    def stop(self) -> None:
        """Remove it with its network."""
        super().stop()
        self.secrets.stop()
        docker("network", "rm", self.network)

    def set(self, setting: str, value: str) -> None:
        """Change a setting of the server, and wait until sessions get it."""
        self.as_superuser(f"ALTER SYSTEM SET {setting} = {value}")
        self.as_superuser("SELECT pg_reload_conf()")
        eventually(f"{setting} is {value}", lambda: self.as_superuser(f"SHOW {setting}") == value)

    @contextmanager
    def away(self) -> Iterator[None]:
        """Take the database off its network; at the end at the latest it is back."""
        docker("network", "disconnect", self.network, self.container)
        try:
            yield
        finally:
            self.come_back()

    def come_back(self) -> None:
        """Bring it back under its names."""
        aliases = f"--alias={HOST}", f"--alias={OTHER_HOST}"
        docker("network", "connect", *aliases, self.network, self.container, check=False)

    def apply_role(
        self,
        login: str,
        password: str,
        database: str = OWNER,
        fingerprint: str = "",
        backup_password: str | None = None,
    ) -> Outcome:
        """Run `role.sql` by the function, which knows no login of the backups."""
        assert backup_password is None
        version = 1 if login.endswith("a") else 2
        called = self.call(
            password_secret_arn=self.secrets.keep(password, f"v{version}"),
            password_version=version,
            database=database,
            secret_key_fingerprint=fingerprint,
        )
        return Outcome(1 if called.error else 0, called.log + called.error)

    def call(self, *, seconds: float = 15, **args: Any) -> Called:
        """Declare the component with these arguments besides its own, and call the function as it declares it.

        ``seconds`` is how long the function may try.
        """
        code, handler, event = _declared(self._args(args))
        environment = {**CREDENTIALS, "AWS_ENDPOINT_URL_SECRETS_MANAGER": self.secrets.url}
        network = f"--network={self.network}"
        called = lambda_runtime.call(Path(code), handler, event, network, environment=environment, seconds=seconds)
        self.spoken.extend([event, called.log, json.dumps(called.payload)])
        return called

    @functools.cached_property
    def administrator_secret(self) -> str:
        """ARN of the secret that RDS manages."""
        return self.secrets.keep(json.dumps({"username": ADMINISTRATOR, "password": self.administrator_password}))

    def _args(self, args: dict[str, Any]) -> AwsDatabaseRoleArgs:
        return {
            "vpc_id": "vpc-0123456789abcdef0",
            "subnet_ids": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
            "database_host": HOST,
            "database_security_group_id": "sg-0123456789abcdef0",
            "administrator_secret_arn": self.administrator_secret,
            "administrator_key_arn": "arn:aws:kms:eu-central-1:111122223333:key/1",
            "password_secret_arn": "",
            "password_key_arn": "arn:aws:kms:eu-central-1:111122223333:key/2",
            "ca_bundle": self.authority.pem,
            **args,
        }  # pyright: ignore[reportReturnType]


def _declared(args: AwsDatabaseRoleArgs) -> tuple[str, str, str]:
    """Return the folder of the unpacked archive, the handler's name and the input, as the component declares them."""
    declared = declaring(lambda: declare(lambda: AwsDatabaseRole("role", args)))
    function = declared.named("role", ":Function").inputs
    folder = _unpacked(tuple((name, _content(asset)) for name, asset in sorted(function["code"].assets.items())))
    return folder.name, function["handler"], declared.named("role-call").inputs["input"]


def _content(asset: pulumi.Asset | pulumi.Archive) -> bytes:
    if isinstance(asset, pulumi.StringAsset):
        return asset.text.encode()
    assert isinstance(asset, pulumi.FileAsset)
    return Path(asset.path).read_bytes()


@functools.cache
def _unpacked(files: tuple[tuple[str, bytes], ...]) -> tempfile.TemporaryDirectory[str]:
    unpacked = tempfile.TemporaryDirectory(prefix="kotauth-function-")
    folder = Path(unpacked.name)
    for name, content in files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    return unpacked
