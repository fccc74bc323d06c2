"""The settings of a deployment on AWS.

The rules here judge a value alone or beside other values. The preflight asks AWS itself, for instance whether an
instance type exists in a zone. A new setting is also an input of `AwsDeploymentArgs`, which `make settings` describes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import pulumi

from ..config.declaration import setting
from ..config.frontends import FRONTENDS
from ..config.server import ServerSettings
from ..inputs.addresses import parse_email, parse_networks
from ..inputs.aws_ids import resource_id
from ..inputs.choice import one_of, true_or_false
from ..inputs.declaration import Problem, section, together
from ..inputs.image import Image, image
from ..inputs.parsing import parse
from ..inputs.problems import Problems, is_later, when_known
from ..inputs.resource_name import parse_deployment_name
from ..postgres import server as postgres
from ..postgres.rds_ca import parse_ca_bundle
from .compute.capacity import INSTANCE_TYPE, parse_image_id, parse_instance_type
from .database import rds
from .ingress.certificate import parse_certificate_arn
from .ingress.dns import parse_zone_id
from .ingress.topology import LOAD_BALANCER, TopologySettings
from .network.network import CIDR, NAT_GATEWAYS, parse_nat_gateways
from .network.placement import ISOLATED, NETWORK, NetworkSettings
from .network.resource_ids import parse_subnet_cidrs, parse_subnet_ids
from .network.subnets import parse_vpc_cidr, parse_zones
from .observability.alarms import alarm
from .observability.logs import RETENTION_DAYS, parse_retention
from .security.security_groups import EGRESS_PORTS, parse_egress_ports

_EXTERNAL = "external is a proxy that you run on a Docker host, with target docker"
_parse_frontend = one_of(LOAD_BALANCER, *FRONTENDS, hint={"external": _EXTERNAL})


def _zones(raw: object) -> list[str]:
    return parse_zones(raw) if raw else []


def mirrored(official: str) -> str:
    """Return an official image of Docker Hub on the registry where AWS mirrors it: no rate limit that a boot meets."""
    return official.replace("docker.io/", "public.ecr.aws/docker/", 1)


@dataclass(frozen=True, kw_only=True)
class AwsSettings(NetworkSettings, TopologySettings):
    """Settings of `AwsDeployment`, including those of its parts. Storage in GB, retention in days."""

    server: ServerSettings = section(ServerSettings)
    availability_zones: list[str] = setting(
        _zones,
        default=[],
        about="Two or three zones for a new VPC, such as eu-central-1a,eu-central-1b. Required without {vpc_id}.",
    )
    vpc_cidr: str = setting(parse_vpc_cidr, default=CIDR, about="Private IPv4 range of the new VPC, /16 to /22.")
    nat_gateways: str = setting(
        parse_nat_gateways,
        default=NAT_GATEWAYS,
        about="NAT gateways of the new VPC: per-zone (the failure of a zone affects no other zone), one (cheaper), or "
        "none (only without a load balancer).",
    )
    vpc_id: pulumi.Input[str] | None = setting(
        when_known(resource_id("vpc")),
        default=None,
        about="Id of an existing VPC. The three lists of subnets are then required.",
    )
    public_subnet_ids: pulumi.Input[Sequence[pulumi.Input[str]]] = setting(
        parse_subnet_ids,
        default=[],
        about="Subnets of the existing VPC for the load balancer, or one subnet for the single host.",
    )
    private_subnet_ids: pulumi.Input[Sequence[pulumi.Input[str]]] = setting(
        parse_subnet_ids,
        default=[],
        about="Subnets of the existing VPC with internet access, for the server and the function that creates "
        "database roles.",
    )
    isolated_subnet_ids: pulumi.Input[Sequence[pulumi.Input[str]]] = setting(
        parse_subnet_ids,
        default=[],
        about="Subnets of the existing VPC for the database, in at least two zones.",
    )
    public_subnet_cidrs: list[str] = setting(
        parse_subnet_cidrs,
        default=[],
        about="CIDR blocks of {public_subnet_ids}, in the same order, which the proxy behind the load balancer trusts. "
        "Required if a program makes the subnets, or the AWS provider's role or account, itself.",
        empty="the CIDR blocks that AWS returns",
        allowed="CIDR blocks such as 10.1.0.0/24, one for each subnet",
    )
    frontend: str = setting(
        _parse_frontend,
        default=LOAD_BALANCER,
        about="What terminates TLS: alb (an Application Load Balancer), or the name of the proxy on a single host.",
    )
    frontend_image: Image = setting(
        image(),
        rule_from=lambda made: made.proxy.parse_image,
        default_from=lambda made: made.proxy.parse_image(mirrored(made.proxy.default_image)),
        about="Image of the proxy on the host with an exact tag. The proxy also runs behind a load balancer.",
        empty="the official image on public.ecr.aws",
        allowed="an image reference with its registry",
    )
    tools_image: Image = setting(
        postgres.parse_image,
        default_from=lambda made: postgres.parse_image(mirrored(postgres.IMAGES[made.server.database_version])),
        about="Image with psql and sed, which the host uses for its checks and logs. It needs an exact tag.",
        empty="the official PostgreSQL image on public.ecr.aws",
    )
    zone_id: pulumi.Input[str] | None = setting(
        when_known(parse_zone_id),
        default=None,
        about="Id of the domain's Route 53 hosted zone. The deployment creates the DNS record there, and with a load "
        "balancer also the certificate.",
    )
    certificate_arn: pulumi.Input[str] | None = setting(
        when_known(parse_certificate_arn),
        default=None,
        about="ARN of an existing ACM certificate, instead of {zone_id}. The deployment then creates no DNS record.",
    )
    admin_cidrs: list[str] = setting(
        parse_networks,
        default=[],
        about="Networks that may reach the admin console, such as 203.0.113.0/24.",
        empty="all networks",
        allowed="IPv4 networks such as 203.0.113.0/24, but not 0.0.0.0/0",
    )
    egress_ports: list[int] = setting(
        parse_egress_ports,
        default=EGRESS_PORTS,
        about="TCP ports on which the host may reach the internet. 443 is required. Port 25 needs the consent of AWS.",
        allowed="up to 10 TCP ports, including 443",
    )
    instance_type: str = setting(
        parse_instance_type,
        default=INSTANCE_TYPE,
        about="EC2 instance type of the server. Its memory must hold all containers and 300 MB for the system.",
    )
    host_image_id: pulumi.Input[str] | None = setting(
        when_known(parse_image_id),
        default=None,
        about="Id of the host's machine image (AMI), an ECS-optimized Amazon Linux 2023.",
        empty="the newest image, so any `up` may replace the hosts",
    )
    customer_disk_key: bool = setting(
        true_or_false,
        default=False,
        about="Set to true when hosts may use the customer managed key that is the account's default for EBS volumes.",
    )
    database_class: str = setting(
        rds.parse_instance_class, default=rds.INSTANCE_CLASS, about="RDS instance class of the database."
    )
    database_storage: int = setting(
        rds.parse_storage, default=rds.STORAGE_GB, about="Storage of the database in GB, at least 20."
    )
    database_storage_limit: int = setting(
        rds.parse_storage,
        default_from=lambda made: rds.storage_limit(made.database_storage),
        about="Size in GB up to which RDS grows the storage automatically.",
        empty="twice {database_storage}, at least 100",
    )
    database_multi_az: bool = setting(
        true_or_false, default=True, about="Whether the database has a standby in another zone."
    )
    database_backup_days: int = setting(
        rds.parse_backup_retention,
        default=rds.BACKUP_RETENTION_DAYS,
        about="Days within which the database can be restored to any point in time, 1 to 35.",
    )
    database_ca: str | None = setting(
        parse_ca_bundle,
        default=None,
        about="Certificate authorities that clients accept for the database, in PEM form. Required with {vpc_id} if a "
        "program makes the AWS provider's role or account itself.",
        empty="the RDS authorities of the region",
    )
    log_retention_days: int = setting(
        parse_retention,
        default=RETENTION_DAYS,
        about="Days for which logs are kept. CloudWatch Logs allows only certain numbers.",
    )
    alarm_email: str | None = setting(
        parse_email,
        default=None,
        about="E-mail address for alarms. The recipient must confirm the subscription once.",
        empty="no e-mail: alarms go only to the SNS topic",
    )
    alarm_errors: float = setting(
        alarm("errors").rule,
        default=alarm("errors").default,
        about="Number of error lines in the log in 5 minutes that raises an alarm.",
    )
    alarm_failed_logins: float = setting(
        alarm("failed_logins").rule,
        default=alarm("failed_logins").default,
        about="Number of failed logins in 5 minutes that raises an alarm.",
    )
    alarm_latency: float = setting(
        alarm("latency_seconds").rule,
        default=alarm("latency_seconds").default,
        about="Response time in seconds that raises an alarm if the slowest 1 % of responses exceed it.",
    )
    deletion_protection: bool = setting(
        true_or_false, default=True, about="Whether resources that can't be recreated are protected from deletion."
    )

    @classmethod
    def resolve(
        cls, args: Mapping[str, Any], subject: str, args_type: type[Any] | None = None, name: str = "kotauth"
    ) -> AwsSettings:
        """Return the inputs of the deployment ``name`` with their defaults.

        Raises:
            InvalidInputError: With all that is wrong.
        """
        problems = Problems(subject)
        # What is no mapping is refused by `parse`.
        frontend = args.get("frontend") if isinstance(cast("object", args), Mapping) else None
        has_load_balancer = frontend in (None, "", LOAD_BALANCER)
        problems.check("name", name, lambda raw: parse_deployment_name(raw, has_load_balancer))
        return parse(cls, args, problems, ["tags"], args_type)

    @together
    def check_way_out(self) -> Iterator[Problem]:
        """Check that the server reaches the internet."""
        if self.nat_gateways == "none" and self.has_load_balancer:
            yield Problem(
                "nat_gateways",
                "none",
                "must be per-zone or one with a load balancer: the server in its private subnet needs internet access",
            )

    @together
    def check_subnets(self) -> Iterator[Problem]:
        """Check that what needs two zones has two subnets."""
        for name in NETWORK[1:]:
            subnets = getattr(self, name)
            # Without a load balancer one host is public, and one function private.
            if isinstance(subnets, list) and len(subnets) == 1 and (name == ISOLATED or self.has_load_balancer):  # pyright: ignore[reportUnknownArgumentType]
                yield Problem(name, subnets[0], "must be two or more subnets, in different zones")

    @together
    def check_public_cidrs(self) -> Iterator[Problem]:
        """Check that the CIDR blocks of the public subnets are known where a configuration file needs them."""
        name, cidrs, subnets = "public_subnet_cidrs", self.public_subnet_cidrs, self.public_subnet_ids
        if cidrs and not (subnets and self.has_load_balancer):
            rule = f"is only for {{public_subnet_ids}} with frontend {LOAD_BALANCER}: remove it"
            yield Problem(name, ",".join(cidrs), rule)
        elif cidrs and isinstance(subnets, list) and len(cidrs) != len(subnets):
            rule = (
                f"must be {len(subnets)} CIDR blocks, one for each subnet in {{public_subnet_ids}} (got {len(cidrs)})"
            )
            yield Problem(name, ",".join(cidrs), rule)
        elif len(cidrs) == 1 and is_later(subnets):
            yield Problem(name, cidrs[0], "must be two or more CIDR blocks, of subnets in different zones")
        elif not cidrs and self.has_load_balancer and is_later(subnets):
            rule = "is required because {public_subnet_ids} is an Output: give the CIDR blocks as plain values"
            yield Problem(name, "", rule)

    @together
    def check_base_url(self) -> Iterator[Problem]:
        """Check that the address is a public name without a port."""
        if self.server.is_local:
            yield Problem(
                "base_url",
                self.server.base_url.text,
                "must be a public name: no certificate authority certifies a local name",
            )
        elif self.server.base_url.port != 443:
            yield Problem("base_url", self.server.base_url.text, "must have no port: on AWS the server uses 443")

    @together
    def check_certificate(self) -> Iterator[Problem]:
        """Check that exactly one setting supplies the load balancer's certificate."""
        if self.has_load_balancer:
            if self.zone_id and self.certificate_arn:
                rule = "must be empty with {zone_id}, where the certificate is created: remove one of the two"
                yield Problem("certificate_arn", self.certificate_arn, rule)
            elif not self.zone_id and not self.certificate_arn:
                rule = "is required unless {certificate_arn} is set: give the Route 53 zone of the domain"
                yield Problem("zone_id", "", rule)
        elif self.certificate_arn:
            rule = f"is only for frontend {LOAD_BALANCER}: remove it; {{certificates}} is for {self.proxy.title}"
            yield Problem("certificate_arn", self.certificate_arn, rule)

    @together
    def check_storage_limit(self) -> Iterator[Problem]:
        """Check that the storage can grow."""
        if rule := rds.storage_limit_rule(self.database_storage, self.database_storage_limit):
            yield Problem("database_storage_limit", self.database_storage_limit, rule)
