"""The application's database roles on RDS.

Only the VPC reaches the database, so a function in it runs the same `role.sql` as everywhere. Its call names versions,
ARNs and hosts, and is made again whenever one of them changes or the function's code does; the function reads the
passwords itself, because a call's input lies in the state. The fingerprint of the secret key makes the input a secret.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from ...inputs.aws_ids import parse_arn, parse_subnet_list, plain, resource_id
from ...inputs.choice import true_or_false
from ...inputs.declaration import derived, optional, own_name, value
from ...inputs.number import whole_number
from ...inputs.parsing import parse_args
from ...inputs.resource_name import parse_resource_name
from ...postgres.limits import (
    POOL_SIZE,
    parse_database_name,
    parse_fingerprint,
    parse_password_version,
    parse_pool_size,
)
from ...postgres.rds_ca import parse_ca_bundle, rds_ca_bundle
from ...postgres.role import OWNER, connection_limit, login_name
from ...schema.outputs import declared_outputs
from ...schema.tokens import token
from ..functions.archive import POSTGRES_DRIVER, FunctionCode, function_code
from ..observability.logs import RETENTION_DAYS, encrypted_log_group, parse_retention
from ..provider.lookups import Lookups
from ..security.iam import document, trust
from ..security.secret import staging_label
from ..security.security_groups import WORLD, allow_between
from .database_role_rights import no_interfaces, rights

_SECONDS = 300
"""The function waits for the database for four minutes of them."""


@dataclass(frozen=True, kw_only=True)
class _RoleInputs:
    name: str = own_name(parse_resource_name)
    vpc_id: pulumi.Input[str] = value(plain(resource_id("vpc")))
    subnet_ids: pulumi.Input[Sequence[pulumi.Input[str]]] = value(parse_subnet_list)
    database_host: pulumi.Input[str] = value()
    database_security_group_id: pulumi.Input[str] = value(plain(resource_id("sg")))
    administrator_secret_arn: pulumi.Input[str] = value(plain(parse_arn))
    administrator_key_arn: pulumi.Input[str] = value(plain(parse_arn))
    password_secret_arn: pulumi.Input[str] = value(plain(parse_arn))
    password_key_arn: pulumi.Input[str] = value(plain(parse_arn))
    database_port: int = value(whole_number("a port", 1, 65535), default=5432)
    database: str = value(parse_database_name, default=OWNER)
    password_version: int = value(parse_password_version, default=1)
    password_label: pulumi.Input[str] = derived(None, lambda made: staging_label(made.password_version))
    pool_size: int = value(parse_pool_size, default=POOL_SIZE)
    secret_key_fingerprint: pulumi.Output[str] | None = optional(parse_fingerprint, secret=True)
    ca_bundle: str | None = optional(parse_ca_bundle)
    reserve_concurrency: bool = value(true_or_false, default=False)
    log_retention_days: int = value(parse_retention, default=RETENTION_DAYS)
    kms_key_arn: pulumi.Input[str] | None = optional(plain(parse_arn))
    tags: Mapping[str, pulumi.Input[str]] = value(default={})


class AwsDatabaseRoleArgs(TypedDict):
    """Inputs of `AwsDatabaseRole`."""

    vpc_id: pulumi.Input[str]
    """The database's VPC."""
    subnet_ids: pulumi.Input[Sequence[pulumi.Input[str]]]
    """Private subnets that reach Secrets Manager, through NAT or an endpoint."""
    database_host: pulumi.Input[str]
    """Host name of the database, as in its certificate."""
    database_security_group_id: pulumi.Input[str]
    """Security group of the database. The component adds a rule for the function to it."""
    administrator_secret_arn: pulumi.Input[str]
    """Secret with the administrator's `username` and `password` in JSON, as RDS manages it."""
    administrator_key_arn: pulumi.Input[str]
    """KMS key of the administrator's secret."""
    password_secret_arn: pulumi.Input[str]
    """Secret with the password of the login. Each version has a staging label, as from `AwsSecret`."""
    password_key_arn: pulumi.Input[str]
    """KMS key of the password's secret."""
    database_port: NotRequired[int]
    """Port of the database. Default 5432."""
    database: NotRequired[str]
    """Name of the database. Default `kotauth`."""
    password_version: NotRequired[int]
    """Version of the password. Its number selects one of two logins, so a rotation keeps the password of the previous
    login. Default 1."""
    password_label: NotRequired[pulumi.Input[str]]
    """Staging label of the password's version. Default the label that `AwsSecret` gives to this version."""
    pool_size: NotRequired[int]
    """Maximum number of connections of one server. Default 10."""
    secret_key_fingerprint: NotRequired[pulumi.Input[str]]
    """Fingerprint of the server's secret key, from `KotauthCredentials`. It is stored while the database holds no
    table, and the key guard compares each start with it. Without it, only the audit log shows a wrong key."""
    ca_bundle: NotRequired[str]
    """Certificate authorities of the database, in PEM form. Default the RDS authorities of the region."""
    reserve_concurrency: NotRequired[bool]
    """Whether the function reserves exactly one concurrent execution. Default false, because an account with a limit of
    ten, such as a new account, can't reserve any."""
    log_retention_days: NotRequired[int]
    """Days that the function's log is kept. Default 365."""
    kms_key_arn: NotRequired[pulumi.Input[str]]
    """KMS key of the log. By default the component creates one."""
    tags: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Tags for every child."""


class AwsDatabaseRole(pulumi.ComponentResource):
    """The owner role of the application's schema, which can't log in, and a login that acts as the owner."""

    user: pulumi.Output[str]
    """Name of the login, known once the login works."""
    function_name: pulumi.Output[str]
    """Name of the function that creates the roles."""

    def __init__(self, name: str, args: AwsDatabaseRoleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Make the function and call it."""
        inputs = parse_args(_RoleInputs, AwsDatabaseRoleArgs, name, args)
        login, limit = login_name(inputs.password_version), connection_limit(inputs.pool_size)
        super().__init__(token("AwsDatabaseRole"), name, {"login": login, "connection_limit": limit}, opts)
        child, tags = pulumi.ResourceOptions(parent=self), inputs.tags
        region = Lookups(self).region

        logs = encrypted_log_group(
            f"{name}-log",
            own_key=(f"{name}-log-key", f"Log of {name}"),
            key_arn=inputs.kms_key_arn,
            retention_days=inputs.log_retention_days,
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
            [inputs.administrator_secret_arn, inputs.password_secret_arn],
            [inputs.administrator_key_arn, inputs.password_key_arn],
            region,
            logs.arn,
        )
        granted = aws.iam.RolePolicy(f"{name}-rights", role=role.name, policy=document(*allowed), opts=child)
        code = pulumi.Output.from_input(
            inputs.ca_bundle or region.apply(lambda known: rds_ca_bundle(known, f"AwsDatabaseRole {name}"))
        ).apply(_code)
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
            reserved_concurrent_executions=1 if inputs.reserve_concurrency else -1,
            tracing_config={"mode": "Active"},
            logging_config={"log_group": logs.name, "log_format": "JSON"},
            vpc_config={
                "subnet_ids": inputs.subnet_ids,
                "security_group_ids": [_security_group(name, inputs, child, granted).id],
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
                    "host": inputs.database_host,
                    "port": inputs.database_port,
                    "database": inputs.database,
                    "login": login,
                    "connection_limit": limit,
                    "key_fingerprint": inputs.secret_key_fingerprint or "",
                    "administrator_secret": inputs.administrator_secret_arn,
                    "password_secret": inputs.password_secret_arn,
                    "password_label": inputs.password_label,
                }
            ),
            triggers={"code": code.apply(lambda code: code.sha256), "password_version": str(inputs.password_version)},
            opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[confined])),
        )
        self.user = call.result.apply(lambda _: login)
        self.function_name = function.name
        self.register_outputs(declared_outputs(self, AwsDatabaseRole))


def _code(ca_bundle: str) -> FunctionCode:
    return function_code(
        "database_role",
        shared=["postgres/role.py", "postgres/role.sql"],
        texts={"ca.pem": ca_bundle},
        distributions=POSTGRES_DRIVER,
    )


def _security_group(
    name: str,
    inputs: _RoleInputs,
    child: pulumi.ResourceOptions,
    rights: "aws.iam.RolePolicy",
) -> "aws.ec2.SecurityGroup":
    """Make the function's group, which keeps the function's role until Lambda has removed its network interfaces.

    Lambda removes them with the role's rights, 20 minutes and more after the function. They hold the group, for which
    the provider waits up to 45 minutes, and what the group depends on is deleted after it.
    """
    tags = inputs.tags
    group = aws.ec2.SecurityGroup(
        f"{name}-function",
        description="Function that makes the database roles of Kotauth",
        vpc_id=inputs.vpc_id,
        tags=tags,
        opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[rights])),
    )
    allow_between(
        f"{name}-to-database",
        client_group=group.id,
        server_group=inputs.database_security_group_id,
        port=inputs.database_port,
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
