"""VPC endpoints to AWS services, with policies that allow only the requests of this system."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws

from ..provider.lookups import Lookups
from ..security.iam import allow, document

_ANY_PRINCIPAL = {"AWS": "*"}
"""An endpoint's policy is a ceiling and grants nothing; gateway endpoints take no other principal."""


def s3_endpoint(
    name: str,
    *,
    vpc_id: pulumi.Input[str],
    route_table_ids: Sequence[pulumi.Input[str]],
    tags: Mapping[str, pulumi.Input[str]],
    opts: pulumi.ResourceOptions,
) -> None:
    """Route the region's S3 to a gateway endpoint: the account's buckets and ECR's image layers, nothing else.

    Hosts read their files and images, and write nothing. The machine image brings all packages, so the repositories of
    Amazon Linux and of the SSM agent stay closed, and so do the buckets of other accounts.
    """
    lookups = Lookups(opts.parent)
    partition, region, account = lookups.partition, lookups.region, lookups.account
    aws.ec2.VpcEndpoint(
        name,
        vpc_id=vpc_id,
        vpc_endpoint_type="Gateway",
        service_name=pulumi.Output.concat("com.amazonaws.", region, ".s3"),
        route_table_ids=list(route_table_ids),
        policy=pulumi.Output.json_dumps(
            document(
                allow(
                    "OwnBuckets",
                    ["s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket", "s3:GetBucketLocation"],
                    # The names of the account's buckets aren't known here, but their account is.
                    "*",
                    principal=_ANY_PRINCIPAL,
                    condition={"StringEquals": {"aws:ResourceAccount": account}},
                ),
                allow(
                    "ImageLayers",
                    "s3:GetObject",
                    # Where ECR keeps the layers of a region ("Minimum Amazon S3 bucket permissions for Amazon ECR").
                    pulumi.Output.concat("arn:", partition, ":s3:::prod-", region, "-starport-layer-bucket/*"),
                    principal=_ANY_PRINCIPAL,
                ),
            )
        ),
        tags={**tags, "Name": name},
        opts=opts,
    )


def secrets_endpoint(  # noqa: PLR0913 - where, and who may ask
    name: str,
    *,
    vpc_id: pulumi.Input[str],
    vpc_cidr: str,
    subnet_id: pulumi.Input[str],
    tags: Mapping[str, pulumi.Input[str]],
    opts: pulumi.ResourceOptions,
) -> None:
    """Create an endpoint of Secrets Manager for subnets without internet access, under the service's usual name.

    In the whole VPC, that name then resolves to the endpoint, so the endpoint accepts requests from all subnets.
    """
    lookups = Lookups(opts.parent)
    region, account = lookups.region, lookups.account
    group = aws.ec2.SecurityGroup(
        f"{name}-group",
        description="Endpoint of Secrets Manager",
        vpc_id=vpc_id,
        tags={**tags, "Name": name},
        opts=opts,
    )
    aws.vpc.SecurityGroupIngressRule(
        f"{name}-from-{vpc_cidr.partition('/')[0]}",
        security_group_id=group.id,
        cidr_ipv4=vpc_cidr,
        ip_protocol="tcp",
        from_port=443,
        to_port=443,
        description="HTTPS from the VPC",
        tags=tags,
        opts=opts,
    )
    aws.ec2.VpcEndpoint(
        name,
        vpc_id=vpc_id,
        vpc_endpoint_type="Interface",
        service_name=pulumi.Output.concat("com.amazonaws.", region, ".secretsmanager"),
        subnet_ids=[subnet_id],
        security_group_ids=[group.id],
        private_dns_enabled=True,
        policy=pulumi.Output.json_dumps(
            document(
                allow(
                    "OwnSecrets",
                    ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"],
                    "*",
                    principal=_ANY_PRINCIPAL,
                    condition={
                        "StringEquals": {"aws:PrincipalAccount": account, "aws:ResourceAccount": account},
                    },
                )
            )
        ),
        tags={**tags, "Name": name},
        opts=opts,
    )
