"""Secrets Manager and the parameters of Systems Manager."""

from __future__ import annotations

from typing import Any

from ..calls.kind import Call, Kind, Step
from ..calls.tags import pairs


def _change_secret(call: Call) -> None:
    arguments = call.members("update_secret", call.get("description", "kmsKeyId"))
    call.client.update_secret(SecretId=call.id, **arguments)


def _delete_secret(call: Call) -> None:
    days = call.inputs.get("recoveryWindowInDays", 30)
    how: dict[str, Any] = {"RecoveryWindowInDays": days} if days else {"ForceDeleteWithoutRecovery": True}
    call.client.delete_secret(SecretId=call.id, **how)


def _describe_secret(call: Call) -> dict[str, Any] | None:
    found = call.client.describe_secret(SecretId=call.id)
    return None if "DeletedDate" in found else found


def _put_version(call: Call) -> str:
    stages = call.inputs.get("versionStages") or ["AWSCURRENT"]
    value: dict[str, Any] = {"SecretString": call.inputs["secretString"]} if "secretString" in call.inputs else {}
    answer = call.client.put_secret_value(SecretId=call.inputs["secretId"], VersionStages=stages, **value)
    call.answer = answer
    return f"{call.inputs['secretId']}|{answer['VersionId']}"


def _version(call: Call) -> dict[str, Any] | None:
    secret, _, version = call.id.partition("|")
    found = call.client.describe_secret(SecretId=secret)
    if "DeletedDate" in found or version not in found.get("VersionIdsToStages", {}):
        return None
    return {
        "ARN": found["ARN"],
        "VersionId": version,
        "Stages": found["VersionIdsToStages"][version],
    }


def _version_outputs(call: Call, found: Any) -> dict[str, Any]:
    return {
        "secretArn": found["ARN"],
        "versionId": found["VersionId"],
        "versionStages": call.inputs.get("versionStages", found["Stages"]),
    }


def _move_stages(call: Call) -> None:
    secret, _, version = call.id.partition("|")
    held = call.client.describe_secret(SecretId=secret)["VersionIdsToStages"]
    old, new = set(call.old.get("versionStages", ())), set(call.inputs.get("versionStages", ()))
    for stage in sorted(new - old):
        holder = next((each for each, stages in held.items() if stage in stages), None)
        more = {"RemoveFromVersionId": holder} if holder and holder != version else {}
        call.client.update_secret_version_stage(SecretId=secret, VersionStage=stage, MoveToVersionId=version, **more)
    for stage in sorted(old - new - {"AWSCURRENT"}):
        call.client.update_secret_version_stage(SecretId=secret, VersionStage=stage, RemoveFromVersionId=version)


def _remove_version(call: Call) -> None:
    """Take the labels away, as the real provider does; AWS keeps the current one."""
    secret, _, version = call.id.partition("|")
    held = call.client.describe_secret(SecretId=secret)["VersionIdsToStages"].get(version, [])
    for stage in held:
        if stage != "AWSCURRENT":
            call.client.update_secret_version_stage(SecretId=secret, VersionStage=stage, RemoveFromVersionId=version)


def _put_parameter(call: Call) -> str:
    arguments = call.members("put_parameter", {name: value for name, value in call.inputs.items() if name != "tags"})
    call.client.put_parameter(**arguments)
    if tags := call.inputs.get("tags"):
        call.client.add_tags_to_resource(ResourceType="Parameter", ResourceId=call.inputs["name"], Tags=pairs(tags))
    return call.inputs["name"]


def _change_parameter(call: Call) -> None:
    arguments = call.members("put_parameter", {name: value for name, value in call.inputs.items() if name != "tags"})
    call.client.put_parameter(**{**arguments, "Overwrite": True})


KINDS = [
    Kind(
        "aws:secretsmanager/secret:Secret",
        "secretsmanager",
        "create_secret",
        id="ARN",
        read=_describe_secret,
        update=_change_secret,
        delete=_delete_secret,
        names={"recoveryWindowInDays": None, "forceOverwriteReplicaSecret": None},
        outputs=lambda call, found: {"arn": found["ARN"]},
    ),
    Kind(
        "aws:secretsmanager/secretVersion:SecretVersion",
        "secretsmanager",
        _put_version,
        read=_version,
        delete=_remove_version,
        steps=(Step("versionStages", _move_stages, create=False),),
        outputs=_version_outputs,
    ),
    Kind(
        "aws:ssm/parameter:Parameter",
        "ssm",
        _put_parameter,
        read=("get_parameter", lambda id: {"Name": id, "WithDecryption": True}, "Parameter"),
        update=_change_parameter,
        delete=("delete_parameter", lambda id: {"Name": id}),
        names={"keyId": "KeyId", "overwrite": "Overwrite"},
        outputs=lambda call, found: {
            "arn": found["ARN"],
            "tier": call.inputs.get("tier", "Standard"),
            "dataType": "text",
        },
        renewed={"version": "value type tier description", "insecureValue": "value"},
    ),
]
