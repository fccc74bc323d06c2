"""The whole of Kotauth on AWS: network, RDS, role, and the server, behind a load balancer or on a single host."""

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

import pulumi

from ..inputs.parsing import watched_outputs
from ..kotauth import server as kotauth
from ..kotauth.credentials import KotauthCredentials
from ..kotauth.database import DatabaseConnection
from ..kotauth.secret_files import DATABASE_PASSWORD_FILE
from ..postgres.role import OWNER, login_name
from ..schema.outputs import declared_outputs
from ..schema.tokens import token
from .database.database import AwsDatabase
from .database.database_role import AwsDatabaseRole
from .ingress.topology import ServerDependencies, make_topology
from .known_early import database_authorities
from .network.placement import after, make_network
from .observability.observability import AwsObservability
from .provider.lookups import Lookups
from .security.key import customer_managed_key
from .security.stored_secrets import store_secrets
from .settings import AwsSettings


class AwsDeploymentArgs(TypedDict):
    """Inputs of `AwsDeployment`. Each has the rule and the default of the setting of the same name."""

    base_url: str
    """Public address of the server: https, host and port only. Names under .localhost mean this machine."""
    availability_zones: NotRequired[list[str]]
    """Two or three zones for a new VPC, such as eu-central-1a,eu-central-1b. Required without `vpc_id`."""
    vpc_cidr: NotRequired[str]
    """Private IPv4 range of the new VPC, /16 to /22. Default `10.64.0.0/16`."""
    nat_gateways: NotRequired[str]
    """NAT gateways of the new VPC: per-zone (the failure of a zone affects no other zone), one (cheaper), or none (only
    without a load balancer). Default `per-zone`."""
    vpc_id: NotRequired[pulumi.Input[str]]
    """Id of an existing VPC. The three lists of subnets are then required."""
    public_subnet_ids: NotRequired[pulumi.Input[Sequence[pulumi.Input[str]]]]
    """Subnets of the existing VPC for the load balancer, or one subnet for the single host."""
    private_subnet_ids: NotRequired[pulumi.Input[Sequence[pulumi.Input[str]]]]
    """Subnets of the existing VPC with internet access, for the server and the function that creates database roles."""
    isolated_subnet_ids: NotRequired[pulumi.Input[Sequence[pulumi.Input[str]]]]
    """Subnets of the existing VPC for the database, in at least two zones."""
    public_subnet_cidrs: NotRequired[list[str]]
    """CIDR blocks of `public_subnet_ids`, in the same order, which the proxy behind the load balancer trusts. Required
    if a program makes the subnets, or the AWS provider's role or account, itself. Default the CIDR blocks that AWS
    returns."""
    frontend: NotRequired[str]
    """What terminates TLS: alb (an Application Load Balancer), or the name of the proxy on a single host. Default
    `alb`."""
    frontend_image: NotRequired[str]
    """Image of the proxy on the host with an exact tag. The proxy also runs behind a load balancer. Default the
    official image on public.ecr.aws."""
    tools_image: NotRequired[str]
    """Image with psql and sed, which the host uses for its checks and logs. It needs an exact tag. Default the official
    PostgreSQL image on public.ecr.aws."""
    zone_id: NotRequired[pulumi.Input[str]]
    """Id of the domain's Route 53 hosted zone. The deployment creates the DNS record there, and with a load balancer
    also the certificate."""
    certificate_arn: NotRequired[pulumi.Input[str]]
    """ARN of an existing ACM certificate, instead of `zone_id`. The deployment then creates no DNS record."""
    certificates: NotRequired[str]
    """Source of the certificate: acme (a public authority), files (`certificate_chain` and `certificate_key`) or, on
    Docker, internal (the frontend's own authority). Caddy supports all of them, Traefik acme and files, nginx only
    files. With internal, clients must trust the authority's certificate, which is the output caCertificate. The value
    acme requires `acme_email`. Default internal for a host name in a local domain such as .localhost or .internal,
    otherwise acme; files if the frontend doesn't support that."""
    certificate_chain: NotRequired[pulumi.Input[str]]
    """Certificate chain of the frontend, as PEM text or as the path of a file: the certificate of the host, then each
    intermediate certificate. A relative path starts in the project's folder. Required with `certificates` files."""
    certificate_key: NotRequired[pulumi.Input[str]]
    """Private key of `certificate_chain` without a passphrase, as PEM text or as the path of a file. In a stack, set
    the text with `pulumi config set --secret`. Required with `certificates` files."""
    acme_email: NotRequired[str]
    """E-mail address for the ACME server. Required where the frontend gets its certificate by ACME."""
    acme_server: NotRequired[str]
    """Directory URL of the ACME server. Default Let's Encrypt."""
    admin_cidrs: NotRequired[list[str]]
    """Networks that may reach the admin console, such as 203.0.113.0/24. Default all networks."""
    egress_ports: NotRequired[list[int]]
    """TCP ports on which the host may reach the internet. 443 is required. Port 25 needs the consent of AWS. Default
    443,465,587."""
    instance_type: NotRequired[str]
    """EC2 instance type of the server. Its memory must hold all containers and 300 MB for the system. Default
    `t4g.small`."""
    host_image_id: NotRequired[pulumi.Input[str]]
    """Id of the host's machine image (AMI), an ECS-optimized Amazon Linux 2023. Default the newest image, so any `up`
    may replace the hosts."""
    environment: NotRequired[str]
    """Mode: exactly production or development. Kotauth refuses insecure settings only in production. Default
    `production`."""
    image: NotRequired[str]
    """Image of Kotauth with an exact tag, version 1.21.0 or newer. Default `ghcr.io/inumansoul/kotauth:1.22.0`."""
    memory: NotRequired[int]
    """Memory limit of the Kotauth container in MB, at least 512. Default 512."""
    cpus: NotRequired[float]
    """Processor limit of the Kotauth container in vCPUs, at least 1. Default 1."""
    pool_size: NotRequired[int]
    """Size of the server's pool of database connections, 2 to 40. Default 10."""
    update_check: NotRequired[bool]
    """Whether Kotauth checks for newer versions. The check needs internet access on port 443. Default true."""
    secret_key: NotRequired[pulumi.Input[str]]
    """Existing secret key to use. In a stack, set it with `pulumi config set --secret`. Default a generated key, which
    Pulumi protects from deletion."""
    database_version: NotRequired[int]
    """Major version of PostgreSQL, 14 to 17. Default 14."""
    database_password_version: NotRequired[int]
    """Version of the database password. A new number rotates the password of the server's database login. Default 1."""
    customer_disk_key: NotRequired[bool]
    """Set to true when hosts may use the customer managed key that is the account's default for EBS volumes. Default
    false."""
    database_class: NotRequired[str]
    """RDS instance class of the database. Default `db.t4g.small`."""
    database_storage: NotRequired[int]
    """Storage of the database in GB, at least 20. Default 20."""
    database_storage_limit: NotRequired[int]
    """Size in GB up to which RDS grows the storage automatically. Default twice `database_storage`, at least 100."""
    database_multi_az: NotRequired[bool]
    """Whether the database has a standby in another zone. Default true."""
    database_backup_days: NotRequired[int]
    """Days within which the database can be restored to any point in time, 1 to 35. Default 14."""
    database_ca: NotRequired[str]
    """Certificate authorities that clients accept for the database, in PEM form. Required with `vpc_id` if a program
    makes the AWS provider's role or account itself. Default the RDS authorities of the region."""
    log_retention_days: NotRequired[int]
    """Days for which logs are kept. CloudWatch Logs allows only certain numbers. Default 365."""
    alarm_email: NotRequired[str]
    """E-mail address for alarms. The recipient must confirm the subscription once. Default no e-mail: alarms go only to
    the SNS topic."""
    alarm_errors: NotRequired[int]
    """Number of error lines in the log in 5 minutes that raises an alarm. Default 5."""
    alarm_failed_logins: NotRequired[int]
    """Number of failed logins in 5 minutes that raises an alarm. Default 50."""
    alarm_latency: NotRequired[float]
    """Response time in seconds that raises an alarm if the slowest 1 % of responses exceed it. Default 2."""
    deletion_protection: NotRequired[bool]
    """Whether resources that can't be recreated are protected from deletion. Default true."""
    tags: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Tags for everything."""


class AwsDeployment(pulumi.ComponentResource):
    """Kotauth behind TLS on AWS."""

    url: pulumi.Output[str]
    """Public address, known once everything is ready."""
    admin_url: pulumi.Output[str]
    """URL of the admin console."""
    ready_url: pulumi.Output[str]
    """Readiness URL. A GET returns 200 while the server and its database are ready."""
    admin_password: pulumi.Output[str]
    """First password of the user `admin` (secret). Kotauth uses it only on an empty database."""
    checklist_api_key: pulumi.Output[str]
    """Read-only API key for the production checklist (secret)."""
    database_url: pulumi.Output[str]
    """JDBC URL of the database, without credentials."""
    database_endpoint: pulumi.Output[str]
    """Host name of the database."""
    frontend_address: pulumi.Output[str]
    """Target for the DNS record of the public name: the load balancer's name, or the address of the single host."""
    load_balancer_name: pulumi.Output[str]
    """Name of the load balancer. Empty without a load balancer."""
    secret_arns: pulumi.Output[dict[str, str]]
    """ARN of each secret, by the name of the secret file of the server or of the proxy."""
    log_group: pulumi.Output[str]
    """Log group of the server, the frontend and the host."""
    dashboard_url: pulumi.Output[str]
    """URL of the CloudWatch dashboard."""

    def __init__(self, name: str, args: AwsDeploymentArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Make network, secrets, database, role, frontend and server, in the order in which they need each other."""
        subject = f"AwsDeployment {name}"
        args = watched_outputs(args, AwsDeploymentArgs, subject)
        settings = AwsSettings.resolve(args, subject, AwsDeploymentArgs, name)
        server = settings.server
        super().__init__(
            token("AwsDeployment"),
            name,
            {
                "base_url": server.base_url.text,
                "environment": server.environment,
                "image": server.image.reference,
                "frontend": settings.frontend,
            },
            opts,
        )
        child, tags = pulumi.ResourceOptions(parent=self), args.get("tags", {})
        ca = database_authorities(settings, subject, Lookups(self))
        logs = f"Logs and alarms of {name}"
        log_key = customer_managed_key(f"{name}-log-key", logs, child, services=["logs", "alarms"], tags=tags).arn
        placement = make_network(name, settings, log_key_arn=log_key, tags=tags, opts=child)
        credentials = KotauthCredentials(name, server.credentials, child)
        secrets = store_secrets(
            name,
            {**credentials.secret_files(), **settings.frontend_secrets(subject)},
            password_version=server.database_password_version,
            deletion_protection=settings.deletion_protection,
            tags=tags,
            opts=child,
        )
        database = AwsDatabase(
            f"{name}-database",
            {
                "vpc_id": placement.vpc_id,
                "subnet_ids": placement.isolated_subnet_ids,
                "database": OWNER,
                "version": server.database_version,
                "instance_class": settings.database_class,
                "storage_gb": settings.database_storage,
                "storage_limit_gb": settings.database_storage_limit,
                "multi_az": settings.database_multi_az,
                "backup_retention_days": settings.database_backup_days,
                "log_retention_days": settings.log_retention_days,
                "deletion_protection": settings.deletion_protection,
                "tags": tags,
            },
            child,
        )
        password = secrets.references[DATABASE_PASSWORD_FILE]
        role = AwsDatabaseRole(
            f"{name}-database-role",
            {
                "vpc_id": placement.vpc_id,
                "subnet_ids": placement.private_subnet_ids,
                "database": OWNER,
                "database_host": database.host,
                "database_security_group_id": database.security_group_id,
                "administrator_secret_arn": database.administrator_secret_arn,
                "administrator_key_arn": database.kms_key_arn,
                "password_secret_arn": password["arn"],
                "password_key_arn": password["key_arn"],
                "password_version": server.database_password_version,
                "pool_size": server.pool_size,
                "secret_key_fingerprint": credentials.secret_key_fingerprint,
                "ca_bundle": ca,
                "log_retention_days": settings.log_retention_days,
                "kms_key_arn": log_key,
                "tags": tags,
            },
            after(child, database, *placement.made, *secrets.made),
        )
        server_database = DatabaseConnection(
            database.host, OWNER, login_name(server.database_password_version), settings.tools_image.reference, ca
        )
        topology = make_topology(
            name,
            settings,
            placement,
            server.spec(server_database),
            ServerDependencies(server.base_url, secrets.references, database.security_group_id, log_key),
            tags=tags,
            opts=after(child, role, *placement.made, *secrets.made),
        )
        watched: Any = {
            **topology.watched,
            "log_group_name": topology.log_group,
            "database_identifier": database.identifier,
            "role_function_name": role.function_name,
            "nat_gateway_ids": placement.nat_gateway_ids,
            "errors": settings.alarm_errors,
            "failed_logins": settings.alarm_failed_logins,
            "latency_seconds": settings.alarm_latency,
            "kms_key_arn": log_key,
            "tags": tags,
        } | ({"alarm_email": settings.alarm_email} if settings.alarm_email else {})

        self.url = topology.ready.apply(lambda _: server.base_url.text)
        self.admin_url = topology.ready.apply(lambda _: f"{server.base_url.text}/admin")
        self.ready_url = topology.ready.apply(lambda _: f"{server.base_url.text}{kotauth.READY_PATH}")
        self.admin_password = credentials.admin_password
        self.checklist_api_key = credentials.checklist_api_key
        self.database_url = pulumi.Output.from_input(server_database.url)
        self.database_endpoint = database.host
        self.frontend_address = topology.address
        self.load_balancer_name = topology.load_balancer_name
        self.secret_arns = pulumi.Output.all(**{file: secret["arn"] for file, secret in secrets.references.items()})
        self.log_group = topology.log_group
        self.dashboard_url = AwsObservability(f"{name}-watch", watched, child).dashboard_url
        self.register_outputs(declared_outputs(self, AwsDeployment))
