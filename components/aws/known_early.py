"""What a deployment must know at preview: AWS says it, or inputs do while AWS can't be asked."""

from __future__ import annotations

from ..inputs.problems import Problems
from ..postgres.rds_ca import rds_ca_bundle
from .provider.lookups import Lookups
from .settings import AwsSettings


def database_authorities(settings: AwsSettings, subject: str, lookups: Lookups) -> str:
    """Return the authorities that clients accept for the database, in PEM form.

    Raises ``InvalidInputError`` if AWS can't be asked, and the inputs of ``subject`` don't say what must be known.
    """
    region = lookups.region_now() or "".join(settings.availability_zones[:1])[:-1]
    if not region:
        problems = Problems(subject)
        rule = "is required, because the configuration of the AWS provider is unknown at preview: give"
        if not settings.database_ca:
            bundle = "the content of https://truststore.pki.rds.amazonaws.com/REGION/REGION-bundle.pem for your region"
            problems.add("database_ca", "", f"{rule} {bundle}")
        if settings.has_load_balancer and not settings.public_subnet_cidrs:
            problems.add("public_subnet_cidrs", "", f"{rule} the CIDR blocks of public_subnet_ids, in the same order")
        problems.refuse()
    return settings.database_ca or rds_ca_bundle(region, subject, "database_ca")
