"""KMS."""

from __future__ import annotations

from typing import Any

from ..calls.kind import Call, Kind, Step


def _set_rotation(call: Call) -> None:
    if not call.inputs.get("enableKeyRotation"):
        call.client.disable_key_rotation(KeyId=call.id)
        return
    days = call.inputs.get("rotationPeriodInDays")
    call.client.enable_key_rotation(KeyId=call.id, **({"RotationPeriodInDays": days} if days else {}))


def _describe(call: Call) -> dict[str, Any] | None:
    found = call.client.describe_key(KeyId=call.id)["KeyMetadata"]
    return None if found["KeyState"] == "PendingDeletion" else found


def _set_enabled(call: Call) -> None:
    (call.client.enable_key if call.inputs.get("isEnabled", True) else call.client.disable_key)(KeyId=call.id)


def _put_policy(call: Call) -> None:
    call.client.put_key_policy(KeyId=call.id, PolicyName="default", Policy=call.inputs["policy"])


def _delete_key(call: Call) -> None:
    days = call.inputs.get("deletionWindowInDays", 30)
    call.client.schedule_key_deletion(KeyId=call.id, PendingWindowInDays=days)


def _alias_outputs(call: Call, found: Any) -> dict[str, Any]:
    key = call.client.describe_key(KeyId=found["TargetKeyId"])["KeyMetadata"]
    return {"arn": found["AliasArn"], "targetKeyArn": key["Arn"]}


def _change_alias(call: Call) -> None:
    call.client.update_alias(AliasName=call.id, TargetKeyId=call.inputs["targetKeyId"])


KINDS = [
    Kind(
        "aws:kms/key:Key",
        "kms",
        "create_key",
        id="KeyMetadata.KeyId",
        read=_describe,
        delete=_delete_key,
        names={"deletionWindowInDays": None, "bypassPolicyLockoutSafetyCheck": None, "isEnabled": None},
        steps=(
            Step("enableKeyRotation rotationPeriodInDays", _set_rotation),
            Step("isEnabled", _set_enabled),
            Step("policy", _put_policy, create=False),
            Step(
                "description",
                lambda call: call.client.update_key_description(KeyId=call.id, Description=call.inputs["description"]),
                create=False,
            ),
        ),
        tagged="keyId",
    ),
    Kind(
        "aws:kms/alias:Alias",
        "kms",
        "create_alias",
        id="@name",
        read=lambda call: next(
            (each for each in call.client.list_aliases()["Aliases"] if each["AliasName"] == call.id), None
        ),
        update=_change_alias,
        delete=("delete_alias", lambda id: {"AliasName": id}),
        names={"name": "AliasName"},
        outputs=_alias_outputs,
    ),
]
