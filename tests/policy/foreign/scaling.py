"""A shop on an Auto Scaling group behind a load balancer, with PostgreSQL, in networks that another stack has made.

A team that read the guides: what is missing is a way in by SSH, the probe, the logs and the database's administrator.
"""

from __future__ import annotations

import base64

import pulumi
import pulumi_aws as aws

from . import at

VPC = "vpc-0a1b2c3d4e5f60718"
PUBLIC = ["subnet-0aaaaaaaaaaaaaaa1", "subnet-0aaaaaaaaaaaaaaa2"]
PRIVATE = ["subnet-0bbbbbbbbbbbbbbb1", "subnet-0bbbbbbbbbbbbbbb2"]
CERTIFICATE = "arn:aws:acm:eu-west-1:123456789012:certificate/0f6b2c1d-1111-2222-3333-444455556666"
BOOT = """\
#!/bin/bash -xe
dnf install -y nginx
cat > /usr/share/nginx/html/index.html <<'HTML'
<h1>Shop</h1>
HTML
systemctl enable --now nginx
"""


def _groups() -> tuple[aws.ec2.SecurityGroup, aws.ec2.SecurityGroup, aws.ec2.SecurityGroup]:
    edge = aws.ec2.SecurityGroup(
        "alb-sg",
        vpc_id=VPC,
        description="Load balancer",
        ingress=[
            # As the console writes them.
            {
                "protocol": "TCP",
                "from_port": port,
                "to_port": port,
                "cidr_blocks": ["0.0.0.0/0"],
                "ipv6_cidr_blocks": ["::/0"],
                "description": "Browsers",
            }
            for port in (80, 443)
        ],
        egress=[{"protocol": "all", "from_port": 0, "to_port": 0, "cidr_blocks": ["0.0.0.0/0"], "description": "Out"}],
    )
    web = aws.ec2.SecurityGroup("web-sg", vpc_id=VPC, description="Hosts")
    aws.ec2.SecurityGroupRule(
        "web-from-alb",
        type="ingress",
        security_group_id=web.id,
        source_security_group_id=edge.id,
        protocol="tcp",
        from_port=80,
        to_port=80,
        description="Load balancer",
    )
    aws.ec2.SecurityGroupRule(
        "web-ssh",
        type="ingress",
        security_group_id=web.id,
        protocol="tcp",
        from_port=22,
        to_port=22,
        cidr_blocks=["203.0.113.0/24"],
        description="Office",
    )
    data = aws.ec2.SecurityGroup("db-sg", vpc_id=VPC, description="Database")
    aws.vpc.SecurityGroupIngressRule(
        "db-from-web",
        security_group_id=data.id,
        referenced_security_group_id=web.id,
        ip_protocol="tcp",
        from_port=5432,
        to_port=5432,
        description="Hosts",
    )
    return edge, web, data


def _balancer(group: aws.ec2.SecurityGroup) -> aws.alb.TargetGroup:
    balancer = aws.alb.LoadBalancer(
        "alb",
        internal=False,
        security_groups=[group.id],
        subnets=PUBLIC,
        drop_invalid_header_fields=True,
        enable_deletion_protection=True,
    )
    targets = aws.alb.TargetGroup("web-tg", port=80, protocol="HTTP", vpc_id=VPC, health_check={"path": "/"})
    aws.alb.Listener(
        "http",
        load_balancer_arn=balancer.arn,
        port=80,
        default_actions=[
            {"type": "redirect", "redirect": {"port": "443", "protocol": "HTTPS", "status_code": "HTTP_301"}}
        ],
    )
    aws.alb.Listener(
        "https",
        load_balancer_arn=balancer.arn,
        port=443,
        protocol="HTTPS",
        ssl_policy="ELBSecurityPolicy-TLS13-1-2-2021-06",
        certificate_arn=CERTIFICATE,
        default_actions=[{"type": "forward", "target_group_arn": targets.arn}],
    )
    return targets


def program() -> None:
    """Make the shop."""
    edge, web, data = _groups()
    targets = _balancer(edge)
    # The key is pasted: who holds it is not known here.
    key = aws.ec2.KeyPair("ops", public_key="ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample ops@example.com")
    template = aws.ec2.LaunchTemplate(
        "web-lt",
        image_id="ami-0123456789abcdef0",
        instance_type="t3.small",
        key_name=key.key_name,
        vpc_security_group_ids=[web.id],
        user_data=base64.b64encode(BOOT.encode()).decode(),
        metadata_options={"http_endpoint": "enabled", "http_tokens": "required", "http_put_response_hop_limit": 1},
        block_device_mappings=[{"device_name": "/dev/xvda", "ebs": {"volume_size": 20, "encrypted": "true"}}],
    )
    aws.autoscaling.Group(
        "web-asg",
        min_size=2,
        max_size=4,
        vpc_zone_identifiers=PRIVATE,
        target_group_arns=[targets.arn],
        health_check_type="ELB",
        launch_template={"id": template.id, "version": "$Latest"},
    )
    aws.rds.Instance(
        "db",
        engine="postgres",
        engine_version="17.4",
        instance_class="db.t4g.small",
        allocated_storage=20,
        db_name="shop",
        username="postgres",
        password=pulumi.Output.secret("correct-horse-battery"),
        db_subnet_group_name=aws.rds.SubnetGroup("db-subnets", subnet_ids=PRIVATE).name,
        vpc_security_group_ids=[data.id],
        storage_encrypted=True,
        multi_az=True,
        backup_retention_period=7,
        final_snapshot_identifier="shop-last",
    )


EXPECTED = (
    at("alb-sg", "limit-egress")
    | at("web-ssh", "restrict-server-ingress")
    | at("alb", "log-load-balancer-access", "attach-web-acl")
    | at("web-tg", "probe-targets")
    | at("web-lt", "enter-hosts-without-keys", "monitor-hosts")
    | at("web-asg", "pin-launch-template")
    | at(
        "db",
        "protect-database",
        "upgrade-database-minors",
        "export-database-logs",
        "monitor-database",
        "keep-administrator-in-rds",
    )
)
LATER = {
    "alb-sg": {"id": "sg-0a000000000000001"},
    "web-sg": {"id": "sg-0a000000000000002"},
    "db-sg": {"id": "sg-0a000000000000003"},
    "alb": {"arn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/alb-1a2b3c4/0123456789abcdef"},
    "web-tg": {
        "arn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web-tg-1a2b3c4/0123456789abcdef"
    },
    "ops": {"keyName": "ops-1a2b3c4"},
    "web-lt": {"latestVersion": 1},
    "db-subnets": {"name": "db-subnets-1a2b3c4"},
}
"""Outputs after a first update; it changes no verdict."""
