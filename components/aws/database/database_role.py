"""The application's database roles on RDS.

Only the VPC reaches the database, so a function in it runs the same `role.sql` as everywhere. Its call names versions,
ARNs and hosts, and is made again whenever one of them changes or the function's code does; the function reads the
passwords itself, because a call's input lies in the state. The fingerprint of the secret key makes the input a secret.
"""

from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from ...inputs.reader import Inputs, true_or_false, whole_number
from ...postgres.limits import (
    POOL_SIZE,
    parse_database_name,
    parse_fingerprint,
    parse_password_version,
    parse_pool_size,
)
from ...postgres.rds_ca import parse_ca_bundle, rds_ca_bundle
from ...postgres.role import OWNER, connection_limit, login_name
from ...schema.tokens import token
from ..functions.archive import POSTGRES_DRIVER, FunctionCode, function_code
from ..observability.logs import RETENTION_DAYS, encrypted_log_group, parse_retention
from ..security.iam import document, trust
from ..security.secret import staging_label
from ..security.security_groups import WORLD, allow_between
from .database_role_rights import no_interfaces, rights

_SECONDS = 300
"""The function waits for the database for four minutes of them."""


class AwsDatabaseRoleArgs(TypedDict):
    """Inputs of `AwsDatabaseRole`."""

    vpc_id: pulumi.Input[str]
    """The database's VPC."""
    subnet_ids: pulumi.Input[list[str]]
    """Private subnets with a way to Secrets Manager: through NAT or an endpoint."""
    database_host: pulumi.Input[str]
    """Host name of the database, as its certificate has it."""
    database_security_group_id: pulumi.Input[str]
    """Security group of the database. It gets a rule for the function."""
    administrator_secret_arn: pulumi.Input[str]
    """Secret with the administrator's `username` and `password` in JSON, as RDS manages it."""
    administrator_key_arn: pulumi.Input[str]
    """Key of that secret."""
    password_secret_arn: pulumi.Input[str]
    """Secret with the password of the login. Each version has a staging label, as from `AwsSecret`."""
    password_key_arn: pulumi.Input[str]
    """Key of that secret."""
    database_port: NotRequired[int]
    """Port of the database. Default 5432."""
    database: NotRequired[str]
    """Name of the database. Default `kotauth`."""
    password_version: NotRequired[int]
    """Two logins take turns, chosen by this number: a rotation leaves the old one its password. Default 1."""
    password_label: NotRequired[pulumi.Input[str]]
    """Staging label of the password's version. Default the one that `AwsSecret` gives the version of that number."""
    pool_size: NotRequired[int]
    """Connections of one server. Default 10."""
    secret_key_fingerprint: NotRequired[pulumi.Input[str]]
    """Fingerprint of the server's secret key, from `KotauthCredentials`. Stored while the database holds no table; the
    key guard compares with it. By default only the audit log tells of a wrong key."""
    ca_bundle: NotRequired[str]
    """Authorities that sign the database's certificate, PEM. Default those of RDS in the region."""
    reserve_concurrency: NotRequired[bool]
    """Whether one execution is reserved for the function, and no more. Default false: an account that may run only ten
    at once, as new ones do, can't reserve any."""
    log_retention_days: NotRequired[int]
    """Days that the function's log is kept. Default 365."""
    kms_key_arn: NotRequired[pulumi.Input[str]]
    """Key that encrypts the log. Default one of its own."""
    tags: NotRequired[dict[str, str]]
    """Tags for every child."""


class AwsDatabaseRole(pulumi.ComponentResource):
    """The owner of the application's schema, who can't log in, and a login that acts as it."""

    user: pulumi.Output[str]
    """Name of the login, known once it can be used."""
    function_name: pulumi.Output[str]
    """Name of the function that makes the roles."""

    def __init__(self, name: str, args: AwsDatabaseRoleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Make the function and call it."""
        inputs = Inputs.of(AwsDatabaseRoleArgs, name, args, secrets=["secret_key_fingerprint"])
        port = inputs.take("database_port", whole_number("a port", 1, 65535), 5432)
        version = inputs.take("password_version", parse_password_version, 1)
        limit = connection_limit(inputs.take("pool_size", parse_pool_size, POOL_SIZE))
        reserve = inputs.take("reserve_concurrency", true_or_false, False)
        ca_bundle = inputs.optional("ca_bundle", parse_ca_bundle)
        retention = inputs.take("log_retention_days", parse_retention, RETENTION_DAYS)
        database = inputs.take("database", parse_database_name, OWNER)
        fingerprint = inputs.optional("secret_key_fingerprint", parse_fingerprint)
        inputs.finish()
        login = login_name(version)
        super().__init__(token("AwsDatabaseRole"), name, {"login": login, "connection_limit": limit}, opts)
        child, tags = pulumi.ResourceOptions(parent=self), args.get("tags", {})
        region = aws.get_region_output(opts=pulumi.InvokeOutputOptions(parent=self)).region

        logs = encrypted_log_group(
            f"{name}-log",
            own_key=(f"{name}-log-key", f"Log of {name}"),
            key_arn=args.get("kms_key_arn"),
            retention_days=retention,
            tags=tags,
            opts=child,
        )
        role = aws.iam.Role(
            f"{name}-function",
            description="Makes Kotauth's database roles",
            assume_role_policy=trust("lambda.amazonaws.com"),
            tags=tags,
            opts=child,
        )
        allowed = rights(
            [args["administrator_secret_arn"], args["password_secret_arn"]],
            [args["administrator_key_arn"], args["password_key_arn"]],
            region,
            logs.arn,
        )
        granted = aws.iam.RolePolicy(f"{name}-rights", role=role.name, policy=document(*allowed), opts=child)
        code = pulumi.Output.from_input(ca_bundle or region.apply(rds_ca_bundle)).apply(_code)
        function = aws.lambda_.Function(
            name,
            description="Makes Kotauth's database roles",
            role=role.arn,
            runtime=aws.lambda_.Runtime.PYTHON3D13,
            architectures=["arm64"],
            handler=code.apply(lambda code: code.handler),
            code=code.apply(lambda code: code.archive),
            timeout=_SECONDS,
            memory_size=256,
            reserved_concurrent_executions=1 if reserve else -1,
            tracing_config={"mode": "Active"},
            logging_config={"log_group": logs.name, "log_format": "JSON"},
            vpc_config={
                "subnet_ids": args["subnet_ids"],
                "security_group_ids": [_security_group(name, args, port, child, granted).id],
            },
            tags=tags,
            opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[granted])),
        )
        confined = aws.iam.RolePolicy(
            f"{name}-confined", role=role.name, policy=document(no_interfaces(function.arn)), opts=child
        )
        call = aws.lambda_.Invocation(
            f"{name}-call",
            function_name=function.name,
            lifecycle_scope="CREATE_ONLY",
            input=pulumi.Output.json_dumps(
                {
                    "host": args["database_host"],
                    "port": port,
                    "database": database,
                    "login": login,
                    "connection_limit": limit,
                    "key_fingerprint": fingerprint or "",
                    "administrator_secret": args["administrator_secret_arn"],
                    "password_secret": args["password_secret_arn"],
                    "password_label": args.get("password_label", staging_label(version)),
                }
            ),
            triggers={"code": code.apply(lambda code: code.sha256), "password_version": str(version)},
            opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[confined])),
        )
        self.user = call.result.apply(lambda _: login)
        self.function_name = function.name
        self.register_outputs({"user": self.user, "function_name": self.function_name})


def _code(ca_bundle: str) -> FunctionCode:
    return function_code(
        "database_role",
        shared=["postgres/role.py", "postgres/role.sql"],
        texts={"ca.pem": ca_bundle},
        distributions=POSTGRES_DRIVER,
    )


def _security_group(
    name: str,
    args: AwsDatabaseRoleArgs,
    port: int,
    child: pulumi.ResourceOptions,
    rights: "aws.iam.RolePolicy",
) -> "aws.ec2.SecurityGroup":
    """Make the function's group, which keeps the function's role until Lambda has removed its network interfaces.

    Lambda removes them with the role's rights, 20 minutes and more after the function. They hold the group, for which
    the provider waits up to 45 minutes, and what the group depends on is deleted after it.
    """
    tags = args.get("tags", {})
    group = aws.ec2.SecurityGroup(
        f"{name}-function",
        description="Function that makes the database roles of Kotauth",
        vpc_id=args["vpc_id"],
        tags=tags,
        opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[rights])),
    )
    allow_between(
        f"{name}-to-database",
        client_group=group.id,
        server_group=args["database_security_group_id"],
        port=port,
        description="Database roles",
        tags=tags,
        opts=child,
    )
    aws.vpc.SecurityGroupEgressRule(
        f"{name}-to-secrets",
        security_group_id=group.id,
        cidr_ipv4=WORLD,
        ip_protocol="tcp",
        from_port=443,
        to_port=443,
        description="Secrets Manager, through NAT or an endpoint",
        tags=tags,
        opts=child,
    )
    return group
