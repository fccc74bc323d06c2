"""The server's secrets in Secrets Manager: one secret for each file, all under one key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from ...frontends.frontend import CERTIFICATE_FILE
from ...kotauth.secret_files import DATABASE_PASSWORD_FILE
from .key import customer_managed_key
from .secret import AwsSecret, AwsSecretArgs, SecretReference


@dataclass(frozen=True)
class StoredSecrets:
    """References by the name of the file, and what must be there before one is read."""

    references: dict[str, SecretReference]
    made: Sequence[pulumi.Resource]


def store_secrets(  # noqa: PLR0913 - what is stored, and how
    name: str,
    contents: Mapping[str, pulumi.Input[str]],
    *,
    password_version: int,
    deletion_protection: bool,
    tags: Mapping[str, pulumi.Input[str]],
    opts: pulumi.ResourceOptions,
) -> StoredSecrets:
    """Store each file's content in Secrets Manager; ``opts`` must name the parent."""
    kept = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(protect=deletion_protection or None))
    key = customer_managed_key(f"{name}-secrets-key", f"Secrets of {name}", kept, tags=tags)
    references: dict[str, SecretReference] = {}
    made: list[pulumi.Resource] = []
    for file, content in contents.items():
        args: AwsSecretArgs = {
            "value": content,
            "description": f"{file} of {name}",
            "kms_key_arn": key.arn,
            # The next run makes another password, and the user has the certificate.
            "deletion_protection": deletion_protection and file not in (DATABASE_PASSWORD_FILE, CERTIFICATE_FILE),
            "tags": tags,
        }
        if file == DATABASE_PASSWORD_FILE:
            # A generation of hosts keeps asking for its own password, whatever was rotated since.
            args["version"] = password_version
        secret = AwsSecret(f"{name}-{file.partition('.')[0].replace('_', '-')}", args, opts)
        references[file] = {"arn": secret.arn, "key_arn": key.arn, "version_label": secret.version_label}
        made.append(secret)
    return StoredSecrets(references, made)
