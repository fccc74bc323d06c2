"""Security groups and their rules, each a resource of its own."""

from __future__ import annotations

from typing import Any

from ..calls import lingering
from ..calls.kind import Call, Kind, arn_of, by_id
from ..calls.tags import pairs, specification


def _security_group(call: Call) -> str:
    arguments = call.get("vpcId", "name", "description")
    tagging = specification("security-group", call.inputs.get("tags", {}))
    made = call.client.create_security_group(**call.members("create_security_group", arguments), **tagging)
    # The real provider takes away AWS's rule that lets everything out; a group starts with no rule at all.
    everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    call.client.revoke_security_group_egress(GroupId=made["GroupId"], IpPermissions=everything)
    return made["GroupId"]


def _delete_group(call: Call) -> None:
    lingering.remove(call, "group-id")
    call.client.delete_security_group(GroupId=call.id)


def _empty_default_group(call: Call) -> str:
    filters = [{"Name": "vpc-id", "Values": [call.inputs["vpcId"]]}, {"Name": "group-name", "Values": ["default"]}]
    group = call.client.describe_security_groups(Filters=filters)["SecurityGroups"][0]
    # As the real provider does: tagged first.
    if tags := call.inputs.get("tags"):
        call.client.create_tags(Resources=[group["GroupId"]], Tags=pairs(tags))
    if group["IpPermissions"]:
        call.client.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=group["IpPermissions"])
    if group["IpPermissionsEgress"]:
        call.client.revoke_security_group_egress(GroupId=group["GroupId"], IpPermissions=group["IpPermissionsEgress"])
    return group["GroupId"]


def _rule(direction: str) -> Kind:
    noun = f"SecurityGroup{direction.capitalize()}Rule"

    def permission(call: Call) -> dict[str, Any]:
        given, about = call.inputs, {"Description": call.inputs["description"]} if "description" in call.inputs else {}
        found: dict[str, Any] = {"IpProtocol": given["ipProtocol"]}
        found |= {
            member: given[name] for name, member in (("fromPort", "FromPort"), ("toPort", "ToPort")) if name in given
        }
        if "cidrIpv4" in given:
            found["IpRanges"] = [{"CidrIp": given["cidrIpv4"], **about}]
        if "cidrIpv6" in given:
            found["Ipv6Ranges"] = [{"CidrIpv6": given["cidrIpv6"], **about}]
        if "referencedSecurityGroupId" in given:
            found["UserIdGroupPairs"] = [{"GroupId": given["referencedSecurityGroupId"], **about}]
        if "prefixListId" in given:
            found["PrefixListIds"] = [{"PrefixListId": given["prefixListId"], **about}]
        return found

    def create(call: Call) -> str:
        add = getattr(call.client, f"authorize_security_group_{direction}")
        tagging = specification("security-group-rule", call.inputs.get("tags", {}))
        answer = add(GroupId=call.inputs["securityGroupId"], IpPermissions=[permission(call)], **tagging)
        return answer["SecurityGroupRules"][0]["SecurityGroupRuleId"]

    def update(call: Call) -> None:
        given = call.inputs
        names = ("ipProtocol", "fromPort", "toPort", "cidrIpv4", "cidrIpv6", "referencedSecurityGroupId", "description")
        members = {name[0].upper() + name[1:]: given[name] for name in names if name in given}
        members |= (
            {"ReferencedGroupId": members.pop("ReferencedSecurityGroupId")}
            if "referencedSecurityGroupId" in given
            else {}
        )
        rule = {"SecurityGroupRuleId": call.id, "SecurityGroupRule": members}
        call.client.modify_security_group_rules(GroupId=given["securityGroupId"], SecurityGroupRules=[rule])

    def delete(call: Call) -> None:
        drop = getattr(call.client, f"revoke_security_group_{direction}")
        drop(GroupId=call.inputs["securityGroupId"], SecurityGroupRuleIds=[call.id])

    return Kind(
        f"aws:vpc/{noun[0].lower()}{noun[1:]}:{noun}",
        "ec2",
        create,
        read=by_id("describe_security_group_rules", "SecurityGroupRuleIds", "SecurityGroupRules"),
        update=update,
        delete=delete,
        outputs=lambda call, found: {
            "arn": call.arn(f"security-group-rule/{call.id}", "ec2"),
            "securityGroupRuleId": call.id,
        },
        refreshed="cidrIpv4 fromPort ipProtocol toPort",
    )


KINDS = [
    Kind(
        "aws:ec2/securityGroup:SecurityGroup",
        "ec2",
        _security_group,
        read=by_id("describe_security_groups", "GroupIds", "SecurityGroups"),
        delete=_delete_group,
        names={"name": "GroupName", "revokeRulesOnDelete": None},
        outputs=arn_of("security-group"),
    ),
    Kind(
        "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
        "ec2",
        _empty_default_group,
        read=by_id("describe_security_groups", "GroupIds", "SecurityGroups"),
        outputs=lambda call, found: {"arn": call.arn(f"security-group/{call.id}"), "name": "default"},
    ),
    _rule("ingress"),
    _rule("egress"),
]
