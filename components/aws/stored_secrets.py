"""The server's secrets where its hosts find them: one secret a file, all under one key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from .host_role import SecretReference
from .key import customer_key
from .secret import AwsSecret, AwsSecretArgs, staging_label
from .settings import AwsSettings

PASSWORD_FILE = "database_password"  # noqa: S105 - a file's name


@dataclass(frozen=True)
class StoredSecrets:
    """References by the name of the file, and what must be there before one is read."""

    references: dict[str, SecretReference]
    made: Sequence[pulumi.Resource]


def store_secrets(
    name: str,
    contents: Mapping[str, pulumi.Input[str]],
    settings: AwsSettings,
    *,
    tags: dict[str, str],
    opts: pulumi.ResourceOptions,
) -> StoredSecrets:
    """Store each file's content in Secrets Manager; ``opts`` must name the parent."""
    kept = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(protect=settings.deletion_protection))
    key = customer_key(f"{name}-secrets-key", f"Secrets of {name}", kept, tags=tags)
    references: dict[str, SecretReference] = {}
    made: list[pulumi.Resource] = []
    for file, content in contents.items():
        args: AwsSecretArgs = {
            "value": content,
            "description": f"{file} of {name}",
            "kms_key_arn": key.arn,
            # The password may go: the next run makes another.
            "deletion_protection": settings.deletion_protection and file != PASSWORD_FILE,
            "tags": tags,
        }
        reference: SecretReference = {"arn": "", "key_arn": key.arn}
        if file == PASSWORD_FILE:
            # A generation of hosts keeps asking for its own password, whatever was rotated since.
            args["version"] = reference["version"] = staging_label(settings.server.database_password_version)
        secret = AwsSecret(f"{name}-{file.partition('.')[0].replace('_', '-')}", args, opts)
        references[file] = {**reference, "arn": secret.arn}
        made.append(secret)
    return StoredSecrets(references, made)
