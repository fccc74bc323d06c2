"""A firewall of a vendor behind a gateway load balancer, and a service of TCP behind a network load balancer.

There is no HTTP anywhere, and so nothing to redirect, to certify or to filter.
"""

from __future__ import annotations

import pulumi_aws as aws

from . import at

INSIDE = "10.60.0.0/16"


def _vpc() -> tuple[aws.ec2.Vpc, list[aws.ec2.Subnet]]:
    vpc = aws.ec2.Vpc("inspection", cidr_block=INSIDE)
    aws.ec2.DefaultSecurityGroup("inspection", vpc_id=vpc.id, ingress=[], egress=[])
    aws.ec2.FlowLog(
        "inspection",
        vpc_id=vpc.id,
        traffic_type="ALL",
        log_destination_type="s3",
        log_destination="arn:aws:s3:::acme-flow-logs/inspection/",
        max_aggregation_interval=60,
    )
    zones = ("us-east-2a", "us-east-2b")
    subnets = [
        aws.ec2.Subnet(f"appliance-{zone[-1]}", vpc_id=vpc.id, availability_zone=zone, cidr_block=f"10.60.{index}.0/24")
        for index, zone in enumerate(zones)
    ]
    return vpc, subnets


def _firewall(vpc: aws.ec2.Vpc, subnets: list[aws.ec2.Subnet]) -> None:
    gateway = aws.lb.LoadBalancer(
        "gateway",
        load_balancer_type="gateway",
        subnets=[each.id for each in subnets],
        enable_cross_zone_load_balancing=True,
        enable_deletion_protection=True,
    )
    targets = aws.lb.TargetGroup(
        "firewalls",
        vpc_id=vpc.id,
        port=6081,
        protocol="GENEVE",
        target_type="instance",
        health_check={"protocol": "TCP", "port": "80"},
    )
    aws.lb.Listener(
        "geneve",
        load_balancer_arn=gateway.arn,
        default_actions=[{"type": "forward", "target_group_arn": targets.arn}],
    )
    service = aws.ec2.VpcEndpointService("gateway", acceptance_required=True, gateway_load_balancer_arns=[gateway.arn])
    aws.ec2.VpcEndpoint(
        "gateway",
        vpc_id=vpc.id,
        service_name=service.service_name,
        vpc_endpoint_type="GatewayLoadBalancer",
        subnet_ids=[subnets[0].id],
    )
    group = aws.ec2.SecurityGroup(
        "firewall",
        vpc_id=vpc.id,
        description="Firewalls",
        ingress=[
            {
                "protocol": "udp",
                "from_port": 6081,
                "to_port": 6081,
                "cidr_blocks": [INSIDE],
                "description": "Wrapped packets of the gateway load balancer, which has no group",
            }
        ],
    )
    for index, subnet in enumerate(subnets):
        host = aws.ec2.Instance(
            f"firewall-{index}",
            ami="ami-0fedcba9876543210",
            instance_type="c6in.xlarge",
            subnet_id=subnet.id,
            vpc_security_group_ids=[group.id],
            source_dest_check=False,
            iam_instance_profile="firewall",
            monitoring=True,
            metadata_options={"http_tokens": "required", "http_put_response_hop_limit": 1},
            root_block_device={"encrypted": True, "volume_size": 60},
        )
        aws.lb.TargetGroupAttachment(f"firewall-{index}", target_group_arn=targets.arn, target_id=host.id)


def _broker(vpc: aws.ec2.Vpc, subnets: list[aws.ec2.Subnet]) -> None:
    balancer = aws.lb.LoadBalancer(
        "broker",
        load_balancer_type="network",
        internal=True,
        subnet_mappings=[{"subnet_id": each.id} for each in subnets],
    )
    targets = aws.lb.TargetGroup(
        "broker",
        vpc_id=vpc.id,
        port=8883,
        protocol="TLS",
        target_type="ip",
        health_check={"protocol": "HTTPS", "port": "8884", "path": "/live"},
    )
    aws.lb.Listener(
        "mqtt",
        load_balancer_arn=balancer.arn,
        port=8883,
        protocol="TLS",
        ssl_policy="ELBSecurityPolicy-2016-08",
        certificate_arn="arn:aws:acm:us-east-2:123456789012:certificate/11111111-2222-3333-4444-555555555555",
        alpn_policy="None",
        default_actions=[{"type": "forward", "target_group_arn": targets.arn}],
    )


def program() -> None:
    """Make the network."""
    vpc, subnets = _vpc()
    _firewall(vpc, subnets)
    _broker(vpc, subnets)


EXPECTED = (
    # A network load balancer writes a log of its TLS connections.
    at("broker", "log-load-balancer-access", "protect-load-balancer") | at("mqtt", "allow-tls-policies")
)
_BALANCING = "arn:aws:elasticloadbalancing:us-east-2:123456789012"
LATER = {
    "inspection": {"id": "vpc-0123456789abcdef0"},
    "appliance-a": {"id": "subnet-0a0a0a0a0a0a0a0a0"},
    "appliance-b": {"id": "subnet-0b0b0b0b0b0b0b0b0"},
    "firewall": {"id": "sg-0123456789abcdef0"},
    "gateway": {"arn": f"{_BALANCING}:loadbalancer/gwy/gateway-0a1b2c3/0123456789abcdef"},
    "firewalls": {"arn": f"{_BALANCING}:targetgroup/firewalls-0a1b2c3/0123456789abcdef"},
    "broker": {"arn": f"{_BALANCING}:loadbalancer/net/broker-0a1b2c3/fedcba9876543210"},
}
"""Outputs after a first update; they change no verdict."""
