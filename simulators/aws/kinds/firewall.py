"""WAF."""

from __future__ import annotations

from typing import Any

from ..calls.kind import Call, Kind


def _named(call: Call) -> dict[str, Any]:
    return {"Id": call.id, "Name": call.inputs["name"], "Scope": call.inputs["scope"]}


def _read(call: Call) -> Any:
    answer = call.client.get_web_acl(**_named(call))
    return {**answer["WebACL"], "LockToken": answer["LockToken"]}


def _update(call: Call) -> None:
    members = call.members("update_web_acl", {**call.inputs, "rules": call.inputs.get("rules", [])})
    token = call.client.get_web_acl(**_named(call))["LockToken"]
    call.client.update_web_acl(**{**members, **_named(call), "LockToken": token})


def _delete(call: Call) -> None:
    token = call.client.get_web_acl(**_named(call))["LockToken"]
    call.client.delete_web_acl(**_named(call), LockToken=token)


def _associate(call: Call) -> str:
    acl, resource = call.inputs["webAclArn"], call.inputs["resourceArn"]
    call.client.associate_web_acl(WebACLArn=acl, ResourceArn=resource)
    return f"{acl},{resource}"


def _association(call: Call) -> dict[str, Any] | None:
    return call.client.get_web_acl_for_resource(ResourceArn=call.inputs["resourceArn"]).get("WebACL")


def _put_logging(call: Call) -> str:
    members = call.members("put_logging_configuration", {"loggingConfiguration": call.inputs})
    call.client.put_logging_configuration(**members)
    return call.inputs["resourceArn"]


KINDS = [
    Kind(
        "aws:wafv2/webAcl:WebAcl",
        "wafv2",
        "create_web_acl",
        id="Summary.Id",
        read=_read,
        update=_update,
        delete=_delete,
        default=lambda call: {"Rules": []},
        names={"tags": None},
        outputs=lambda call, found: {"arn": found["ARN"], "capacity": found.get("Capacity", 0)},
    ),
    Kind(
        "aws:wafv2/webAclAssociation:WebAclAssociation",
        "wafv2",
        _associate,
        read=_association,
        delete=lambda call: call.client.disassociate_web_acl(ResourceArn=call.inputs["resourceArn"]),
    ),
    Kind(
        "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration",
        "wafv2",
        _put_logging,
        read=("get_logging_configuration", lambda id: {"ResourceArn": id}, "LoggingConfiguration"),
        update=_put_logging,
        delete=("delete_logging_configuration", lambda id: {"ResourceArn": id}),
    ),
]
