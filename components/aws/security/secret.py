"""A secret in Secrets Manager whose earlier versions stay readable.

While servers roll, two generations run, and each must read its own value also after a reboot. So a new value is a new
version with its own staging label beside AWSCURRENT, the old version keeps its label, and nothing deletes it.
"""

from dataclasses import dataclass
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from ...inputs.choice import true_or_false
from ...inputs.declaration import optional
from ...inputs.declaration import value as declared_value
from ...inputs.number import whole_number
from ...inputs.parsing import parse_args
from ...schema.tokens import token
from .key import customer_managed_key

CURRENT = "AWSCURRENT"
"""Staging label of the newest version, whichever that is."""
LABELS = 16
"""Labels in turn. AWS allows 20 on all versions of a secret together, its own two included."""

_parse_version = whole_number("a version of the value", 1, 10**6)
_parse_recovery_window = whole_number("days in which a deleted secret can be restored", 7, 30, "AWS's own limits")


def staging_label(version: int) -> str:
    """Return the staging label of a version that counts up: `v1` to `v16`, then `v1` again.

    AWS moves a label that comes again to the newer version, so the version 16 before loses it.
    """
    return f"v{(version - 1) % LABELS + 1}"


class SecretReference(TypedDict):
    """Where the content of a secret file lies."""

    arn: pulumi.Input[str]
    """ARN of the secret."""
    key_arn: pulumi.Input[str]
    """ARN of the key that encrypts it."""
    version_label: NotRequired[pulumi.Input[str]]
    """Staging label of the version, as `AwsSecret` gives it. A new label makes a new host; by default a host reads what
    is current at each boot."""


@dataclass(frozen=True, kw_only=True)
class _SecretInputs:
    value: pulumi.Input[str] = declared_value()
    description: str = declared_value()
    version: int | None = optional(_parse_version)
    kms_key_arn: pulumi.Input[str] | None = optional()
    recovery_window_days: int = declared_value(_parse_recovery_window, default=30)
    deletion_protection: bool = declared_value(true_or_false, default=False)
    tags: dict[str, str] = declared_value(default={})


class AwsSecretArgs(TypedDict):
    """Inputs of `AwsSecret`."""

    value: pulumi.Input[str]
    """What to keep."""
    description: str
    """What it is, for whoever finds it in the console."""
    version: NotRequired[int]
    """Number of the value, for readers that must keep theirs: each gets a label, and a new number puts a new version,
    also of an unchanged value. By default there is one value, and everybody reads what is current."""
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
    version_label: pulumi.Output[str]
    """Staging label under which this value can be read, known at preview: `v3` for version 3, else `AWSCURRENT`."""

    def __init__(self, name: str, args: AwsSecretArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Store the value."""
        inputs = parse_args(_SecretInputs, AwsSecretArgs, name, args, secrets=["value"])
        label = staging_label(inputs.version) if inputs.version else None
        recovery_window_days, protect, tags = inputs.recovery_window_days, inputs.deletion_protection, inputs.tags
        super().__init__(
            token("AwsSecret"),
            name,
            {"version": label, "recovery_window_days": recovery_window_days, "deletion_protection": protect},
            opts,
        )
        kept = pulumi.ResourceOptions(parent=self, protect=protect)

        self.kms_key_arn = pulumi.Output.from_input(
            inputs.kms_key_arn
            or customer_managed_key(f"{name}-key", f"Encrypts the secret {name}", kept, tags=tags).arn
        )
        secret = aws.secretsmanager.Secret(
            name,
            description=inputs.description,
            kms_key_id=self.kms_key_arn,
            recovery_window_in_days=recovery_window_days,
            tags=tags,
            opts=kept,
        )
        aws.secretsmanager.SecretVersion(
            f"{name}-version",
            secret_id=secret.id,
            secret_string=pulumi.Output.secret(inputs.value),
            version_stages=[CURRENT, label] if label else None,
            # A label that moves on to the same version would leave the old generation without a value.
            opts=pulumi.ResourceOptions(parent=self, retain_on_delete=True, replace_on_changes=["versionStages"]),
        )
        self.arn = secret.arn
        self.secret_name = secret.name
        self.version_label = pulumi.Output.from_input(label or CURRENT)
        self.register_outputs({output: getattr(self, output) for output in AwsSecret.__annotations__})
