"""Tags: each service has its own calls for them."""

from __future__ import annotations

from typing import Any

from .kind import Call

# service: the call that sets, the call that removes, the argument that says whose, and whether tags are a map
_CALLS: dict[str, tuple[str, str, str, bool]] = {
    "ec2": ("create_tags", "delete_tags", "Resources", False),
    "rds": ("add_tags_to_resource", "remove_tags_from_resource", "ResourceName", False),
    "kms": ("tag_resource", "untag_resource", "KeyId", False),
    "secretsmanager": ("tag_resource", "untag_resource", "SecretId", False),
    "lambda": ("tag_resource", "untag_resource", "Resource", True),
    "logs": ("tag_resource", "untag_resource", "resourceArn", True),
    "cloudwatch": ("tag_resource", "untag_resource", "ResourceARN", False),
    "events": ("tag_resource", "untag_resource", "ResourceARN", False),
    "sns": ("tag_resource", "untag_resource", "ResourceArn", False),
    "elbv2": ("add_tags", "remove_tags", "ResourceArns", False),
    "acm": ("add_tags_to_certificate", "remove_tags_from_certificate", "CertificateArn", False),
    "wafv2": ("tag_resource", "untag_resource", "ResourceARN", False),
}


# What EC2 calls its resources where the operation calls them otherwise.
_NOUNS = {"nat-gateway": "natgateway", "allocate-address": "elastic-ip"}


def pairs(tags: dict[str, str], key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """Return tags as the list that most services take."""
    return [{key: name, value: text} for name, text in tags.items()]


def specification(kind: str, tags: dict[str, str]) -> dict[str, Any]:
    """Return the argument that tags what a creation of EC2 makes; none where there are no tags."""
    return {"TagSpecifications": [{"ResourceType": kind, "Tags": pairs(tags)}]} if tags else {}


def on_creation(call: Call, operation: str, tags: dict[str, str]) -> dict[str, Any]:
    """Return the arguments of a creation that carry the tags."""
    if not tags:
        return {}
    shape = call.shape(operation)
    if "TagSpecifications" in shape.members:
        noun = operation.removeprefix("create_").replace("_", "-")
        return specification(_NOUNS.get(noun, noun), tags)
    member = "Tags" if "Tags" in shape.members else "tags"
    return call.members(operation, {"tags": tags}) if member in shape.members else {}


def change(call: Call) -> None:
    """Set the new tags and remove those that are gone."""
    old, new = call.old.get("tags", {}), call.inputs.get("tags", {})
    gone = sorted(old.keys() - new.keys())
    whose = call.id if call.kind.service == "ec2" else call.outputs.get(call.kind.tagged, call.id)
    if not _special(call, whose, new, gone):
        _usual(call, whose, new, gone)


def _usual(call: Call, whose: str, new: dict[str, str], gone: list[str]) -> None:
    put, drop, argument, is_map = _CALLS[call.kind.service]
    owner: dict[str, Any] = {argument: [whose] if argument in ("Resources", "ResourceArns") else whose}
    kms = call.kind.service == "kms"
    form = pairs(new, "TagKey", "TagValue") if kms else pairs(new)
    name = "tags" if call.kind.service == "logs" else "Tags"
    if new:
        getattr(call.client, put)(**owner, **{name: new if is_map else form})
    if gone and call.kind.service in ("ec2", "acm"):
        getattr(call.client, drop)(**owner, Tags=[{"Key": name} for name in gone])
    elif gone:
        keys = "tagKeys" if call.kind.service == "logs" else "TagKeys"
        getattr(call.client, drop)(**owner, **{keys: gone})


def _special(call: Call, whose: str, new: dict[str, str], gone: list[str]) -> bool:
    """Change the tags where a service has no such pair of calls, and say whether it was one."""
    client = call.client
    match call.kind.service:
        case "iam":
            noun, argument = (
                ("role", "RoleName") if ":Role" in call.kind.token else ("instance_profile", "InstanceProfileName")
            )
            if new:
                getattr(client, f"tag_{noun}")(**{argument: call.id}, Tags=pairs(new))
            if gone:
                getattr(client, f"untag_{noun}")(**{argument: call.id}, TagKeys=gone)
        case "s3":
            if ":BucketObjectv2" in call.kind.token:
                client.put_object_tagging(
                    Bucket=call.inputs["bucket"], Key=call.inputs["key"], Tagging={"TagSet": pairs(new)}
                )
            elif new:
                client.put_bucket_tagging(Bucket=call.id, Tagging={"TagSet": pairs(new)})
            else:
                client.delete_bucket_tagging(Bucket=call.id)
        case "ssm":
            owner = {"ResourceType": "Parameter", "ResourceId": call.inputs["name"]}
            if new:
                client.add_tags_to_resource(**owner, Tags=pairs(new))
            if gone:
                client.remove_tags_from_resource(**owner, TagKeys=gone)
        case _:
            return False
    return True
