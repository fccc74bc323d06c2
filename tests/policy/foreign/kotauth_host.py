"""Kotauth on one EC2 host, by a team that writes its own user data and pastes what other stacks have made.

The containers are hardened and the secrets are fetched at boot. An old version runs as the database's owner, one
password was forgotten in a command, and where the secret key comes from is not to be seen.
"""

from __future__ import annotations

import pulumi_aws as aws

from . import at

PUBLIC = "subnet-0ddddddddddddddd1"
HOSTS, DATABASES = "sg-0ddddddddddddddd2", "sg-0ddddddddddddddd3"
ENDPOINT = "kotauth.c0ffee123456.eu-central-1.rds.amazonaws.com"

HARD = (
    "--restart unless-stopped --read-only --tmpfs /tmp --cap-drop=ALL --security-opt=no-new-privileges:true"
    " --log-driver=awslogs --log-opt awslogs-group=/acme/login --memory 768m --memory-swap 768m --cpus=1.5"
)
USER_DATA = f"""\
#!/usr/bin/env bash
set -euo pipefail
dnf -y install docker jq
systemctl enable --now docker
mkdir -p /srv/login
for name in secret_key db_password admin_password; do
  aws secretsmanager get-secret-value --secret-id "acme/login/$name" --query SecretString --output text \\
    > "/srv/login/$name"
done
chown -R 10001 /srv/login && chmod 0400 /srv/login/*
curl -fsSo /srv/rds.pem https://truststore.pki.rds.amazonaws.com/eu-central-1/eu-central-1-bundle.pem
docker network create login

docker run -d --name kotauth --network=login {HARD} -u 10001:10001 \\
  --health-cmd 'curl -fsS http://localhost:8080/health/ready' \\
  -v /srv/login:/run/secrets -v /srv/rds.pem:/etc/ssl/rds.pem:ro \\
  -e KAUTH_ENV=production -e KAUTH_BASE_URL=https://login.acme.example/ -e KAUTH_TRUSTED_PROXY=true \\
  -e KAUTH_SECRET_KEY_FILE=/run/secrets/secret_key \\
  -e KAUTH_BOOTSTRAP_ADMIN_PASSWORD_FILE=/run/secrets/admin_password \\
  -e 'DB_URL=jdbc:postgresql://{ENDPOINT}/login?sslmode=verify-full&sslrootcert=/etc/ssl/rds.pem' \\
  -e DB_USER=login_owner -e DB_PASSWORD_FILE=/run/secrets/db_password \\
  -e PASSWORD_RESET_TTL=15m -e TOKEN_ISSUER=acme \\
  ghcr.io/inumansoul/kotauth:1.20.3

docker run -d --name caddy --network login {HARD} --user 1000:1000 --cap-add NET_BIND_SERVICE \\
  -p 80:80 -p 443:443 -p 443:443/udp -v caddy_data:/data \\
  caddy:2.10.2-alpine caddy reverse-proxy --from login.acme.example --to kotauth:8080

docker run --rm --network login {HARD} --user 10001 \\
  curlimages/curl:8.16.0 curl -fsS -u 'monitor:hunter2-monitor' http://kotauth:8080/metrics
"""


def _database() -> aws.rds.Instance:
    aws.rds.ParameterGroup(
        "login",
        name="login-pg17",
        family="postgres17",
        parameters=[
            aws.rds.ParameterGroupParameterArgs(name="rds.force_ssl", value="1"),
            aws.rds.ParameterGroupParameterArgs(name="log_min_duration_statement", value="1000"),
        ],
    )
    return aws.rds.Instance(
        "login",
        identifier="kotauth",
        engine="postgres",
        engine_version="17.6",
        instance_class="db.t4g.small",
        allocated_storage=20,
        username="login_owner",
        manage_master_user_password=True,
        parameter_group_name="login-pg17",
        db_subnet_group_name="acme-data",
        vpc_security_group_ids=[DATABASES],
        storage_encrypted=True,
        multi_az=True,
        backup_retention_period=7,
        deletion_protection=True,
        copy_tags_to_snapshot=True,
        auto_minor_version_upgrade=True,
        monitoring_interval=30,
        monitoring_role_arn="arn:aws:iam::123456789012:role/rds-monitoring",
        performance_insights_enabled=True,
        performance_insights_kms_key_id="arn:aws:kms:eu-central-1:123456789012:key/0d0d0d0d-1111-2222-3333-444444444444",
        enabled_cloudwatch_logs_exports=["upgrade", "postgresql"],
    )


def program() -> None:
    """Make the login."""
    _database()
    host = aws.ec2.Instance(
        "login",
        ami="ami-0d0d0d0d0d0d0d0d0",
        instance_type="t4g.small",
        subnet_id=PUBLIC,
        vpc_security_group_ids=[HOSTS],
        iam_instance_profile="acme-login",
        monitoring=True,
        user_data=USER_DATA,
        user_data_replace_on_change=True,
        metadata_options={"http_tokens": "required", "http_put_response_hop_limit": 1},
        root_block_device={"encrypted": True},
    )
    aws.ec2.EipAssociation("login", instance_id=host.id, allocation_id="eipalloc-0ddddddddddddddd4")
    aws.route53.Record(
        "login-name",
        zone_id="Z0DDDDDDDDDDDD",
        name="login.acme.example",
        type="A",
        ttl=300,
        # The address that the association names, pasted.
        records=["203.0.113.7"],
    )
    aws.cloudwatch.LogGroup(
        "login",
        name="/acme/login",
        retention_in_days=731,
        kms_key_id="arn:aws:kms:eu-central-1:123456789012:key/0d0d0d0d-1111-2222-3333-444444444444",
    )
    aws.cloudwatch.MetricAlarm(
        "login-down",
        namespace="AWS/EC2",
        metric_name="StatusCheckFailed",
        dimensions={"InstanceId": host.id},
        comparison_operator="GreaterThanThreshold",
        evaluation_periods=2,
        period=60,
        statistic="Maximum",
        threshold=0,
        alarm_actions=["arn:aws:sns:eu-central-1:123456789012:on-call"],
    )


EXPECTED = at(
    "login",
    "require-kotauth-version",
    "use-https-base-url",
    "separate-database-roles",
    # The folder with the secret files is mounted to be written to.
    "mount-secret-files-read-only",
    # The key is brought along by a script of theirs, which says nothing of where it is from.
    "trace-secret-key",
    # Caddy, and not the job that ends at once.
    "probe-container-health",
    "keep-secrets-out-of-commands",
    "keep-secrets-out-of-user-data",
    "allow-image-registries",
) | at("login-name", "point-names-to-own-resources")
LATER = {"login": {"id": "i-0dddddddddddddddd", "name": "login"}}
"""Outputs after a first update; what is pasted was known before."""
