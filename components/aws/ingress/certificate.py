"""A public certificate from ACM, validated through DNS: it renews itself as long as its record stays in the zone."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from ...inputs.aws_ids import plain
from ...inputs.choice import one_of
from ...inputs.declaration import value
from ...inputs.parsing import parse_args
from ...schema.outputs import declared_outputs
from ...schema.tokens import token
from .dns import parse_host_name, parse_zone_id

_COMMON_NAME_CHARACTERS = 64
"""ACM puts the first name into the certificate's common name, which has room for no more (RFC 5280)."""


def parse_certificate_arn(raw: object) -> str:
    """Parse the ARN of a certificate in ACM; raise ``ValueError`` for one of IAM or of another service."""
    if not re.fullmatch(r"arn:aws[a-z-]*:acm:[a-z0-9-]+:[0-9]{12}:certificate/[0-9a-f-]{36}", str(raw)):
        raise ValueError("must be the ARN of an ACM certificate, arn:aws:acm:REGION:ACCOUNT:certificate/ID")
    return str(raw)


def _parse_host_name(raw: object) -> str:
    name = parse_host_name(raw)
    if len(name) > _COMMON_NAME_CHARACTERS:
        raise ValueError(f"must have at most {_COMMON_NAME_CHARACTERS} characters: ACM accepts no longer name")
    return name


@dataclass(frozen=True, kw_only=True)
class _CertificateInputs:
    host_name: str = value(_parse_host_name)
    zone_id: pulumi.Input[str] = value(plain(parse_zone_id))
    key_algorithm: str = value(one_of("EC_prime256v1", "RSA_2048"), default="EC_prime256v1")
    tags: Mapping[str, pulumi.Input[str]] = value(default={})


class AwsCertificateArgs(TypedDict):
    """Inputs of `AwsCertificate`."""

    host_name: str
    """Host name of the certificate. It has no other names."""
    zone_id: pulumi.Input[str]
    """Id of the public Route 53 zone of the name. The zone must be delegated."""
    key_algorithm: NotRequired[str]
    """`EC_prime256v1` (default) or `RSA_2048`, for clients that know no elliptic curves."""
    tags: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Tags for the certificate."""


class AwsCertificate(pulumi.ComponentResource):
    """An ACM certificate whose ARN is known only once ACM has issued it."""

    arn: pulumi.Output[str]
    """ARN of the issued certificate."""

    def __init__(self, name: str, args: AwsCertificateArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Request the certificate, prove the name in the zone and wait until it is issued."""
        inputs = parse_args(_CertificateInputs, AwsCertificateArgs, name, args)
        host_name, key_algorithm = inputs.host_name, inputs.key_algorithm
        super().__init__(token("AwsCertificate"), name, {"host_name": host_name, "key_algorithm": key_algorithm}, opts)
        child = pulumi.ResourceOptions(parent=self)

        certificate = aws.acm.Certificate(
            name,
            domain_name=host_name,
            validation_method="DNS",
            key_algorithm=key_algorithm,
            # Browsers refuse a certificate that no log knows.
            options={"certificate_transparency_logging_preference": "ENABLED"},
            tags=inputs.tags,
            opts=child,
        )
        # One name, so one option. It is the same for every certificate of this name and account, and a certificate is
        # replaced before the old one goes: hence the overwriting.
        option = certificate.domain_validation_options[0]
        record = aws.route53.Record(
            f"{name}-validation",
            zone_id=inputs.zone_id,
            name=option.resource_record_name,
            type=option.resource_record_type,
            records=[option.resource_record_value],
            ttl=60,
            allow_overwrite=True,
            opts=child,
        )
        issued = aws.acm.CertificateValidation(
            f"{name}-issued",
            certificate_arn=certificate.arn,
            validation_record_fqdns=[record.fqdn],
            # ACM needs a few minutes; where the zone isn't delegated it would take the provider's 75.
            opts=pulumi.ResourceOptions.merge(
                child, pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(create="15m"))
            ),
        )
        self.arn = issued.certificate_arn
        self.register_outputs(declared_outputs(self, AwsCertificate))
