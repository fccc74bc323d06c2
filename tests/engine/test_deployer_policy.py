"""The deployer's policies of docs/aws/permissions.md allow each call of the stacks, on the stack's own resources only.

The calls of every `up`, update and deletion of the simulated stacks are made with them, too (`aws_stack`).
"""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from simulators.aws.access import ApiCall, Policies, Request
from simulators.aws.cloud import cloud
from tests.engine.aws_stack import POLICIES, REGION, AwsStack, deployer_policies
from tests.engine.deployer_needs import NOT_NEEDED, OF_THE_PROVIDER, OWN, covered, on_its_own, patterns, taken
from tests.engine.iam_documents import findings

pytestmark = pytest.mark.engine

LIMIT_CHARACTERS = 6144
"""Of a managed policy, white space not counted (IAM's quotas)."""
SPLIT = "the action's other resources are in other statements, under other conditions"
PARLIAMENT = {
    ("Look", "RESOURCE_STAR"): "reads",
    ("NewCertificates", "RESOURCE_STAR"): "what it makes has no name yet; its tags are a condition",
    ("NewKeys", "RESOURCE_STAR"): "as above",
    ("LoadBalancer", "RESOURCE_MISMATCH"): "listeners of a network load balancer are none of ours",
    ("GroupsInAnyNetwork", "RESOURCE_MISMATCH"): SPLIT,
    ("InterfacesOfServices", "RESOURCE_MISMATCH"): SPLIT,
    ("LaunchInAnyNetwork", "RESOURCE_MISMATCH"): SPLIT,
    ("LaunchOnlyFromTemplates", "RESOURCE_MISMATCH"): SPLIT,
    ("NamesOfKeys", "RESOURCE_MISMATCH"): SPLIT,
    ("NewInTheNetwork", "RESOURCE_MISMATCH"): SPLIT,
    ("NewOnTheNetwork", "RESOURCE_MISMATCH"): SPLIT,
    ("OwnHosts", "RESOURCE_MISMATCH"): SPLIT,
    ("OwnKeys", "RESOURCE_MISMATCH"): SPLIT,
}
NOT_SIMULATED = {
    "RolesOfServices": "AWS makes a service-linked role at most once in an account, when a service is first used",
}
"""Statements that no call of the simulated stacks needs."""


def statements() -> list[dict[str, Any]]:
    return [each for policy in POLICIES for each in json.loads(policy.read_text())["Statement"]]


ALLOWING = [each["Sid"] for each in statements() if each["Effect"] == "Allow"]


def allowed() -> set[str]:
    actions = [each["Action"] for each in statements() if each["Effect"] == "Allow"]
    return {name.lower() for each in actions for name in ([each] if isinstance(each, str) else each)}


def test_what_the_stacks_take_is_allowed(production: AwsStack, staging: AwsStack) -> None:
    left = {action for action in taken(production, staging) if not covered(action, allowed())}
    assert {action for action in left if not covered(action, patterns(NOT_NEEDED))} == set()
    idle = {pattern for pattern in patterns(NOT_NEEDED) if not any(fnmatchcase(action, pattern) for action in left)}
    assert idle == set(), "nothing of AWS's is left out by it"


def test_what_is_allowed_is_taken(production: AwsStack, staging: AwsStack) -> None:
    known = taken(production, staging)
    beyond = {action for action in allowed() if not any(fnmatchcase(each, action) for each in known)}
    assert beyond == patterns(OWN)


def test_what_the_stacks_take_is_allowed_on_what_is_theirs(production: AwsStack, staging: AwsStack) -> None:
    refused = [
        (request, why)
        for name, stack in (("prod", production), ("staging", staging))
        for request in [*on_its_own(stack), *OF_THE_PROVIDER]
        if (why := Policies(deployer_policies(name)).refusal(request))
    ]
    assert refused == []


@pytest.fixture(scope="module")
def asked(production: AwsStack, staging: AwsStack) -> dict[str, list[Request]]:
    """Return what IAM was asked when the stacks came up, and will be asked when their resources change, by stack."""
    stacks = {"prod": production, "staging": staging}
    return {name: [*stack.aws.asked, *on_its_own(stack), *OF_THE_PROVIDER] for name, stack in stacks.items()}


@pytest.mark.parametrize("sid", ALLOWING)
def test_without_one_statement_something_fails(asked: dict[str, list[Request]], sid: str) -> None:
    refused = False
    for stack, requests in asked.items():
        policies = Policies(deployer_policies(stack))
        policies.statements = [each for each in policies.statements if each["Sid"] != sid]
        refused |= any(policies.refusal(request) for request in requests)
    assert refused == (sid not in NOT_SIMULATED)


class Tagged:
    """A service whose every resource has these tags."""

    def __init__(self, **tags: str) -> None:
        self._tags = [{"Key": key.replace("_", "."), "Value": value} for key, value in tags.items()]

    def __getattr__(self, operation: str) -> Any:
        pairs = [{"TagKey": each["Key"], "TagValue": each["Value"]} for each in self._tags]
        tags = pairs if operation == "list_resource_tags" else self._tags
        return lambda **_: {"Tags": tags, "TagList": tags, "tags": tags}


def refusals(service: str, operation: str, given: dict[str, Any], **tags: str) -> list[str]:
    """Return why the deployer of prod may not make a call on a resource with these tags."""
    call = ApiCall(service, operation, given, REGION, cloud.ACCOUNT, lambda service: Tagged(**tags))
    policies = Policies(deployer_policies("prod"))
    return [why for request in call.requests() if (why := policies.refusal(request))]


WITHOUT_A_NAME = [
    ("ec2", "TerminateInstances", {"InstanceIds": ["i-0123456789abcdef0"]}),
    ("ec2", "StopInstances", {"InstanceIds": ["i-0123456789abcdef0"]}),
    ("ec2", "DeleteVolume", {"VolumeId": "vol-0123456789abcdef0"}),
    ("ec2", "DetachVolume", {"VolumeId": "vol-0123456789abcdef0", "InstanceId": "i-0123456789abcdef0"}),
    ("ec2", "DeleteVpc", {"VpcId": "vpc-0123456789abcdef0"}),
    ("ec2", "DeleteSubnet", {"SubnetId": "subnet-0123456789abcdef0"}),
    ("ec2", "DeleteSecurityGroup", {"GroupId": "sg-0123456789abcdef0"}),
    ("ec2", "RevokeSecurityGroupIngress", {"GroupId": "sg-0123456789abcdef0"}),
    ("ec2", "AuthorizeSecurityGroupIngress", {"GroupId": "sg-0123456789abcdef0"}),
    ("ec2", "DeleteRoute", {"RouteTableId": "rtb-0123456789abcdef0"}),
    ("ec2", "ReleaseAddress", {"AllocationId": "eipalloc-0123456789abcdef0"}),
    ("ec2", "DeleteNatGateway", {"NatGatewayId": "nat-0123456789abcdef0"}),
    ("ec2", "DeleteLaunchTemplate", {"LaunchTemplateId": "lt-0123456789abcdef0"}),
    ("ec2", "DeleteTags", {"Resources": ["vpc-0123456789abcdef0"], "Tags": [{"Key": "Name"}]}),
    ("kms", "ScheduleKeyDeletion", {"KeyId": "1234abcd-12ab-34cd-56ef-1234567890ab"}),
    ("kms", "PutKeyPolicy", {"KeyId": "1234abcd-12ab-34cd-56ef-1234567890ab", "Policy": "{}"}),
    ("kms", "CreateGrant", {"KeyId": "1234abcd-12ab-34cd-56ef-1234567890ab"}),
    ("acm", "DeleteCertificate", {"CertificateArn": f"arn:aws:acm:{REGION}:{cloud.ACCOUNT}:certificate/1"}),
]
"""Calls on what AWS gives its names: only the tag tells whose it is."""
WITH_A_NAME = [
    ("rds", "DeleteDBInstance", {"DBInstanceIdentifier": "kotauth-database"}),
    ("secretsmanager", "DeleteSecret", {"SecretId": "kotauth-secret-key"}),
    ("logs", "DeleteLogGroup", {"logGroupName": "kotauth-server-log"}),
]


@pytest.mark.parametrize(("service", "operation", "given"), [*WITHOUT_A_NAME, *WITH_A_NAME])
def test_only_what_is_the_stacks_own(service: str, operation: str, given: dict[str, Any]) -> None:
    assert refusals(service, operation, given, kotauth_stack="kotauth/prod") == []
    assert refusals(service, operation, given, kotauth_stack="kotauth/staging")


@pytest.mark.parametrize(("service", "operation", "given"), WITHOUT_A_NAME)
def test_nothing_that_has_no_tag(service: str, operation: str, given: dict[str, Any]) -> None:
    assert refusals(service, operation, given, owner="another team")


@pytest.mark.parametrize(
    ("service", "operation", "given"),
    [
        ("ec2", "CreateVpc", {"CidrBlock": "10.0.0.0/16"}),
        ("ec2", "CreateVolume", {"AvailabilityZone": f"{REGION}a"}),
        ("kms", "CreateKey", {}),
        ("acm", "RequestCertificate", {"DomainName": "auth.example.org"}),
    ],
)
def test_nothing_is_made_without_the_tag(service: str, operation: str, given: dict[str, Any]) -> None:
    tags = [{"Key": "kotauth.stack", "Value": "kotauth/prod"}]
    noun = operation.removeprefix("Create").lower()
    tagging = {"TagSpecifications": [{"ResourceType": noun, "Tags": tags}]} if service == "ec2" else {"Tags": tags}
    assert refusals(service, operation, given | tagging) == []
    assert refusals(service, operation, given)


def test_the_tag_of_another_stack_is_neither_given_nor_taken() -> None:
    vpc = {"Resources": ["vpc-0123456789abcdef0"]}
    other, own = ([{"Key": "kotauth.stack", "Value": f"kotauth/{name}"}] for name in ("staging", "prod"))
    assert refusals("ec2", "CreateTags", {**vpc, "Tags": own}, kotauth_stack="kotauth/prod") == []
    assert refusals("ec2", "CreateTags", {**vpc, "Tags": other}, kotauth_stack="kotauth/prod")
    assert refusals("ec2", "CreateTags", {**vpc, "Tags": own})
    assert refusals("ec2", "CreateTags", {**vpc, "Tags": own}, kotauth_stack="kotauth/staging")


def test_parliament_finds_nothing_else() -> None:
    found = {
        (each.statement, each.issue)
        for policy in POLICIES
        for each in findings({"urn": f"::{policy.stem}", "type": "policy"}, policy.read_text())
    }
    assert found == PARLIAMENT.keys()


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.stem)
def test_it_fits_a_managed_policy(policy: Path) -> None:
    assert len(re.sub(r"\s", "", policy.read_text())) <= LIMIT_CHARACTERS


def test_every_statement_has_a_name_of_its_own() -> None:
    names = [each["Sid"] for each in statements()]
    assert len(names) == len(set(names))
