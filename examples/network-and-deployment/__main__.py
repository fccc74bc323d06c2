"""A VPC of your own and Kotauth behind a load balancer in it, in one program.

At the first preview no id of the network is known. The CIDR blocks of the public subnets are, because this program
chooses them.
"""

import pulumi
import pulumi_aws as aws
from pulumi_kotauth import AwsDeployment

config = pulumi.Config()
region = pulumi.Config("aws").require("region")
ZONES = [f"{region}a", f"{region}b"]
CIDRS = {
    "public": ["10.80.0.0/24", "10.80.1.0/24"],
    "private": ["10.80.10.0/24", "10.80.11.0/24"],
    "isolated": ["10.80.20.0/24", "10.80.21.0/24"],
}

vpc = aws.ec2.Vpc("identity", cidr_block="10.80.0.0/16", enable_dns_support=True, enable_dns_hostnames=True)
internet = aws.ec2.InternetGateway("identity", vpc_id=vpc.id)
subnets = {
    tier: [
        aws.ec2.Subnet(f"identity-{tier}-{zone}", vpc_id=vpc.id, availability_zone=zone, cidr_block=cidr)
        for zone, cidr in zip(ZONES, cidrs, strict=True)
    ]
    for tier, cidrs in CIDRS.items()
}
address = aws.ec2.Eip("identity-nat", domain="vpc", opts=pulumi.ResourceOptions(depends_on=[internet]))
nat = aws.ec2.NatGateway("identity", allocation_id=address.id, subnet_id=subnets["public"][0].id)

tables = {tier: aws.ec2.RouteTable(f"identity-{tier}", vpc_id=vpc.id) for tier in ("public", "private")}
WORLD = "0.0.0.0/0"
routes: list[pulumi.Resource] = [
    aws.ec2.Route(
        "identity-public", route_table_id=tables["public"].id, destination_cidr_block=WORLD, gateway_id=internet.id
    ),
    aws.ec2.Route(
        "identity-private", route_table_id=tables["private"].id, destination_cidr_block=WORLD, nat_gateway_id=nat.id
    ),
    *(
        aws.ec2.RouteTableAssociation(f"identity-{tier}-{zone}", route_table_id=table.id, subnet_id=subnet.id)
        for tier, table in tables.items()
        for zone, subnet in zip(ZONES, subnets[tier], strict=True)
    ),
]

kotauth = AwsDeployment(
    "kotauth",
    {
        "base_url": config.require("baseUrl"),
        "zone_id": config.require("zoneId"),
        "vpc_id": vpc.id,
        "public_subnet_ids": [subnet.id for subnet in subnets["public"]],
        "private_subnet_ids": [subnet.id for subnet in subnets["private"]],
        "isolated_subnet_ids": [subnet.id for subnet in subnets["isolated"]],
        # The configuration of the proxy behind the load balancer contains them, so a preview must know them.
        "public_subnet_cidrs": CIDRS["public"],
        "database_version": 17,
    },
    # A host boots only with a route to the internet.
    pulumi.ResourceOptions(depends_on=routes),
)

pulumi.export("url", kotauth.url)
pulumi.export("adminUrl", kotauth.admin_url)
pulumi.export("adminPassword", kotauth.admin_password)
