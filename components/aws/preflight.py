"""Checks AWS and DNS before any resource is created, in the account and the region of the stack.

Only the program's `__main__.py` calls this, so that components do not depend on the account of the deployment.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar, cast

import pulumi
import pulumi_aws as aws

from ..postgres.role import connection_limit
from . import name_warnings
from .database.rds import max_connections
from .ingress.topology import needed_memory_mb
from .settings import AwsSettings

T = TypeVar("T")

_RESERVED_CONNECTIONS = 10
"""Connections that the server can't use. RDS reserves 5 (`rds.superuser_reserved_connections` is 2,
`superuser_reserved_connections` 3); the rest is for administrators."""


_OWN_DISK_KEY = "alias/aws/ebs"
"""Key that EC2 returns if the account has not chosen a default key for EBS."""


def check(settings: AwsSettings, label: Mapping[str, str]) -> None:
    """Raise ``RunError`` with every problem that prevents the deployment.

    A database with the tags in ``label`` belongs to this stack.
    """
    _Preflight(settings, label).run()


class _Preflight:
    """The settings of a stack are plain values; only a program gives Outputs."""

    def __init__(self, settings: AwsSettings, label: Mapping[str, str]) -> None:
        self._settings, self._label = settings, label
        self._problems: list[str] = []

    def run(self) -> None:
        self._name_tags()
        self._region = aws.get_region().region
        self._check_region()
        if not self._problems:
            self._check_zones()
            self._check_subnets()
            self._check_instance()
            self._check_disk_key()
            self._check_database()
            name_warnings.check_certificate(self._settings)
            self._check_hosted_zone()
        if self._problems:
            raise pulumi.RunError("\n  ".join(["AWS can't run this stack:", *self._problems]))

    def _name_tags(self) -> None:
        """Log the images that a tag names without a digest. This asks no registry: a preview works without one."""
        settings = self._settings
        images = (settings.server.image, settings.frontend_image, settings.tools_image)
        loose = [image.reference for image in images if not (image.digest or image.repository.startswith("localhost/"))]
        if loose:
            pulumi.info(
                f"images without a digest, so a moved tag changes what hosts pull: {', '.join(loose)}. "
                f"`make image STACK={pulumi.get_stack()}` writes their digests into the stack's file"
            )

    def _problem(self, key: str, value: object, rule: str) -> None:
        self._problems.append(f'{key if re.search("[: ]", key) else f"kotauth:{key}"} = "{value}": {rule}')

    def _ask(self, key: str, value: object, rule: str, question: Callable[[], T]) -> T | None:
        """Return AWS's answer; add a problem with the text ``rule`` if AWS answers with an error."""
        try:
            return question()
        except Exception as error:
            self._problem(key, value, f"{rule} ({_said(error)})")
            return None

    def _check_region(self) -> None:
        rule = "does not exist or is not enabled for this account: enable it, or choose another region"
        enabled = self._ask("aws:region", self._region, rule, aws.get_regions)
        if enabled and self._region not in enabled.names:
            self._problem("aws:region", self._region, rule)
        for zone in self._settings.availability_zones:
            if zone[:-1] != self._region:
                self._problem(
                    "availabilityZones",
                    zone,
                    f"is not in the region of the stack, aws:region {self._region}: choose a zone of that region",
                )
        arn = cast("str | None", self._settings.certificate_arn)
        if arn and arn.split(":")[3] != self._region:
            rule = f"is in another region than aws:region {self._region}: choose a certificate of that region"
            self._problem("certificateArn", arn, rule)

    def _check_zones(self) -> None:
        wanted = self._settings.availability_zones
        known = list(aws.get_availability_zones(state="available").names) if wanted else list[str]()
        for zone in wanted:
            if zone not in known:
                self._problem("availabilityZones", zone, f"is not available: choose among {', '.join(known)}")

    def _check_subnets(self) -> None:
        settings = self._settings
        for key, given in (
            ("publicSubnetIds", settings.public_subnet_ids),
            ("privateSubnetIds", settings.private_subnet_ids),
            ("isolatedSubnetIds", settings.isolated_subnet_ids),
        ):
            subnets, zones = cast("list[str]", given), set[str]()
            for subnet in subnets:
                rule = f"is not a subnet of {self._region}: give the id of a subnet of {settings.vpc_id}"
                found = self._ask(key, subnet, rule, lambda subnet=subnet: aws.ec2.get_subnet(id=subnet))
                if found and found.vpc_id != settings.vpc_id:
                    rule = f"is in {found.vpc_id}, but kotauth:vpcId is {settings.vpc_id}: choose a subnet of that VPC"
                    self._problem(key, subnet, rule)
                zones |= {found.availability_zone if found else subnet}
            if len(subnets) > len(zones) == 1:
                rule = f"must be in two zones or more, not only in {zones.pop()}: add a subnet in another zone"
                self._problem(key, ",".join(subnets), rule)

    def _check_instance(self) -> None:
        settings = self._settings
        kind = settings.instance_type
        rule = f"is not an EC2 instance type of {self._region}: choose another type"
        found = self._ask("instanceType", kind, rule, lambda: aws.ec2.get_instance_type(instance_type=kind))
        if not found:
            return
        needed = needed_memory_mb(settings, settings.server.memory)
        if found.memory_size < needed:
            self._problem(
                "instanceType",
                kind,
                f"has {found.memory_size} MB of memory, but the containers and the host need {needed} MB: choose a "
                "larger type, or reduce kotauth:memory",
            )
        if found.default_vcpus < settings.server.cpus:
            self._problem(
                "instanceType",
                kind,
                f"has {found.default_vcpus} vCPU, but kotauth:cpus is {settings.server.cpus:g}: choose a larger type, "
                "or reduce kotauth:cpus",
            )
        offered = aws.ec2.get_instance_type_offerings(
            location_type="availability-zone", filters=[{"name": "instance-type", "values": [kind]}]
        ).locations
        for zone in settings.availability_zones:
            if zone not in offered:
                rule = (
                    f"is not offered in {zone}, only in {', '.join(offered)}: choose another type, or change "
                    "kotauth:availabilityZones"
                )
                self._problem("instanceType", kind, rule)
        self._check_host_image(found.supported_architectures)

    def _check_host_image(self, architectures: Sequence[str]) -> None:
        image = cast("str | None", self._settings.host_image_id)
        if not image:
            return
        found = self._ask(
            "hostImageId",
            image,
            f"is not a machine image of {self._region}: choose an image of that region",
            lambda: aws.ec2.get_ami(filters=[{"name": "image-id", "values": [image]}], most_recent=True),
        )
        if found and found.architecture not in architectures:
            needed, kind = " or ".join(architectures), self._settings.instance_type
            rule = (
                f"is for {found.architecture}, but kotauth:instanceType {kind} needs {needed}: choose an image for "
                f"{needed}, or another instance type"
            )
            self._problem("hostImageId", image, rule)

    def _check_disk_key(self) -> None:
        if self._settings.customer_disk_key:
            return
        key = aws.ebs.get_default_kms_key().key_arn
        if key.endswith(_OWN_DISK_KEY):
            return
        try:
            if aws.kms.get_key(key_id=key).key_manager == "AWS":
                return
        except Exception as error:
            # AWS refuses to describe keys of another account or without a permission: these are customer keys, too.
            pulumi.log.debug(f"AWS does not describe the key {key}: {_said(error)}")
        who = (
            "the service-linked role AWSServiceRoleForAutoScaling"
            if self._settings.has_load_balancer
            else "the deploying identity"
        )
        rule = (
            f"is the account's default key for EBS disks in {self._region}, a customer key: hosts start only if its "
            f"policy lets {who} use it and create grants, and this check can't read the policy. Allow that and set "
            "kotauth:customerDiskKey to true, or restore the AWS key as default: aws ec2 reset-ebs-default-kms-key-id"
        )
        self._problem("EC2's default key", key, rule)

    def _check_running_version(self) -> None:
        wanted = self._settings.server.database_version
        for identifier in aws.rds.get_instances(tags=dict(self._label)).instance_identifiers:
            running = aws.rds.get_instance(db_instance_identifier=identifier).engine_version
            major = int(running.split(".")[0])
            if major > wanted:
                rule = (
                    f"is older than version {running} of the running database {identifier}, and RDS can't downgrade a "
                    f'database: set kotauth:databaseVersion to "{major}"'
                )
                self._problem("databaseVersion", wanted, rule)

    def _check_database(self) -> None:
        self._check_running_version()
        settings = self._settings
        version, kind = str(settings.server.database_version), settings.database_class
        rule = f"is not a PostgreSQL version that RDS offers in {self._region}: choose another version"
        engine = self._ask(
            "databaseVersion",
            version,
            rule,
            lambda: aws.rds.get_engine_version(engine="postgres", version=version, latest=True),
        )
        if not engine:
            return
        rule = f"is not offered for PostgreSQL {engine.version_actual} in {self._region}: choose another class"
        # RDS may offer a class more than once. The provider then takes the first offer only of preferred classes.
        offered = self._ask(
            "databaseClass",
            kind,
            rule,
            lambda: aws.rds.get_orderable_db_instance(
                engine="postgres",
                engine_version=engine.version_actual,
                preferred_instance_classes=[kind],
                storage_type="gp3",
            ),
        )
        if offered and offered.instance_class != kind:
            self._problem("databaseClass", kind, rule)
        # RDS does not return the memory of a class. EC2 does for the instance type of the same name, if there is one.
        try:
            memory = aws.ec2.get_instance_type(instance_type=kind.removeprefix("db.")).memory_size
        except Exception:
            return
        # A rotation gives both logins a pool, each with room for two generations of servers.
        needed = 2 * connection_limit(settings.server.pool_size) + _RESERVED_CONNECTIONS
        if needed > max_connections(memory):
            rule = (
                f"allows {max_connections(memory)} connections, but updates and password rotations need up to {needed}"
                ": choose a larger class, or reduce kotauth:poolSize"
            )
            self._problem("databaseClass", kind, rule)

    def _check_hosted_zone(self) -> None:
        zone_id, url = cast("str | None", self._settings.zone_id), self._settings.server.base_url
        if not zone_id:
            return
        rule = "is not a hosted zone of this account: choose one that `aws route53 list-hosted-zones` prints"
        zone = self._ask("zoneId", zone_id, rule, lambda: aws.route53.get_zone(zone_id=zone_id))
        if not zone:
            return
        name = zone.name.rstrip(".")
        if url.host != name and not url.host.endswith(f".{name}"):
            rule = (
                f"is not in the hosted zone {zone_id} ({name}): set kotauth:zoneId to the zone of the domain, or "
                f"choose an address in {name}"
            )
            self._problem("baseUrl", url.text, rule)
        if zone.private_zone:
            self._problem(
                "zoneId", zone_id, "is a private zone: choose a public zone, which certificate authorities can see"
            )
        elif zone.name_servers:
            name_warnings.check_delegation(zone_id, name, {server.rstrip(".").lower() for server in zone.name_servers})


def _said(error: Exception) -> str:
    """Return AWS's error message without the text that the engine puts before it."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[-1].rpartition("returned an error: ")[2].lstrip("\t *")[:200]
