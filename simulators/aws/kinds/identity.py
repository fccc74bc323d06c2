"""IAM."""

from __future__ import annotations

import urllib.parse
from typing import Any

from ..calls.kind import Call, Kind, Step


def _put_role_policy(call: Call) -> str:
    role, name = call.inputs["role"], call.inputs["name"]
    call.client.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=call.inputs["policy"])
    return f"{role}:{name}"


def _role_policy(call: Call) -> dict[str, Any]:
    role, _, name = call.id.partition(":")
    return call.client.get_role_policy(RoleName=role, PolicyName=name)


def _delete_role_policy(call: Call) -> None:
    role, _, name = call.id.partition(":")
    call.client.delete_role_policy(RoleName=role, PolicyName=name)


def _attach(call: Call) -> str:
    call.client.attach_role_policy(RoleName=call.inputs["role"], PolicyArn=call.inputs["policyArn"])
    return f"{call.inputs['role']}/{call.inputs['policyArn']}"


def _attachment(call: Call) -> dict[str, Any] | None:
    attached = call.client.list_attached_role_policies(RoleName=call.inputs["role"])["AttachedPolicies"]
    return next((each for each in attached if each["PolicyArn"] == call.inputs["policyArn"]), None)


def _detach(call: Call) -> None:
    call.client.detach_role_policy(RoleName=call.inputs["role"], PolicyArn=call.inputs["policyArn"])


def _set_role(call: Call) -> None:
    if old := call.old.get("role"):
        call.client.remove_role_from_instance_profile(InstanceProfileName=call.id, RoleName=old)
    if new := call.inputs.get("role"):
        call.client.add_role_to_instance_profile(InstanceProfileName=call.id, RoleName=new)


def _delete_profile(call: Call) -> None:
    if role := call.inputs.get("role"):
        call.client.remove_role_from_instance_profile(InstanceProfileName=call.id, RoleName=role)
    call.client.delete_instance_profile(InstanceProfileName=call.id)


def _trust(call: Call) -> None:
    document = call.inputs["assumeRolePolicy"]
    call.client.update_assume_role_policy(RoleName=call.id, PolicyDocument=document)


def _role_outputs(call: Call, found: Any) -> dict[str, Any]:
    attached = call.client.list_attached_role_policies(RoleName=call.id)["AttachedPolicies"]
    return {
        "uniqueId": found["RoleId"],
        "createDate": found["CreateDate"].isoformat(),
        "managedPolicyArns": [each["PolicyArn"] for each in attached],
        "assumeRolePolicy": call.inputs.get(
            "assumeRolePolicy", urllib.parse.unquote(str(found["AssumeRolePolicyDocument"]))
        ),
    }


KINDS = [
    Kind(
        "aws:iam/role:Role",
        "iam",
        "create_role",
        id="@name",
        read=("get_role", lambda id: {"RoleName": id}, "Role"),
        update=("update_role", lambda id: {"RoleName": id}),
        delete=("delete_role", lambda id: {"RoleName": id}),
        names={"name": "RoleName", "assumeRolePolicy": "AssumeRolePolicyDocument", "forceDetachPolicies": None},
        steps=(Step("assumeRolePolicy", _trust, create=False),),
        outputs=_role_outputs,
    ),
    Kind(
        "aws:iam/rolePolicy:RolePolicy",
        "iam",
        _put_role_policy,
        read=_role_policy,
        update=_put_role_policy,
        delete=_delete_role_policy,
    ),
    Kind(
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        "iam",
        _attach,
        read=_attachment,
        delete=_detach,
    ),
    Kind(
        "aws:iam/instanceProfile:InstanceProfile",
        "iam",
        "create_instance_profile",
        id="@name",
        read=("get_instance_profile", lambda id: {"InstanceProfileName": id}, "InstanceProfile"),
        delete=_delete_profile,
        names={"name": "InstanceProfileName"},
        steps=(Step("role", _set_role),),
        outputs=lambda call, found: {
            "uniqueId": found["InstanceProfileId"],
            "createDate": found["CreateDate"].isoformat(),
        },
    ),
]
