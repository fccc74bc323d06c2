"""The IAM role of a host, with only the permissions that it needs.

It reads its own secrets, files and parameter, pulls its private images, writes its log, and has itself replaced.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from ..host.ecr import private_repository
from ..provider.lookups import Lookups
from ..security.iam import Statement, allow, document, trust
from ..security.secret import SecretReference


@dataclass(frozen=True)
class HostRole:
    """A role, and what must be there before a host starts with it."""

    role: "aws.iam.Role"
    rights: "aws.iam.RolePolicy"
    profile: "aws.iam.InstanceProfile"


def host_role(
    name: str, statements: Sequence[Statement], *, tags: Mapping[str, pulumi.Input[str]], opts: pulumi.ResourceOptions
) -> HostRole:
    """Make the role of a host that may do these things, and be entered through Session Manager."""
    role = aws.iam.Role(
        f"{name}-role",
        description=f"Hosts of {name}",
        assume_role_policy=trust("ec2.amazonaws.com"),
        tags=tags,
        opts=opts,
    )
    rights = aws.iam.RolePolicy(
        f"{name}-rights", role=role.name, policy=document(*statements, _session_manager()), opts=opts
    )
    return HostRole(role, rights, aws.iam.InstanceProfile(f"{name}-profile", role=role.name, tags=tags, opts=opts))


def boot_and_log(
    parameter: aws.ssm.Parameter, bucket: aws.s3.Bucket, log_group: aws.cloudwatch.LogGroup
) -> list[Statement]:
    """Let a host read its boot parameter and its files, and write its log."""
    return [
        allow("ReadBootParameter", "ssm:GetParameter", parameter.arn),
        allow("ReadFiles", "s3:GetObject", pulumi.Output.concat(bucket.arn, "/*")),
        allow("WriteLogs", ["logs:CreateLogStream", "logs:PutLogEvents"], pulumi.Output.concat(log_group.arn, ":*")),
    ]


def read_secrets(secrets: Sequence[SecretReference], lookups: Lookups) -> list[Statement]:
    """Let a host read these secrets, and use their keys for that alone."""
    if not secrets:
        return []
    service = pulumi.Output.concat("secretsmanager.", lookups.region, ".amazonaws.com")
    # Each key once: the same Output, not the same text, which is known later.
    keys = list({id(secret["key_arn"]): secret["key_arn"] for secret in secrets}.values())
    return [
        allow("ReadSecrets", "secretsmanager:GetSecretValue", [secret["arn"] for secret in secrets]),
        allow("DecryptSecrets", "kms:Decrypt", keys, condition={"StringEquals": {"kms:ViaService": service}}),
    ]


def may_pull_images(images: Sequence[str], lookups: Lookups) -> list[Statement]:
    """Let a host log in to private registries and pull these images; AWS knows no narrower resource for a login."""
    private = {repository for image in images if (repository := private_repository(image))}
    if not private:
        return []
    partition = lookups.partition
    repositories = [
        pulumi.Output.concat("arn:", partition, f":ecr:{region}:{account}:repository/{name}")
        for region, account, name in sorted((each.region, each.account, each.name) for each in private)
    ]
    return [
        allow("LogInToRegistries", "ecr:GetAuthorizationToken", "*"),
        allow("PullImages", ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], repositories),
    ]


def give_up(group: str, lookups: Lookups) -> Statement:
    """Let a host report itself unhealthy, so that its group replaces it.

    The name of the group isn't known before the group is made, but begins with ``group``.
    """
    place = [lookups.partition, "autoscaling", lookups.region, lookups.account]
    parts = [part for each in place for part in (":", each)]
    groups = pulumi.Output.concat("arn", *parts, f":autoScalingGroup:*:autoScalingGroupName/{group}-*")
    return allow("GiveUp", "autoscaling:SetInstanceHealth", groups)


def _session_manager() -> Statement:
    """Let people in through Session Manager, without a port. AWS knows no narrower resource for these actions.

    Not AWS's own managed policy, which may read every parameter of the account.
    """
    channels = ["CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel"]
    actions = ["ssm:UpdateInstanceInformation", *(f"ssmmessages:{channel}" for channel in channels)]
    return allow("SessionManager", actions, "*")
