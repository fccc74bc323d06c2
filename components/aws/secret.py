"""A secret in Secrets Manager whose earlier versions stay readable.

While servers roll, two generations run, and each must read its own value also after a reboot. So a new value is a new
version with its own staging label beside AWSCURRENT, the old version keeps its label, and nothing deletes it.
"""

import re
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from ..inputs import Inputs, true_or_false, whole_number
from ..tokens import token
from .key import customer_key

LABELS = 16
"""Labels in turn. AWS allows 20 on all versions of a secret together, its own two included."""

_parse_recovery_window = whole_number("days in which a deleted secret can be restored", 7, 30, "AWS's own limits")


def staging_label(version: int) -> str:
    """Return the staging label of a version that counts up: `v1` to `v16`, then `v1` again.

    AWS moves a label that comes again to the newer version, so the version 16 before loses it.
    """
    return f"v{(version - 1) % LABELS + 1}"


class AwsSecretArgs(TypedDict):
    """Inputs of `AwsSecret`."""

    value: pulumi.Input[str]
    """What to keep."""
    description: str
    """What it is, for whoever finds it in the console."""
    version: NotRequired[str]
    """Staging label of the value, such as `v3`. A new label puts a new version, also of an unchanged value."""
    kms_key_arn: NotRequired[pulumi.Input[str]]
    """Key that encrypts it. By default one is made."""
    recovery_window_days: NotRequired[int]
    """Days in which a deleted secret can be restored, 7 to 30. Default 30."""
    deletion_protection: NotRequired[bool]
    """Whether Pulumi refuses to delete it and its own key. Default false."""
    tags: NotRequired[dict[str, str]]
    """Tags for every child."""


class AwsSecret(pulumi.ComponentResource):
    """A secret with one current version, encrypted with a customer key. It never rotates by itself."""

    arn: pulumi.Output[str]
    """ARN of the secret. Whoever reads the value depends on the whole component, or the value may not be there."""
    secret_name: pulumi.Output[str]
    """Name of the secret, made by the engine: a deleted secret keeps its name for the recovery window."""
    kms_key_arn: pulumi.Output[str]
    """ARN of the key that encrypts it."""

    def __init__(self, name: str, args: AwsSecretArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Store the value."""
        inputs = Inputs(args, f"AwsSecret {name}", secrets=["value"])
        version = inputs.optional("version", _parse_label)
        recovery_window_days = inputs.take("recovery_window_days", _parse_recovery_window, 30)
        protect = inputs.take("deletion_protection", true_or_false, False)
        inputs.finish(also_known=AwsSecretArgs.__annotations__)
        tags = args.get("tags", {})
        super().__init__(
            token("AwsSecret"),
            name,
            {"version": version, "recovery_window_days": recovery_window_days, "deletion_protection": protect},
            opts,
        )
        kept = pulumi.ResourceOptions(parent=self, protect=protect)

        self.kms_key_arn = pulumi.Output.from_input(
            args.get("kms_key_arn") or customer_key(f"{name}-key", f"Encrypts the secret {name}", kept, tags=tags).arn
        )
        secret = aws.secretsmanager.Secret(
            name,
            description=args["description"],
            kms_key_id=self.kms_key_arn,
            recovery_window_in_days=recovery_window_days,
            tags=tags,
            opts=kept,
        )
        aws.secretsmanager.SecretVersion(
            f"{name}-version",
            secret_id=secret.id,
            secret_string=pulumi.Output.secret(args["value"]),
            version_stages=["AWSCURRENT", version] if version else None,
            # A label that moves on to the same version would leave the old generation without a value.
            opts=pulumi.ResourceOptions(parent=self, retain_on_delete=True, replace_on_changes=["versionStages"]),
        )
        self.arn = secret.arn
        self.secret_name = secret.name
        self.register_outputs({"arn": self.arn, "secret_name": self.secret_name, "kms_key_arn": self.kms_key_arn})


def _parse_label(raw: object) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", str(raw)) or str(raw).startswith("AWS"):
        raise ValueError("must be a staging label such as v3, up to 64 letters, digits, _ . - and not one of AWS's own")
    return str(raw)
