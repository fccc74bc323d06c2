"""Reads secrets. The function's input can't carry them: an invocation's input lies in the state."""

# pyright: reportMissingTypeStubs=false

from __future__ import annotations

import json
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from .failure import DatabaseRoleError, NotYetError

CURRENT = "AWSCURRENT"

# At most half a minute for one secret: the caller tries again as long as there is time.
_CONFIG = Config(connect_timeout=3, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3})


def read_administrator(arn: str) -> tuple[str, str]:
    """Return name and password from the secret that RDS manages."""
    try:
        content = json.loads(read_secret(arn, CURRENT))
        return content["username"], content["password"]
    except (ValueError, KeyError, TypeError):
        raise DatabaseRoleError(f'secret {arn} must be JSON with "username" and "password"') from None


def read_secret(arn: str, label: str) -> str:
    """Return the version of a secret that has this staging label."""
    try:
        content = _secrets_manager().get_secret_value(SecretId=arn, VersionStage=label).get("SecretString")
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            raise DatabaseRoleError(f"secret {arn} has no version with the label {label}") from None
        # A permission that was given a moment ago isn't known everywhere, so a refusal may pass, too.
        raise NotYetError(f"secret {arn} could not be read: {error.response['Error']['Code']}") from None
    except BotoCoreError as error:
        raise NotYetError(f"secret {arn} could not be read: {type(error).__name__}") from None
    if not content:
        raise DatabaseRoleError(f"secret {arn} is empty in the version with the label {label}")
    return content


def _secrets_manager() -> Any:  # noqa: ANN401 - boto3's clients have no types
    return boto3.client("secretsmanager", config=_CONFIG)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
