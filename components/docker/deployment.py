"""The whole of Kotauth on one Docker host: PostgreSQL, the server, a frontend."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict

import pulumi
import pulumi_random as random

from ..config.stack import STACK_LABEL
from ..inputs.parsing import watched_outputs
from ..kotauth import server as kotauth
from ..kotauth.credentials import KotauthCredentials
from ..kotauth.database import DatabaseConnection
from ..postgres.role import OWNER, login_name
from ..schema.outputs import declared_outputs
from ..schema.tokens import token
from ..workload.spec import LOGS_LABEL
from .backups import DockerBackups, DockerBackupsArgs
from .container import DockerContainer
from .database import HOST, DockerDatabase, DockerDatabaseRole, DockerDatabaseRoleArgs
from .frontend import known_to_proxy, make_frontend, shared_network
from .logs import DockerLogRoute, DockerLogRouteArgs
from .network import NETWORK_LABEL, DockerNetwork
from .settings import DockerSettings

_Labels = Mapping[str, pulumi.Input[str]]


class DockerDeploymentArgs(TypedDict):
    """Inputs of `DockerDeployment`. Each has the rule and the default of the setting of the same name."""

    base_url: str
    """Public address of the server: https, host and port only. Names under .localhost mean this machine."""
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
    database_image: NotRequired[str]
    """Image of PostgreSQL with an exact tag, which begins with `database_version`. Default the official image."""
    database_password_version: NotRequired[int]
    """Version of the database password. A new number rotates the password of the server's database login. Default 1."""
    frontend: NotRequired[str]
    """Frontend: the proxy that terminates TLS, or external for a proxy that you run already. The value external
    requires `proxy_network`. Default `caddy`."""
    proxy_network: NotRequired[pulumi.Input[str]]
    """Existing Docker network that your proxy and the server share. Only for frontend external."""
    frontend_image: NotRequired[str]
    """Image of the frontend with an exact tag. Default the official image."""
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
    logs: NotRequired[str]
    """Where log lines go: none (they stay on the host), loki, datadog, cloudwatch, or otlp (any endpoint that takes
    OTLP over HTTP). Codes, tokens and passwords are removed before a line leaves the host. Default `none`."""
    logs_endpoint: NotRequired[str]
    """Address of Loki, or of the OTLP endpoint. The path /otlp/v1/logs (Loki) or /v1/logs is appended unless it ends
    so. Required with `logs` loki or otlp."""
    logs_site: NotRequired[str]
    """Datadog site. Not every site has an OTLP intake for logs. Required with `logs` datadog."""
    logs_region: NotRequired[str]
    """Region of CloudWatch Logs. Required with `logs` cloudwatch."""
    logs_group: NotRequired[str]
    """Existing log group, which must allow bearer tokens. Required with `logs` cloudwatch."""
    logs_stream: NotRequired[str]
    """Existing log stream of `logs_group`. Required with `logs` cloudwatch."""
    logs_token: NotRequired[pulumi.Input[str]]
    """API key of Datadog, or bearer token of the other destinations. In a stack, set it with `pulumi config set
    --secret`. Required with `logs` datadog or cloudwatch."""
    logs_headers: NotRequired[pulumi.Input[str]]
    """HTTP headers for Loki or the OTLP endpoint, as a JSON object of header to value. In a stack, set it with `pulumi
    config set --secret`."""
    logs_image: NotRequired[str]
    """Image of the OpenTelemetry Collector with an exact tag. It must have the components of the contrib distribution.
    Default `docker.io/otel/opentelemetry-collector-contrib:0.149.0`."""
    http_port: NotRequired[int]
    """HTTP port on the Docker host, which redirects to HTTPS. Default 80 if `https_port` is 443, otherwise 8080."""
    https_port: NotRequired[int]
    """HTTPS port on the Docker host. Default the port of `base_url`."""
    backups: NotRequired[bool]
    """Whether the database is dumped on schedule, into an encrypted repository. Default true if `environment` is
    production, otherwise false."""
    backup_repository: NotRequired[str]
    """Repository of the backups: volume (a volume of its own on the Docker host), or the address of a bucket or of a
    folder on another host. A volume on the same host doesn't survive the loss of the host. Default `volume`."""
    backup_schedule: NotRequired[list[str]]
    """Times of day in UTC at which the database is dumped, such as 03:30,15:30. Default 03:30."""
    backup_keep_daily: NotRequired[int]
    """Number of days of which the newest backup is kept. Default 7."""
    backup_keep_weekly: NotRequired[int]
    """Number of weeks of which the newest backup is kept. Default 5."""
    backup_keep_monthly: NotRequired[int]
    """Number of months of which the newest backup is kept. Default 12."""
    backup_credentials: NotRequired[pulumi.Input[str]]
    """Access to the repository: for a bucket ACCESS_KEY_ID:SECRET_ACCESS_KEY, for SFTP the text of a private key
    without a passphrase. Set it with `pulumi config set --secret`. Required if `backup_repository` is not volume."""
    backup_known_hosts: NotRequired[str]
    """Lines of known_hosts by which ssh recognizes the host of an SFTP repository. Required for sftp, and only allowed
    there."""
    backup_image: NotRequired[str]
    """Image of restic with an exact tag. Default `docker.io/restic/restic:0.18.1`."""
    labels: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Labels for every container, volume and network."""


class DockerDeployment(pulumi.ComponentResource):
    """Kotauth behind TLS on one Docker host."""

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
    ca_certificate: pulumi.Output[str]
    """PEM of the certificate authority that clients must trust; empty with public certificates."""
    log_watcher: pulumi.Output[str]
    """Name of the container whose health and last line describe the log route; empty without a route."""

    def __init__(self, name: str, args: DockerDeploymentArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Make networks, secrets, database, server and frontend, in the order in which they need each other."""
        subject = f"DockerDeployment {name}"
        args = watched_outputs(args, DockerDeploymentArgs, subject)
        settings = DockerSettings.resolve(args, subject, DockerDeploymentArgs, name)
        application = settings.server
        super().__init__(
            token("DockerDeployment"),
            name,
            {
                "base_url": application.base_url.text,
                "environment": application.environment,
                "image": application.image.reference,
            },
            opts,
        )
        child = pulumi.ResourceOptions(parent=self)
        labels = args.get("labels") or {}
        # On containers alone: new labels would replace the volumes.
        sent = settings.sent_label(name, labels)

        shared = shared_network(name, settings, labels, child)
        database_network = DockerNetwork(
            f"{name}-database-network", {"labels": {**labels, NETWORK_LABEL: "database"}}, child
        ).network_name
        credentials = KotauthCredentials(name, application.credentials, child)

        database = DockerDatabase(
            f"{name}-postgres",
            {
                "network": database_network,
                "image": settings.database_image.reference,
                "labels": labels,
                "container_labels": sent,
            },
            child,
        )
        role_args: DockerDatabaseRoleArgs = {
            "network": database_network,
            "host": HOST,
            "administrator_password": database.administrator_password,
            "password": credentials.database_password,
            "password_version": application.database_password_version,
            "pool_size": application.pool_size,
            "secret_key_fingerprint": credentials.secret_key_fingerprint,
            "image": settings.database_image.reference,
            "labels": labels,
        }
        backup_password = None
        if settings.backups:
            backup_password = role_args["backup_password"] = random.RandomPassword(
                f"{name}-backup-login-password", length=48, special=False, opts=child
            ).result
        role = DockerDatabaseRole(
            f"{name}-database-role",
            role_args,
            pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[database])),
        )

        if backup_password is not None:
            backups: DockerBackupsArgs = {
                "server_image": application.image.reference,
                "repository": str(settings.backup_repository),
                "schedule": settings.backup_schedule,
                "keep_daily": settings.backup_keep_daily,
                "keep_weekly": settings.backup_keep_weekly,
                "keep_monthly": settings.backup_keep_monthly,
                "known_hosts": settings.backup_known_hosts or "",
                "credentials": settings.backup_credentials or "",
                "image": settings.backup_image.reference,
                "database_image": settings.database_image.reference,
                "stack": _stack_name(name, labels),
                "network": database_network,
                "host": role.user.apply(lambda _: HOST),
                "login_password": backup_password,
                "labels": labels,
                "container_labels": sent,
            }
            DockerBackups(f"{name}-backup", backups, child)

        server_database = DatabaseConnection(
            HOST, OWNER, login_name(application.database_password_version), settings.database_image.reference
        )
        server = DockerContainer(
            f"{name}-server",
            {
                "spec": application.spec(server_database),
                "secrets": credentials.secret_files(),
                "networks": [
                    shared,
                    {"name": database_network, "for_check": True},
                ],
                "files_image": settings.database_image.reference,
                "labels": labels,
                "container_labels": {**settings.traefik_labels, **sent},
            },
            pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[role])),
        )

        self.ca_certificate = pulumi.Output.from_input("")
        if settings.proxy_network:
            ready = known_to_proxy(name, settings, server.container_name, labels, child)
        else:
            ready, self.ca_certificate = make_frontend(
                name, settings, shared["name"], labels, pulumi.ResourceOptions(parent=self, depends_on=[server])
            )
        self.log_watcher = pulumi.Output.from_input("")
        if settings.has_log_route:
            self.log_watcher = _log_route(name, settings, sent[LOGS_LABEL], labels, child)
        self.url = ready.apply(lambda _: application.base_url.text)
        self.admin_url = ready.apply(lambda _: f"{application.base_url.text}/admin")
        self.ready_url = ready.apply(lambda _: f"{application.base_url.text}{kotauth.READY_PATH}")
        self.admin_password = credentials.admin_password
        self.checklist_api_key = credentials.checklist_api_key
        self.database_url = ready.apply(lambda _: str(server_database.url))
        self.register_outputs(declared_outputs(self, DockerDeployment))


def _stack_name(name: str, labels: _Labels) -> str:
    """Return the name of the stack, or else of the deployment, by which the repository knows the backups."""
    stack = labels.get(STACK_LABEL)
    return stack.rpartition("/")[2] if isinstance(stack, str) else name


def _log_route(
    name: str, settings: DockerSettings, stack: str, labels: _Labels, opts: pulumi.ResourceOptions
) -> pulumi.Output[str]:
    """Make the log route; return the name of its watcher."""
    args: DockerLogRouteArgs = {
        "stack": stack,
        "endpoint": settings.logs_destination,
        "image": settings.logs_image.reference,
        "tools_image": settings.server.image.reference,
        "files_image": settings.database_image.reference,
        "labels": labels,
    }
    if settings.has_log_headers:
        args["headers"] = settings.log_headers(f"DockerDeployment {name}")
    return DockerLogRoute(f"{name}-logs", args, opts).watcher_name
