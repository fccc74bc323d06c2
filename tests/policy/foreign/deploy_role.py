"""Roles that a pipeline on GitHub takes: one for the main branch, one that any fork could take."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pulumi_aws as aws

from . import at

GITHUB = "token.actions.githubusercontent.com"
BUCKET = "arn:aws:s3:::acme-site"
# The provider takes an object, too.
RELEASE: Any = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"},
        {
            "Effect": "Allow",
            "Action": ["ecs:UpdateService", "iam:PassRole"],
            "Resource": ["arn:aws:ecs:us-east-1:123456789012:service/main/shop", "arn:aws:iam::123456789012:role/*"],
        },
    ],
}


def _trusting(provider: aws.iam.OpenIdConnectProvider, condition: dict[str, Any]) -> pulumi.Output[str]:
    def document(arn: str) -> str:
        statement = {
            "Effect": "Allow",
            "Principal": {"Federated": arn},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": condition,
        }
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]})

    return provider.arn.apply(document)


def program() -> None:
    """Make the roles."""
    provider = aws.iam.OpenIdConnectProvider("github", url=f"https://{GITHUB}", client_id_lists=["sts.amazonaws.com"])
    audience = {f"{GITHUB}:aud": "sts.amazonaws.com"}

    deploy = aws.iam.Role(
        "deploy",
        max_session_duration=3600,
        assume_role_policy=_trusting(
            provider,
            {"StringEquals": {**audience, f"{GITHUB}:sub": ["repo:acme/site:ref:refs/heads/main"]}},
        ),
    )
    aws.iam.RolePolicy(
        "deploy-site",
        role=deploy.id,
        policy=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Action": ["s3:PutObject", "s3:DeleteObject", "s3:ListBucket"],
                        "Resource": [BUCKET, f"{BUCKET}/*"],
                    },
                    {
                        "Effect": "Allow",
                        "Action": "cloudfront:CreateInvalidation",
                        "Resource": "arn:aws:cloudfront::123456789012:distribution/E1ABCDEFGHIJKL",
                    },
                ],
            }
        ),
    )

    # Any workflow of the organisation, its forks' pull requests too.
    preview = aws.iam.Role(
        "preview",
        assume_role_policy=_trusting(
            provider, {"StringLike": {f"{GITHUB}:sub": "repo:acme/*"}, "StringEquals": audience}
        ),
    )
    aws.iam.RolePolicyAttachmentsExclusive(
        "preview-only", role_name=preview.name, policy_arns=["arn:aws:iam::aws:policy/ReadOnlyAccess"]
    )

    # The audience is the same for the workflows of all owners.
    release = aws.iam.Role(
        "release",
        assume_role_policy=_trusting(provider, {"StringEquals": audience}),
        managed_policy_arns=["arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPowerUser"],
    )
    aws.iam.RolePolicy(
        "release-images",
        role=release.name,
        policy=RELEASE,
    )

    infrastructure = aws.iam.Role(
        "infrastructure",
        assume_role_policy=_trusting(
            provider,
            {"StringEquals": audience, "StringLike": {f"{GITHUB}:sub": "repo:acme/infrastructure:environment:prod"}},
        ),
    )
    aws.iam.PolicyAttachment(
        "infrastructure-admin",
        roles=[infrastructure.name],
        policy_arn=aws.iam.ManagedPolicy.ADMINISTRATOR_ACCESS,
    )


EXPECTED = at("release-images", "forbid-escalation") | at("infrastructure-admin", "forbid-administrator-policies")
LATER = {"github": {"arn": f"arn:aws:iam::123456789012:oidc-provider/{GITHUB}"}}
"""The trust is known with the provider's ARN only: then two of the roles turn out to name no repository."""
EXPECTED_LATER = EXPECTED | at("preview", "trust-exactly") | at("release", "trust-exactly")
