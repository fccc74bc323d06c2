"""The settings of a deployment on AWS.

What AWS itself must be asked (does the instance type exist in these zones, is the hosted zone delegated) is the
preflight's matter; here stands what a value can be judged by alone or beside the others.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..config.frontends import FRONTENDS, NOT_YET
from ..config.server import ServerSettings, resolve
from ..inputs.addresses import parse_email, parse_https_url
from ..inputs.image import Image
from ..inputs.reader import Inputs, one_of, true_or_false, whole_number
from ..postgres import server as postgres
from ..postgres.rds_ca import parse_ca_bundle
from .compute.capacity import INSTANCE_TYPE, parse_image_id, parse_instance_type
from .database import rds
from .ingress.certificate import parse_certificate_arn
from .ingress.topology import LOAD_BALANCER, TopologySettings, proxy_of
from .network.network import CIDR, NAT_GATEWAYS, parse_nat_gateways
from .network.placement import NetworkSettings
from .network.subnets import parse_vpc_cidr, parse_zones
from .observability.alarms import alarm
from .observability.logs import RETENTION_DAYS, parse_retention
from .security.security_groups import EGRESS_PORTS, parse_egress_ports

_NETWORK = ("vpc_id", "public_subnet_ids", "private_subnet_ids", "isolated_subnet_ids")


@dataclass(frozen=True, kw_only=True)
class AwsSettings(NetworkSettings, TopologySettings):
    """Everything that `AwsDeployment` decides by: each part's own, and the rest. Storage in GB, retention in days."""

    server: ServerSettings
    tools_image: Image
    replicas: int
    customer_disk_key: bool
    database_class: str
    database_storage: int
    database_storage_limit: int
    database_multi_az: bool
    database_backup_days: int
    database_ca: str | None
    alarm_email: str | None
    alarm_errors: float
    alarm_failed_logins: float
    alarm_latency: float

    @classmethod
    def resolve(cls, args: Mapping[str, Any], subject: str) -> AwsSettings:
        """Return a deployment's inputs with their defaults; raise ``InvalidInputError`` with all that is wrong."""
        return resolve(cls, args, subject, also_known=["tags"])

    @classmethod
    def read(cls, reader: Inputs) -> AwsSettings:
        """Take every setting from ``reader``; the caller ends with ``reader.finish()``."""
        server = ServerSettings.read(reader)
        tools = postgres.parse_image(mirrored(postgres.IMAGES[server.database_version]))
        frontend = reader.take("frontend", _parse_frontend, LOAD_BALANCER)
        proxy = proxy_of(frontend)
        storage = reader.take("database_storage", rds.parse_storage, rds.STORAGE_GB)
        settings = cls(
            server=server,
            availability_zones=reader.take("availability_zones", _zones, []),
            vpc_cidr=reader.take("vpc_cidr", parse_vpc_cidr, CIDR),
            nat_gateways=reader.take("nat_gateways", parse_nat_gateways, NAT_GATEWAYS),
            vpc_id=reader.optional("vpc_id", _id("vpc")),
            public_subnet_ids=reader.take("public_subnet_ids", _subnets, []),
            private_subnet_ids=reader.take("private_subnet_ids", _subnets, []),
            isolated_subnet_ids=reader.take("isolated_subnet_ids", _subnets, []),
            frontend=frontend,
            frontend_image=reader.take(
                "frontend_image", proxy.parse_image, proxy.parse_image(mirrored(proxy.default_image))
            ),
            tools_image=reader.take("tools_image", postgres.parse_image, tools),
            zone_id=reader.optional("zone_id", _parse_zone_id),
            certificate_arn=reader.optional("certificate_arn", parse_certificate_arn),
            acme_email=reader.optional("acme_email", parse_email),
            acme_server=reader.optional("acme_server", parse_https_url),
            admin_cidrs=reader.take("admin_cidrs", _parse_admin_cidrs, []),
            egress_ports=reader.take("egress_ports", parse_egress_ports, EGRESS_PORTS),
            instance_type=reader.take("instance_type", parse_instance_type, INSTANCE_TYPE),
            host_image_id=reader.optional("host_image_id", parse_image_id),
            replicas=reader.take("replicas", _parse_replicas, 1),
            customer_disk_key=reader.take("customer_disk_key", true_or_false, False),
            database_class=reader.take("database_class", rds.parse_instance_class, rds.INSTANCE_CLASS),
            database_storage=storage,
            database_storage_limit=reader.take("database_storage_limit", rds.parse_storage, rds.storage_limit(storage)),
            database_multi_az=reader.take("database_multi_az", true_or_false, True),
            database_backup_days=reader.take(
                "database_backup_days", rds.parse_backup_retention, rds.BACKUP_RETENTION_DAYS
            ),
            database_ca=reader.optional("database_ca", parse_ca_bundle),
            log_retention_days=reader.take("log_retention_days", parse_retention, RETENTION_DAYS),
            alarm_email=reader.optional("alarm_email", parse_email),
            alarm_errors=alarm("errors").threshold(reader, "alarm_errors"),
            alarm_failed_logins=alarm("failed_logins").threshold(reader, "alarm_failed_logins"),
            alarm_latency=alarm("latency_seconds").threshold(reader, "alarm_latency"),
            deletion_protection=reader.take("deletion_protection", true_or_false, True),
        )
        settings._check_network(reader)
        settings._check_certificate(reader)
        if rule := rds.storage_limit_rule(storage, settings.database_storage_limit):
            reader.problem("database_storage_limit", settings.database_storage_limit, rule)
        return settings

    def _check_network(self, reader: Inputs) -> None:
        given = [name for name in _NETWORK if getattr(self, name)]
        if given and len(given) < len(_NETWORK):
            missing = next(name for name in _NETWORK if name not in given)
            reader.problem(missing, "", f"is required with a network of one's own ({reader.name(given[0])} is set)")
        elif given and self.availability_zones:
            reader.problem(
                "availability_zones", ",".join(self.availability_zones), "must be empty with a network of one's own"
            )
        elif not given and not self.availability_zones:
            rule = "is required: two or three zones, such as eu-central-1a,eu-central-1b"
            reader.problem("availability_zones", "", rule)
        if self.nat_gateways == "none" and self.has_load_balancer:
            reader.problem("nat_gateways", "none", "leaves the server in its private subnet without a way out")
        for name in _NETWORK[1:]:
            subnets = getattr(self, name)
            # Without a load balancer one host is public, and one function private.
            if len(subnets) == 1 and (name == "isolated_subnet_ids" or self.has_load_balancer):
                reader.problem(name, subnets[0], "must be two or more subnets, in different zones")

    def _check_certificate(self, reader: Inputs) -> None:
        if self.server.is_local:
            reader.problem("base_url", self.server.base_url.text, "is a local name, which nobody certifies")
        elif self.server.base_url and self.server.base_url.port != 443:
            reader.problem("base_url", self.server.base_url.text, "must have no port: on AWS it is 443")
        if self.has_load_balancer:
            if self.zone_id and self.certificate_arn:
                zone = reader.name("zone_id")
                rule = f"must be empty with {zone}: the certificate is either brought or made in the zone"
                reader.problem("certificate_arn", self.certificate_arn, rule)
            elif not self.zone_id and not self.certificate_arn:
                arn = reader.name("certificate_arn")
                rule = f"is required, or {arn}: the certificate is made in that Route 53 zone, or brought"
                reader.problem("zone_id", "", rule)
            for name in ("acme_email", "acme_server"):
                if getattr(self, name):
                    rule = f"is for frontend {' or '.join(FRONTENDS)}; the ALB's certificate is ACM's"
                    reader.problem(name, getattr(self, name), rule)
        else:
            if not self.acme_email:
                reader.problem(
                    "acme_email", "", f"is required with frontend {self.frontend}: the authority writes to it"
                )
            if self.certificate_arn:
                rule = (
                    f"is for frontend {LOAD_BALANCER}; {self.proxy.title} gets its certificate from the ACME authority"
                )
                reader.problem("certificate_arn", self.certificate_arn, rule)


def mirrored(official: str) -> str:
    """Return an official image of Docker Hub on the registry where AWS mirrors it: no rate limit that a boot meets."""
    return official.replace("docker.io/", "public.ecr.aws/docker/", 1)


_parse_frontend = one_of(LOAD_BALANCER, *FRONTENDS, hint=NOT_YET)


def _list(raw: object) -> list[str]:
    items: list[Any] = list(raw) if isinstance(raw, list | tuple) else str(raw).split(",")  # pyright: ignore[reportUnknownArgumentType]
    return [str(item).strip() for item in items if str(item).strip()]


def _pattern(regex: str, rule: str) -> Callable[[object], str]:
    def parse(raw: object) -> str:
        if not re.fullmatch(regex, str(raw)):
            raise ValueError(rule)
        return str(raw)

    return parse


def _id(kind: str) -> Callable[[object], str]:
    return _pattern(rf"{kind}-([0-9a-f]{{8}}|[0-9a-f]{{17}})", f"must be an id such as {kind}-0123456789abcdef0")


_parse_zone_id = _pattern(r"Z[A-Z0-9]{1,31}", "must be the id of a Route 53 hosted zone, such as Z0123456789ABC")


def _zones(raw: object) -> list[str]:
    return parse_zones(raw) if raw else []


def _subnets(raw: object) -> list[str]:
    return [_id("subnet")(subnet) for subnet in _list(raw)]


def _parse_replicas(raw: object) -> int:
    count = whole_number("servers", 0, 100)(raw)
    if count == 0:
        raise ValueError("must be 1: without a server nothing answers; `make purge` takes a stack down")
    if count > 1:
        raise ValueError(
            "must be 1 for now: each server counts its rate limits alone, so two would let twice as many guesses "
            "through; a shared cache comes first"
        )
    return count


def _parse_admin_cidrs(raw: object) -> list[str]:
    cidrs = _list(raw)
    for cidr in cidrs:
        try:
            network = ipaddress.IPv4Network(cidr)
        except ValueError as error:
            raise ValueError(f"must be IPv4 networks such as 203.0.113.0/24 ({error})") from None
        if network.prefixlen == 0:
            raise ValueError("must not be everybody: leave it empty to put no limit on the admin console")
    return cidrs
