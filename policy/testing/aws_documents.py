"""Documents of IAM in the compliant stack on AWS."""

from __future__ import annotations

from typing import Any

import pulumi_aws as aws

from .change import Args


def statement(**more: Any) -> Args:
    """Return a statement that allows."""
    return {"Effect": "Allow", **more}


def document(*statements: Args) -> Args:
    """Return a policy document."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def role(service: str) -> tuple[Any, Args]:
    """Return a role that a service assumes."""
    trust = document(statement(Action="sts:AssumeRole", Principal={"Service": service}))
    return aws.iam.Role, {"assume_role_policy": trust}


ACCOUNT = statement(Sid="Account", Action="kms:*", Resource="*", Principal={"AWS": "arn:aws:iam::123456789012:root"})
"""Lets the account use a key by its roles' own rights, as a key's policy has to."""
