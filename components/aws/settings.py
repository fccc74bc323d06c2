"""The settings of a deployment on AWS.

What AWS itself must be asked (does the instance type exist in these zones, is the hosted zone delegated) is the
preflight's matter; here stands what a value can be judged by alone or beside the others.
A new setting is also an input of `AwsDeploymentArgs`; then `make settings`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..config.declaration import setting
from ..config.frontends import FRONTENDS, NOT_YET
from ..config.server import ServerSettings, resolve
from ..inputs.addresses import parse_email, parse_https_url, parse_networks
from ..inputs.choice import one_of, true_or_false
from ..inputs.declaration import Problem, section, together
from ..inputs.image import Image
from ..postgres import server as postgres
from ..postgres.rds_ca import parse_ca_bundle
from .compute.capacity import INSTANCE_TYPE, parse_image_id, parse_instance_type
from .database import rds
from .ingress.certificate import parse_certificate_arn
from .ingress.dns import parse_zone_id
from .ingress.topology import LOAD_BALANCER, TopologySettings
from .network.network import CIDR, NAT_GATEWAYS, parse_nat_gateways
from .network.placement import NetworkSettings
from .network.resource_ids import parse_subnet_ids, resource_id
from .network.subnets import parse_vpc_cidr, parse_zones
from .observability.alarms import alarm
from .observability.logs import RETENTION_DAYS, parse_retention
from .security.security_groups import EGRESS_PORTS, parse_egress_ports

_NETWORK = ("vpc_id", "public_subnet_ids", "private_subnet_ids", "isolated_subnet_ids")


_parse_frontend = one_of(LOAD_BALANCER, *FRONTENDS, hint=NOT_YET)


def _zones(raw: object) -> list[str]:
    return parse_zones(raw) if raw else []


def mirrored(official: str) -> str:
    """Return an official image of Docker Hub on the registry where AWS mirrors it: no rate limit that a boot meets."""
    return official.replace("docker.io/", "public.ecr.aws/docker/", 1)


@dataclass(frozen=True, kw_only=True)
class AwsSettings(NetworkSettings, TopologySettings):
    """Everything that `AwsDeployment` decides by: each part's own, and the rest. Storage in GB, retention in days."""

    server: ServerSettings = section(ServerSettings)
    availability_zones: list[str] = setting(
        _zones, default=[], about="Two or three zones for a network of its own, such as eu-central-1a,eu-central-1b."
    )
    vpc_cidr: str = setting(parse_vpc_cidr, default=CIDR, about="The addresses of that network, private, /16 to /22.")
    nat_gateways: str = setting(
        parse_nat_gateways,
        default=NAT_GATEWAYS,
        about="per-zone (a zone that fails takes no other along), one (cheaper), or none (without a load balancer).",
    )
    vpc_id: str | None = setting(
        resource_id("vpc"),
        default=None,
        about="A network that exists already, by its plain id; then the three lists of subnets are required.",
    )
    public_subnet_ids: list[str] = setting(
        parse_subnet_ids,
        default=[],
        about="Subnets of that network for the load balancer, or the one for the single host.",
    )
    private_subnet_ids: list[str] = setting(
        parse_subnet_ids,
        default=[],
        about="Subnets of that network for the server and the role's function, with a way out.",
    )
    isolated_subnet_ids: list[str] = setting(
        parse_subnet_ids, default=[], about="Subnets of that network for the database, in two zones."
    )
    frontend: str = setting(
        _parse_frontend,
        default=LOAD_BALANCER,
        about="What ends TLS: alb (a load balancer), or the proxy on a single host.",
    )
    frontend_image: Image = setting(
        rule_from=lambda made: made.proxy.parse_image,
        default_from=lambda made: made.proxy.parse_image(mirrored(made.proxy.default_image)),
        about="Image of the proxy on the host, by exact tag. It stands there behind a load balancer too.",
        empty="the official one on public.ecr.aws",
        allowed="an image reference with its registry",
    )
    tools_image: Image = setting(
        postgres.parse_image,
        default_from=lambda made: postgres.parse_image(mirrored(postgres.IMAGES[made.server.database_version])),
        about="Image with psql and sed for the host's checks and logs, by exact tag.",
        empty="PostgreSQL's official one on public.ecr.aws",
    )
    zone_id: str | None = setting(
        parse_zone_id,
        default=None,
        about="Route 53 zone of the domain. The record is made there, with a load balancer the certificate too.",
    )
    certificate_arn: str | None = setting(
        parse_certificate_arn,
        default=None,
        about="An ACM certificate of one's own, instead of {zone_id}. The record is then one's own too.",
    )
    acme_email: str | None = setting(
        parse_email,
        default=None,
        about="Address for the certificate authority's mails, required where the proxy gets a public certificate.",
    )
    acme_server: str | None = setting(
        parse_https_url, default=None, about="Directory URL of another ACME server.", empty="Let's Encrypt"
    )
    admin_cidrs: list[str] = setting(
        parse_networks,
        default=[],
        about="Networks that may reach the admin console, such as 203.0.113.0/24.",
        empty="all",
        allowed="IPv4 networks such as 203.0.113.0/24, but not 0.0.0.0/0",
    )
    egress_ports: list[int] = setting(
        parse_egress_ports,
        default=EGRESS_PORTS,
        about="TCP ports on which the host may reach the internet, 443 among them. Port 25 needs AWS's consent.",
        allowed="up to 10 TCP ports, 443 among them",
    )
    instance_type: str = setting(
        parse_instance_type,
        default=INSTANCE_TYPE,
        about="EC2 instance type of the server. It must hold its containers and 300 MB.",
    )
    host_image_id: str | None = setting(
        parse_image_id,
        default=None,
        about="The host's machine image, an ECS-optimized Amazon Linux 2023.",
        empty="the newest, so hosts may roll at any up",
    )
    customer_disk_key: bool = setting(
        true_or_false,
        default=False,
        about="Whether hosts can be launched with the customer key that the account has as default for EBS disks.",
    )
    database_class: str = setting(rds.parse_instance_class, default=rds.INSTANCE_CLASS, about="RDS instance class.")
    database_storage: int = setting(
        rds.parse_storage, default=rds.STORAGE_GB, about="The database's storage in GB, 20 or more."
    )
    database_storage_limit: int = setting(
        rds.parse_storage,
        default_from=lambda made: rds.storage_limit(made.database_storage),
        about="GB that the storage may grow to by itself.",
        empty="twice the storage, 100 at least",
    )
    database_multi_az: bool = setting(
        true_or_false, default=True, about="Whether the database has a standby in another zone."
    )
    database_backup_days: int = setting(
        rds.parse_backup_retention,
        default=rds.BACKUP_RETENTION_DAYS,
        about="Days for which the database can be restored to any moment, 1 to 35.",
    )
    database_ca: str | None = setting(
        parse_ca_bundle,
        default=None,
        about="Authorities that may certify the database, PEM.",
        empty="those of RDS in the region",
    )
    log_retention_days: int = setting(
        parse_retention, default=RETENTION_DAYS, about="Days that logs are kept, one of CloudWatch's numbers."
    )
    alarm_email: str | None = setting(
        parse_email,
        default=None,
        about="Address that alarms are mailed to; it must confirm once.",
        empty="only the topic",
    )
    alarm_errors: float = setting(
        alarm("errors").rule, default=alarm("errors").default, about="Error lines in 5 minutes that raise an alarm."
    )
    alarm_failed_logins: float = setting(
        alarm("failed_logins").rule,
        default=alarm("failed_logins").default,
        about="Failed logins in 5 minutes that raise an alarm.",
    )
    alarm_latency: float = setting(
        alarm("latency_seconds").rule,
        default=alarm("latency_seconds").default,
        about="Seconds that 1 % of the answers may take before an alarm.",
    )
    deletion_protection: bool = setting(
        true_or_false, default=True, about="Whether what can't be made again refuses to be deleted."
    )

    @classmethod
    def resolve(cls, args: Mapping[str, Any], subject: str) -> AwsSettings:
        """Return a deployment's inputs with their defaults; raise ``InvalidInputError`` with all that is wrong."""
        return resolve(cls, args, subject, also_known=["tags"])

    @together
    def check_network(self) -> Iterator[Problem]:
        """Check that there is one network: one of its own, or one that was brought as a whole."""
        given = [name for name in _NETWORK if getattr(self, name)]
        if given and len(given) < len(_NETWORK):
            missing = next(name for name in _NETWORK if name not in given)
            yield Problem(missing, "", f"is required with a network of one's own ({{{given[0]}}} is set)")
        elif given and self.availability_zones:
            rule = "must be empty with a network of one's own"
            yield Problem("availability_zones", ",".join(self.availability_zones), rule)
        elif not given and not self.availability_zones:
            rule = "is required: two or three zones, such as eu-central-1a,eu-central-1b"
            yield Problem("availability_zones", "", rule)

    @together
    def check_way_out(self) -> Iterator[Problem]:
        """Check that the server reaches the internet."""
        if self.nat_gateways == "none" and self.has_load_balancer:
            yield Problem("nat_gateways", "none", "leaves the server in its private subnet without a way out")

    @together
    def check_subnets(self) -> Iterator[Problem]:
        """Check that what needs two zones has two subnets."""
        for name in _NETWORK[1:]:
            subnets = getattr(self, name)
            # Without a load balancer one host is public, and one function private.
            if len(subnets) == 1 and (name == "isolated_subnet_ids" or self.has_load_balancer):
                yield Problem(name, subnets[0], "must be two or more subnets, in different zones")

    @together
    def check_base_url(self) -> Iterator[Problem]:
        """Check that the public address can be served here."""
        if self.server.is_local:
            yield Problem("base_url", self.server.base_url.text, "is a local name, which nobody certifies")
        elif self.server.base_url.port != 443:
            yield Problem("base_url", self.server.base_url.text, "must have no port: on AWS it is 443")

    @together
    def check_certificate(self) -> Iterator[Problem]:
        """Check that there is one way to a certificate."""
        if self.has_load_balancer:
            if self.zone_id and self.certificate_arn:
                rule = "must be empty with {zone_id}: the certificate is either brought or made in the zone"
                yield Problem("certificate_arn", self.certificate_arn, rule)
            elif not self.zone_id and not self.certificate_arn:
                rule = "is required, or {certificate_arn}: the certificate is made in that Route 53 zone, or brought"
                yield Problem("zone_id", "", rule)
        elif self.certificate_arn:
            rule = f"is for frontend {LOAD_BALANCER}; {self.proxy.title} gets its certificate from the ACME authority"
            yield Problem("certificate_arn", self.certificate_arn, rule)

    @together
    def check_authority(self) -> Iterator[Problem]:
        """Check what a certificate authority other than ACM is told."""
        if self.has_load_balancer:
            for name in ("acme_email", "acme_server"):
                if getattr(self, name):
                    rule = f"is for frontend {' or '.join(FRONTENDS)}; the ALB's certificate is ACM's"
                    yield Problem(name, getattr(self, name), rule)
        elif not self.acme_email:
            yield Problem("acme_email", "", f"is required with frontend {self.frontend}: the authority writes to it")

    @together
    def check_storage_limit(self) -> Iterator[Problem]:
        """Check that the storage can grow."""
        if rule := rds.storage_limit_rule(self.database_storage, self.database_storage_limit):
            yield Problem("database_storage_limit", self.database_storage_limit, rule)
