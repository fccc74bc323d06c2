"""What AWS adds to the inputs, by resource type, and what it answers; the recording mock reads both."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import grpc

REGION, ACCOUNT, PARTITION = "eu-central-1", "111122223333", "aws"
HOST_IMAGES = {
    "/aws/service/ecs/optimized-ami/amazon-linux-2023/arm64/recommended/image_id": "ami-0a4a4a4a4a4a4a4a4",
    "/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id": "ami-0d8d8d8d8d8d8d8d8",
}
SUBNETS = {
    "subnet-0123456789abcdef1": ("10.1.1.0/24", f"{REGION}b"),
    "subnet-0123456789abcdef2": ("10.1.2.0/24", f"{REGION}c"),
}
"""Public ones of a network that was there before."""

ANSWERS: dict[str, Any] = {
    "aws:index/getRegion:getRegion": {"id": REGION, "region": REGION, "description": "Europe (Frankfurt)"},
    "aws:index/getRegions:getRegions": {"id": PARTITION, "names": [REGION, "us-east-1"]},
    "aws:index/getCallerIdentity:getCallerIdentity": {"id": ACCOUNT, "accountId": ACCOUNT},
    "aws:index/getPartition:getPartition": {"id": PARTITION, "partition": PARTITION, "dnsSuffix": "amazonaws.com"},
    "aws:index/getAvailabilityZones:getAvailabilityZones": {
        "id": REGION,
        "names": [f"{REGION}a", f"{REGION}b", f"{REGION}c"],
    },
    "aws:ebs/getDefaultKmsKey:getDefaultKmsKey": {"id": REGION, "keyArn": "alias/aws/ebs"},
    "aws:ec2/getAmi:getAmi": {"id": "ami-0123456789abcdef0", "architecture": "arm64"},
    "aws:ec2/getInstanceType:getInstanceType": lambda asked: {
        "id": asked["instanceType"],
        "memorySize": 2048,
        "defaultVcpus": 2,
        "supportedArchitectures": ["arm64" if asked["instanceType"].startswith("t4g") else "x86_64"],
    },
    "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings": {
        "id": REGION,
        "locations": [f"{REGION}a", f"{REGION}b"],
    },
    "aws:ec2/getSubnet:getSubnet": lambda asked: {
        "id": asked["id"],
        "vpcId": "vpc-0123456789abcdef0",
        "cidrBlock": SUBNETS[asked["id"]][0],
        "availabilityZone": SUBNETS[asked["id"]][1],
    },
    "aws:rds/getEngineVersion:getEngineVersion": lambda asked: {
        "id": asked["version"],
        "versionActual": f"{asked['version']}.23",
    },
    "aws:kms/getKey:getKey": lambda asked: {"id": asked["keyId"], "arn": asked["keyId"], "keyManager": "CUSTOMER"},
    "aws:rds/getInstance:getInstance": lambda asked: {"id": asked["dbInstanceIdentifier"], "engineVersion": "14.23"},
    "aws:rds/getInstances:getInstances": {"id": REGION, "instanceIdentifiers": []},
    "aws:rds/getOrderableDbInstance:getOrderableDbInstance": lambda asked: {
        "id": asked["preferredInstanceClasses"][0],
        "instanceClass": asked["preferredInstanceClasses"][0],
    },
    "aws:route53/getZone:getZone": lambda asked: {
        "id": asked["zoneId"],
        "name": "example.com",
        "privateZone": False,
        "nameServers": ["ns-1.awsdns-01.org", "ns-2.awsdns-02.com"],
    },
    "aws:ssm/getParameter:getParameter": lambda asked: {
        "id": asked["name"],
        "insecureValue": HOST_IMAGES[asked["name"]],
    },
}
"""Answers to invokes, or what makes one of the question; an invoke that isn't listed fails."""


class RefusedError(grpc.RpcError):
    """What the engine passes on where the provider has no answer."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self._reason = reason

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.UNKNOWN

    def details(self) -> str:
        return self._reason


def refused(reason: str) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """Return an answer that is none."""

    def answer(_: Mapping[str, Any]) -> dict[str, Any]:
        raise RefusedError(reason)

    return answer


def answer(token: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return what AWS says to a question."""
    assert token in ANSWERS, f"a component calls {token}"
    known = ANSWERS[token]
    return known if isinstance(known, dict) else known(asked)


def arn(service: str, resource: str, *, region: str = REGION) -> str:
    """Return an ARN of the account."""
    return f"arn:{PARTITION}:{service}:{region}:{ACCOUNT}:{resource}"


def certificate_arn(*, region: str = REGION) -> str:
    """Return the ARN of a certificate in ACM."""
    return arn("acm", "certificate/12345678-1234-1234-1234-123456789012", region=region)


def engine_name(name: str) -> str:
    """Return the physical name of a resource that the program leaves to the engine."""
    return f"{name}-0c0ffee"


def _named(name: str) -> dict[str, Any]:
    return {"name": engine_name(name), "arn": arn("service", engine_name(name))}


_OUTPUTS: dict[str, Callable[[str], dict[str, Any]]] = {
    "aws:acm/certificate:Certificate": lambda name: {
        "arn": certificate_arn(),
        "domainValidationOptions": [
            {
                "domainName": name,
                "resourceRecordName": f"_proof.{name}.",
                "resourceRecordType": "CNAME",
                "resourceRecordValue": "_answer.acm-validations.aws.",
            }
        ],
    },
    "aws:cloudwatch/logGroup:LogGroup": lambda name: {
        "name": engine_name(name),
        "arn": arn("logs", f"log-group:{engine_name(name)}"),
    },
    "aws:ec2/eip:Eip": lambda name: {"publicIp": "203.0.113.10", "allocationId": f"{name}-id"},
    "aws:ec2/launchTemplate:LaunchTemplate": lambda name: {**_named(name), "latestVersion": 1},
    "aws:iam/role:Role": lambda name: {
        "name": engine_name(name),
        "arn": arn("iam", f"role/{engine_name(name)}", region=""),
    },
    "aws:lambda/function:Function": lambda name: {
        "name": engine_name(name),
        "arn": arn("lambda", f"function:{engine_name(name)}"),
    },
    "aws:kms/key:Key": lambda name: {"keyId": f"{name}-id", "arn": arn("kms", f"key/{name}-id")},
    "aws:lambda/invocation:Invocation": lambda name: {"result": f'{{"call": "{name}"}}'},
    "aws:lb/loadBalancer:LoadBalancer": lambda name: {
        "name": engine_name(name),
        "arn": arn("elasticloadbalancing", f"loadbalancer/app/{engine_name(name)}/50dc6c495c0c9188"),
        "arnSuffix": f"app/{engine_name(name)}/50dc6c495c0c9188",
        "dnsName": f"{engine_name(name)}.{REGION}.elb.amazonaws.com",
        "zoneId": "Z215JYRZR1TBD5",
    },
    "aws:lb/targetGroup:TargetGroup": lambda name: {
        "name": engine_name(name),
        "arn": arn("elasticloadbalancing", f"targetgroup/{engine_name(name)}/943f017f100becff"),
        "arnSuffix": f"targetgroup/{engine_name(name)}/943f017f100becff",
    },
    "aws:rds/instance:Instance": lambda name: {
        "address": f"{name}.cafe.{REGION}.rds.amazonaws.com",
        "port": 5432,
        "arn": arn("rds", f"db:{name}"),
        "masterUserSecrets": [{"secretArn": arn("secretsmanager", f"secret:rds!db-{name}"), "secretStatus": "active"}],
    },
    "aws:route53/record:Record": lambda name: {"fqdn": f"{name}.fqdn"},
    "aws:s3/bucket:Bucket": lambda name: {
        "bucket": engine_name(name),
        "arn": f"arn:{PARTITION}:s3:::{engine_name(name)}",
    },
    "aws:secretsmanager/secret:Secret": lambda name: {
        "name": engine_name(name),
        "arn": arn("secretsmanager", f"secret:{engine_name(name)}-AbCdEf"),
    },
}


def outputs(kind: str, name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a resource has: what the program gave wins over what AWS adds to that type."""
    if not kind.startswith("aws:"):
        return dict(inputs)
    # Documents may be given as objects, and are text ever after.
    given = {key: json.dumps(value, default=str) if _is_document(value) else value for key, value in inputs.items()}
    return {**_OUTPUTS.get(kind, _named)(name), **given}


def _is_document(value: object) -> bool:
    return isinstance(value, dict) and "Statement" in value
