"""The ARNs and tags of the resources that an API call names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jmespath
from botocore.exceptions import ClientError

Ask = Callable[[str], Any]
"""Returns the client of a service, with every right."""

_EC2 = {
    "ami": "image",
    "eipalloc": "elastic-ip",
    "eni": "network-interface",
    "fl": "vpc-flow-log",
    "i": "instance",
    "igw": "internet-gateway",
    "lt": "launch-template",
    "nat": "natgateway",
    "rtb": "route-table",
    "sg": "security-group",
    "sgr": "security-group-rule",
    "snap": "snapshot",
    "subnet": "subnet",
    "vol": "volume",
    "vpc": "vpc",
    "vpce": "vpc-endpoint",
}
"""What EC2's ids begin with, and the type of resource in ARNs."""

_NAMED = {
    "autoscaling": {
        "AutoScalingGroupName": "autoScalingGroup:*:autoScalingGroupName/{}",
        "ResourceId": "autoScalingGroup:*:autoScalingGroupName/{}",
    },
    "cloudwatch": {"AlarmName": "alarm:{}", "AlarmNames": "alarm:{}"},
    "events": {"Name": "rule/{}", "Rule": "rule/{}"},
    "iam": {"RoleName": "role/{}", "InstanceProfileName": "instance-profile/{}"},
    "kms": {"KeyId": "key/{}", "TargetKeyId": "key/{}", "AliasName": "{}"},
    "lambda": {"FunctionName": "function:{}"},
    "logs": {"logGroupName": "log-group:{}"},
    "rds": {
        "DBInstanceIdentifier": "db:{}",
        "DBParameterGroupName": "pg:{}",
        "DBSubnetGroupName": "subgrp:{}",
        "SubscriptionName": "es:{}",
        "FinalDBSnapshotIdentifier": "snapshot:{}",
    },
    "secretsmanager": {"SecretId": "secret:{}-AbCdEf"},
    "ssm": {"ResourceId": "parameter/{}", "Name": "parameter/{}"},
}
"""By service: members of a request, and the end of the ARN that they name."""

_NEW = {
    "elasticloadbalancing:CreateLoadBalancer": "loadbalancer/app/{Name}/*",
    "elasticloadbalancing:CreateTargetGroup": "targetgroup/{Name}/*",
    "secretsmanager:CreateSecret": "secret:{Name}-AbCdEf",
    "sns:CreateTopic": "{Name}",
    "wafv2:CreateWebACL": "regional/webacl/{Name}/*",
}
"""ARNs of what a call makes, where another member names it."""

_TAGS: dict[str, tuple[str, str, Callable[[str], Mapping[str, Any]], str]] = {
    "acm": ("acm", "list_tags_for_certificate", lambda arn: {"CertificateArn": arn}, "Tags"),
    "cloudwatch": ("cloudwatch", "list_tags_for_resource", lambda arn: {"ResourceARN": arn}, "Tags"),
    "ec2": (
        "ec2",
        "describe_tags",
        lambda arn: {"Filters": [{"Name": "resource-id", "Values": [arn.rpartition("/")[2]]}]},
        "Tags",
    ),
    "elasticloadbalancing": (
        "elbv2",
        "describe_tags",
        lambda arn: {"ResourceArns": [arn]},
        "TagDescriptions[0].Tags",
    ),
    "events": ("events", "list_tags_for_resource", lambda arn: {"ResourceARN": arn}, "Tags"),
    "kms": ("kms", "list_resource_tags", lambda arn: {"KeyId": arn.rpartition("/")[2]}, "Tags"),
    "lambda": ("lambda", "list_tags", lambda arn: {"Resource": arn}, "Tags"),
    "logs": ("logs", "list_tags_for_resource", lambda arn: {"resourceArn": arn}, "tags"),
    "rds": ("rds", "list_tags_for_resource", lambda arn: {"ResourceName": arn}, "TagList"),
    "secretsmanager": ("secretsmanager", "describe_secret", lambda arn: {"SecretId": arn}, "Tags"),
    "sns": ("sns", "list_tags_for_resource", lambda arn: {"ResourceArn": arn}, "Tags"),
    "wafv2": ("wafv2", "list_tags_for_resource", lambda arn: {"ResourceARN": arn}, "TagInfoForResource.TagList"),
}
"""By service: where the tags of a resource are asked for."""


def named(action: str, given: Mapping[str, Any], region: str, account: str) -> list[str]:
    """Return the ARNs that the members of a request name, each once."""
    service = action.partition(":")[0]
    found = [text for _, text in _texts(given) if re.match(r"arn:aws[a-z-]*:", text)]

    def arn(rest: str, where: str = region, whose: str = account) -> str:
        return f"arn:aws:{service}:{where}:{whose}:{rest}"

    match service:
        case "ec2":
            ids = [re.fullmatch(r"([a-z]+)-[0-9a-f]+", text) for _, text in _texts(given)]
            found += [
                arn(f"{_EC2[each[1]]}/{each[0]}", whose="" if each[1] == "ami" else account)
                for each in ids
                if each and each[1] in _EC2
            ]
        case "s3":
            bucket = f"arn:aws:s3:::{given.get('Bucket', '*')}"
            found += [bucket, f"{bucket}/{given['Key']}" if "Key" in given else f"{bucket}/*"]
        case "route53":
            zone = str(given.get("HostedZoneId", given.get("Id", "*"))).rpartition("/")[2]
            found += [f"arn:aws:route53:::{noun}/{zone}" for noun in ("hostedzone", "change")]
        case "cloudwatch":
            boards = [*given.get("DashboardNames", ()), *filter(None, [given.get("DashboardName")])]
            found += [arn(f"dashboard/{board}", where="") for board in boards]
        case "wafv2":
            found += [arn(f"regional/webacl/{given['Name']}/{given['Id']}")] if {"Name", "Id"} <= given.keys() else []
        case _:
            pass
    for name, text in _texts(given):
        form = _NAMED.get(service, {}).get(name)
        if form is None or text.startswith("arn:") or (service == "kms" and text.startswith("alias/") and "/" in form):
            continue
        where = "" if service == "iam" else region
        # Parameters that AWS publishes are in no account, and a path begins with the slash of the ARN's form.
        public = service == "ssm" and text.startswith("/aws/service/")
        plain = text.removeprefix("/") if service == "ssm" else text
        found.append(arn(form.format(plain), where, "" if public else account))
    if form := _NEW.get(action):
        found.append(arn(form.format(**given)))
    return list(dict.fromkeys(found))


def _texts(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield each text in a request with the name of the member that has it."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from _texts(each, key)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each, name)


def stored_tags(arn: str, ask: Ask) -> dict[str, str]:
    """Return the tags that a resource has; none for one that doesn't exist, or whose service isn't asked."""
    if arn.endswith("*"):
        return {}
    service = arn.split(":")[2]
    try:
        if service == "iam":
            return _tags_of_iam(arn, ask)
        if service not in _TAGS:
            return {}
        client, operation, arguments, path = _TAGS[service]
        return as_map(jmespath.search(path, getattr(ask(client), operation)(**arguments(arn))))
    except ClientError:
        return {}


def _tags_of_iam(arn: str, ask: Ask) -> dict[str, str]:
    name = arn.rpartition("/")[2]
    if ":role/" in arn:
        return as_map(ask("iam").list_role_tags(RoleName=name)["Tags"])
    return as_map(ask("iam").get_instance_profile(InstanceProfileName=name)["InstanceProfile"].get("Tags"))


def as_map(tags: Any) -> dict[str, str]:
    """Return tags as a map, whichever of AWS's forms they have."""
    if isinstance(tags, Mapping):
        return dict(tags)
    return {each.get("Key", each.get("TagKey")): each.get("Value", each.get("TagValue", "")) for each in tags or ()}
