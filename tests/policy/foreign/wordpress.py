"""WordPress in a container on one EC2 host, with a database of RDS: it works at once, and is wide open.

Ports of the host and of the database are open to the world, and the database's password is in the user data.
"""

from __future__ import annotations

import pulumi_aws as aws

from . import at

WORLD = ["0.0.0.0/0"]
PASSWORD = "correct-horse-battery"
# Pasted from the console after the first update.
ENDPOINT = "wordpress.c0ffee123456.eu-central-1.rds.amazonaws.com"

USER_DATA = f"""\
#!/bin/bash
dnf install -y docker
systemctl enable --now docker
docker run -d --name wordpress --restart=always -p 80:80 \\
  -e WORDPRESS_DB_HOST={ENDPOINT} -e WORDPRESS_DB_USER=admin -e WORDPRESS_DB_PASSWORD={PASSWORD} \\
  -v wordpress:/var/www/html wordpress:latest
"""


def _open(port: int) -> aws.ec2.SecurityGroupIngressArgs:
    return aws.ec2.SecurityGroupIngressArgs(protocol="tcp", from_port=port, to_port=port, cidr_blocks=WORLD)


def program() -> None:
    """Make the site."""
    web = aws.ec2.SecurityGroup(
        "web",
        ingress=[_open(80), _open(22)],
        egress=[aws.ec2.SecurityGroupEgressArgs(protocol="-1", from_port=0, to_port=0, cidr_blocks=WORLD)],
    )
    mysql = aws.ec2.SecurityGroup("mysql", description="Database", ingress=[_open(3306)])
    aws.rds.Instance(
        "database",
        engine="mariadb",
        engine_version="10.11",
        instance_class="db.t4g.micro",
        allocated_storage=20,
        db_name="wordpress",
        username="admin",
        password=PASSWORD,
        publicly_accessible=True,
        skip_final_snapshot=True,
        vpc_security_group_ids=[mysql.id],
    )
    host = aws.ec2.Instance(
        "host",
        ami="ami-0123456789abcdef0",
        instance_type="t4g.micro",
        key_name="laptop",
        vpc_security_group_ids=[web.id],
        user_data=USER_DATA,
    )
    aws.ec2.Eip("address", instance=host.id)


_HOST = at(
    "host",
    "require-metadata-tokens",
    "limit-metadata-hops",
    "encrypt-disks",
    "keep-secrets-out-of-user-data",
    "enter-hosts-without-keys",
    "monitor-hosts",
)
_CONTAINER = at(
    "host",
    "pin-image",
    "drop-all-capabilities",
    "forbid-new-privileges",
    "mount-root-read-only",
    "run-as-non-root",
    "limit-memory",
    "limit-cpu",
    "probe-container-health",
    "bound-logs",
    "use-own-network",
    # Nothing in front of it ends TLS.
    "publish-only-from-frontend",
    "keep-secrets-out-of-environment",
)
EXPECTED = (
    _HOST
    | _CONTAINER
    | at("web", "limit-world-ingress", "limit-egress", "describe-security-groups")
    | at("mysql", "limit-world-ingress", "restrict-database-ingress", "describe-security-groups")
    # No rule is about MariaDB's own logs, versions and TLS: those are PostgreSQL's.
    | at(
        "database",
        "encrypt-database",
        "forbid-public-database",
        "replicate-database",
        "back-up-database",
        "protect-database",
        "upgrade-database-minors",
        "monitor-database",
        "keep-administrator-in-rds",
        "choose-database-subnets",
    )
)
