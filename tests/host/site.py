"""What a deployment puts around its hosts: secrets, files, the parameter, images, a database with its role."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pulumi

from components.aws.host.description import Host as Description
from components.aws.host.description import Secret
from components.aws.host.user_data import UserData, render
from components.config.frontends import DEFAULT as FRONTEND
from components.config.frontends import INNER
from components.frontends.frontend import Certificate, EdgeSite, Frontend, InnerSite, OwnAuthority
from components.kotauth import server as kotauth
from components.kotauth.base_url import parse_base_url
from components.kotauth.database import DatabaseConnection
from components.kotauth.secret_files import bootstrap_api_keys
from components.postgres.role import connection_limit, login_name, role_script, role_settings, scram_verifier
from components.workload.spec import ContainerSpec
from simulators.ec2_host.database import Database
from simulators.ec2_host.instance import Host
from simulators.ec2_host.lab import Lab
from tests.e2e.side_by_side import declaring
from tests.unit.recording import declare

ENDPOINT = "boot.c9akciq32.eu-central-1.rds.amazonaws.com"
BUCKET, LOG_GROUP = "kotauth-artifacts-1a2b3c4", "kotauth-hosts-1a2b3c4"
ROLE = "kotauth-host"
POOL_SIZE = 5
SOON_SECONDS = 240
"""For what takes place within seconds, on a machine on which several hosts boot beside other work."""
_ONE_BY_ONE = threading.Lock()
"""A new version moves all labels of a secret."""


@dataclass
class Site:
    """Kotauth's surroundings in a lab. The database's role is not there before `make_role`."""

    lab: Lab
    images: Mapping[str, str]
    """Setting to reference in the lab's registry."""
    database: Database
    values: dict[str, str]
    """Secret file to its value."""
    arns: dict[str, str] = field(default_factory=dict[str, str])
    versions: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    """Secret file and label to the version that has it."""
    docker_data: str = ""
    """A disk that hosts may have one after the other, so that images are pulled once."""

    @contextmanager
    def beside(self, *, database: str = "") -> Iterator[Site]:
        """Yield the same site with a load balancer and a disk of its own, and with a database of that name if given."""
        with self.lab.beside() as lab:
            own = replace(self, lab=lab, docker_data=lab.network.volume())
            if database:
                own = replace(own, database=lab.start_database(database, "administrator"))
                own.make_role()
            yield own

    @classmethod
    def create(cls, lab: Lab, images: Mapping[str, str]) -> Site:
        """Make everything that a host finds when it is launched."""
        pushed = {
            "image": lab.registry.push(images["image"], "inumansoul/kotauth", "1.22.0", registry="ghcr.io"),
            "databaseImage": lab.registry.push(images["databaseImage"], "library/postgres", "14.23"),
            "frontendImage": lab.registry.push(images["frontendImage"], "library/caddy", "2.11.9"),
        }
        values = {
            "secret_key": secrets.token_hex(32),
            "database_password": secrets.token_hex(24),
            "admin_password": f"Aa1{secrets.token_hex(14)}",
            "api_keys.json": bootstrap_api_keys(secrets.token_hex(32)),
        }
        site = cls(lab, pushed, lab.start_database(ENDPOINT, "administrator"), values)
        site.docker_data = lab.network.volume()
        location = {"LocationConstraint": lab.region}
        lab.boto3("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=location)
        lab.boto3("logs").create_log_group(logGroupName=LOG_GROUP)
        for file, value in values.items():
            site.arns[file] = lab.boto3("secretsmanager").create_secret(Name=f"kotauth-{file}")["ARN"]
            site.put_secret(file, value, "v1")
        return site

    def put_secret(self, file: str, value: str, label: str) -> None:
        """Put a version with a label."""
        client, arn = self.lab.boto3("secretsmanager"), self.arns[file]
        with _ONE_BY_ONE:
            made = client.put_secret_value(SecretId=arn, SecretString=value, VersionStages=["AWSCURRENT", label])
            self.versions[file, label] = made["VersionId"]
            # Moto takes an old version's own labels away when another becomes the current one, and AWS doesn't.
            for (of, old), version in self.versions.items():
                if of == file:
                    client.update_secret_version_stage(SecretId=arn, VersionStage=old, MoveToVersionId=version)

    def make_role(self, version: int = 1) -> None:
        """Make the login of a password version, as the role function would."""
        settings = role_settings(
            login_name(version), scram_verifier(self.values["database_password"]), connection_limit(POOL_SIZE)
        )
        self.database.sql(f"SET ROLE {self.database.administrator};\n{role_script(settings)}")

    def server(self, password_version: int = 1, **changes: Any) -> ContainerSpec:
        """Return the server's spec."""
        return {**declaring(lambda: self._server(password_version)), **changes}  # pyright: ignore[reportReturnType]

    def _server(self, password_version: int) -> ContainerSpec:
        return kotauth.server(
            image=self.images["image"],
            base_url=parse_base_url(f"https://{self.lab.host_name}"),
            environment="production",
            memory=512,
            cpus=1,
            pool_size=POOL_SIZE,
            update_check=False,
            database=DatabaseConnection(
                host=pulumi.Output.from_input(self.database.host),
                name=self.database.database,
                user=login_name(password_version),
                tools_image=self.images["databaseImage"],
                ca=self.lab.authority.pem,
            ),
        )

    def inner(self) -> ContainerSpec:
        """Return the proxy behind the lab's load balancer."""
        return INNER(InnerSite(**self._frontend_site, load_balancer_cidrs=[str(self.lab.network.cidr)]))

    def edge(
        self, proxy: Frontend = FRONTEND, certificate: Certificate | None = None, image: str = ""
    ) -> ContainerSpec:
        """Return a proxy, by default Caddy with its own certificate authority, which lies on the volume."""
        site = {**self._frontend_site, **({"image": image} if image else {})}
        return proxy.edge(EdgeSite(**site, http_port=80, certificate=certificate or OwnAuthority()))

    def server_secrets(self, labels: Mapping[str, str] | None = None) -> dict[str, Secret]:
        """Return where the server's secrets lie, with version 1 of those that have no other label."""
        versions = {**dict.fromkeys(self.arns, "v1"), **(labels or {})}
        return {file: Secret(arn, versions[file]) for file, arn in self.arns.items()}

    @property
    def _frontend_site(self) -> dict[str, Any]:
        return {
            "base_url": parse_base_url(f"https://{self.lab.host_name}"),
            "upstream": "server",
            "image": self.images["frontendImage"],
            "https_port": 443,
        }

    def user_data(
        self, *, labels: Mapping[str, str] | None = None, server: ContainerSpec | None = None, **more: Any
    ) -> str:
        """Put a host's files and parameter where it finds them, and return its user data."""
        rendered: list[UserData] = []
        serving = server or self.server()

        def program() -> dict[str, Any]:
            description: dict[str, Any] = {
                "containers": [serving, self.inner()],
                "secrets": {"server": self.server_secrets(labels)},
                "in_group": True,
                **more,
            }
            rendered.append(render(Description(**description)))
            return dict(rendered[0].deferred)

        deferred = declaring(lambda: declare(program)).outputs
        for key, content in rendered[0].artifacts.items():
            self.lab.boto3("s3").put_object(Bucket=BUCKET, Key=key, Body=content.encode())
        name = f"kotauth-boot-{secrets.token_hex(4)}"
        self.lab.boto3("ssm").put_parameter(Name=name, Value=json.dumps(deferred), Type="String")
        return rendered[0].text(parameter=name, bucket=BUCKET, log_group=LOG_GROUP)

    def end(self, host: Host) -> None:
        """End a host; the disk with the images stays."""
        host.terminate(keep_docker=host.docker_data == self.docker_data)

    def log_lines(self, instance_id: str, stream: str) -> list[str]:
        """Return what CloudWatch has of one part of a host."""
        logs = self.lab.boto3("logs")
        names = {"logGroupName": LOG_GROUP, "logStreamName": f"{instance_id}/{stream}"}
        try:
            pages = logs.get_log_events(**names, startFromHead=True, limit=10_000)
        except logs.exceptions.ResourceNotFoundException:
            return []
        return [event["message"] for event in pages["events"]]

    def has_logged(self, host: Host, stream: str, text: str) -> bool:
        """Whether CloudWatch has a line with this text of one part of a host."""
        return any(text in line for line in self.log_lines(host.instance_id, stream))


def is_down(host: Host) -> bool:
    """Whether no container of ours runs and the load balancer knows it."""
    return not host.lab.alb.healthy(host.address) and not host.exec("docker ps --quiet 2>/dev/null", check=False)


def boot_lines(host: Host) -> list[dict[str, str]]:
    """Return what the boot said, from its first start on."""
    lines = host.journal("kotauth-boot.service").splitlines()
    return [json.loads(line) for line in lines if line.startswith('{"kotauth"')]


def said(host: Host, stage: str, outcome: str) -> list[str]:
    """Return the details of the lines with this stage and outcome, and a dash for each that has none."""
    return [line["detail"] or "-" for line in boot_lines(host) if (line["stage"], line["outcome"]) == (stage, outcome)]
