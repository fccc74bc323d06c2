"""Mistakes, each planted into the committed stack prod as it is, and each found by a layer from outside this project.

The names and types of the SDK, cfn-lint's lists of values, parliament's actions, moto's state, and, where none of them
knows, a rule by hand. In the stack without a mistake none of them finds anything: `test_aws_values`, `test_aws_iam`,
and its `up`. What no layer can know is in `simulators/aws/__init__.py`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest

from simulators.aws import AwsSimulator
from simulators.aws.checks import rules
from simulators.aws.cloudformation import references_of, template
from simulators.aws.cloudformation.linting import lint
from simulators.aws.schema import sdk
from tests.engine.aws_stack import DATABASE, AwsStack
from tests.engine.iam_documents import documents, findings

pytestmark = pytest.mark.engine

Resources = Mapping[str, dict[str, Any]]
GONE = object()
"""In the place of a value: the input is left out."""

ALARM = "MetricAlarm kotauth-watch-errors"
BALANCER = "LoadBalancer kotauth"
FUNCTION = "Function kotauth-database-role"
HTTPS = "Listener kotauth-https"
KEY = "Key kotauth-database-key"
LOG = "LogGroup kotauth-server-log"
RIGHTS = "RolePolicy kotauth-server-rights"
ROLE = "Role kotauth-server-role"
RULE = "SecurityGroupIngressRule kotauth-world-443"
SUBNET = "Subnet kotauth-network-private-eu-central-1a"
SAME_ZONE = "Subnet kotauth-network-isolated-eu-central-1a"
SUBNET_GROUP = "SubnetGroup kotauth-database"
TARGETS = "TargetGroup kotauth-tg"
TEMPLATE = "LaunchTemplate kotauth-server"


@dataclass(frozen=True)
class Planted:
    """The stack with a mistake in one of its resources."""

    resources: Resources
    resource: dict[str, Any]
    aws: AwsSimulator

    @property
    def inputs(self) -> dict[str, Any]:
        """The wrong inputs."""
        return {name: value for name, value in self.resource["inputs"].items() if name != "__defaults"}


def by_sdk(planted: Planted) -> list[str]:
    _, problems = sdk.check(planted.inputs, sdk.schema(planted.resource["type"]).inputs)
    return [f"{problem.path} {problem.reason}" for problem in problems]


def by_hand(planted: Planted) -> list[str]:
    return [f"{problem.path} {problem.reason}" for problem in rules.check(planted.resource["type"], planted.inputs)]


def by_cfn_lint(planted: Planted) -> list[str]:
    """Look at the resource and at all that it refers to."""
    by_urn = {each["urn"]: each for each in planted.resources.values()} | {planted.resource["urn"]: planted.resource}
    wanted, found = [planted.resource["urn"]], {}
    while wanted:
        urn = wanted.pop()
        if urn not in found:
            found[urn] = by_urn[urn]
            wanted += [other for name in found[urn]["inputs"] for other in references_of(found[urn], name)]
    return [f"{each.rule} {each.message}" for each in lint(template(found.values()))]


def by_parliament(planted: Planted) -> list[str]:
    return [
        f"{each.issue} {each.statement} {each.detail}"
        for document in documents([planted.resource])
        for each in findings(*document)
    ]


def by_simulator(planted: Planted) -> list[str]:
    """Have it made beside the others, by a deployer who may do anything; it is refused, so nothing changes."""
    planted.aws.restrict("unrestricted")
    urn = planted.resource["urn"].replace("urn:pulumi:prod::", "urn:pulumi:unrestricted::")
    return [planted.aws.refusal(urn, planted.inputs)]


def plant(stack: AwsStack, resources: Resources, name: str, changes: Mapping[str, Any]) -> Planted:
    """Change inputs, by path; a function gets the right value and the stack's resources and returns the wrong one."""
    wrong = copy.deepcopy(resources[name])
    for path, value in changes.items():
        block, *steps = wrong["inputs"], *path.split(".")
        for step in steps[:-1]:
            block = block[int(step) if step.isdigit() else step]
        if value is GONE:
            del block[steps[-1]]
        else:
            block[steps[-1]] = value(block[steps[-1]], resources) if callable(value) else value
    return Planted(resources, wrong, stack.aws)


def instead(right: str, wrong: str) -> Callable[[str, Resources], str]:
    """Return the text with something else in it."""

    def replaced(text: str, _: Resources) -> str:
        assert right in text
        return text.replace(right, wrong, 1)

    return replaced


def one_zone(_: list[str], resources: Resources) -> list[str]:
    return [resources[name]["id"] for name in (SUBNET, SAME_ZONE)]


class Mistake(NamedTuple):
    """What to plant, and who says what of it."""

    what: str
    resource: str
    changes: Mapping[str, Any]
    layer: Callable[[Planted], list[str]]
    says: str


MISTAKES = [
    Mistake("unknown property", DATABASE, {"multiAZ": True}, by_sdk, "multiAZ is not a property; is multiAz meant?"),
    Mistake(
        "unknown property in a block", TEMPLATE, {"metadataOptions.httpToken": "required"}, by_sdk, "is not a property"
    ),
    Mistake("wrong type", DATABASE, {"multiAz": "both"}, by_sdk, "multiAz must be true or false, not a string"),
    Mistake("missing required", DATABASE, {"instanceClass": GONE}, by_sdk, "instanceClass is required"),
    Mistake("RDS class", DATABASE, {"instanceClass": "db.t4g.nano"}, by_cfn_lint, "E3025 'db.t4g.nano' is not one of"),
    Mistake("engine version", DATABASE, {"engineVersion": "14.999"}, by_cfn_lint, "E3691 '14.999' is not one of"),
    Mistake("engine typo", DATABASE, {"engine": "postgress"}, by_cfn_lint, "E3691 'postgress' is not one of"),
    Mistake("TLS policy typo", HTTPS, {"sslPolicy": "ELBSecurityPolicy-TLS13-1-2-Rest-2021-06"}, by_hand, "sslPolicy"),
    Mistake(
        "RDS retention", DATABASE, {"backupRetentionPeriod": 99}, by_cfn_lint, "E3719 99 is greater than the maximum"
    ),
    Mistake(
        "operator typo",
        ALARM,
        {"comparisonOperator": "GreaterThanTreshold"},
        by_cfn_lint,
        "E3030 'GreaterThanTreshold'",
    ),
    Mistake("listener protocol typo", HTTPS, {"protocol": "HTTPX"}, by_cfn_lint, "E3030 'HTTPX' is not one of"),
    Mistake(
        "no certificate", HTTPS, {"certificateArn": GONE}, by_cfn_lint, "E3676 'Certificates' is a required property"
    ),
    Mistake(
        "timeout >= interval",
        TARGETS,
        {"healthCheck.timeout": 60, "name": "another"},
        by_simulator,
        "Health check timeout",
    ),
    Mistake("interval", TARGETS, {"healthCheck.interval": 1}, by_cfn_lint, "E3034 1 is less than the minimum of 5"),
    Mistake("runtime typo", FUNCTION, {"runtime": "python3.131"}, by_cfn_lint, "E3030 'python3.131' is not one of"),
    Mistake(
        "retired runtime", FUNCTION, {"runtime": "python3.7"}, by_cfn_lint, "E2531 Runtime 'python3.7' was deprecated"
    ),
    Mistake("log retention", LOG, {"retentionInDays": 17}, by_cfn_lint, "E3030 17 is not one of"),
    Mistake("KMS window", KEY, {"deletionWindowInDays": 3}, by_cfn_lint, "E3034 3 is less than the minimum of 7"),
    Mistake(
        "CIDR /33", SUBNET, {"cidrBlock": "10.64.0.0/33"}, by_cfn_lint, "E3002 '10.64.0.0/33' is not a 'ipv4-network'"
    ),
    Mistake("CIDR with host bits", SUBNET, {"cidrBlock": "10.64.0.1/20"}, by_cfn_lint, "E3002 '10.64.0.1/20'"),
    Mistake("CIDR outside the VPC", SUBNET, {"cidrBlock": "10.99.0.0/20"}, by_cfn_lint, "E3059 '10.99.0.0/20'"),
    Mistake("CIDR taken", SUBNET, {}, by_simulator, "InvalidSubnet.Conflict"),
    Mistake("no such VPC", SUBNET, {"vpcId": "vpc-0123456789abcdef0"}, by_simulator, "InvalidVpcID.NotFound"),
    Mistake("document that is no JSON", RIGHTS, {"policy": instead("}", "")}, by_parliament, "MALFORMED_JSON"),
    Mistake("malformed document", RIGHTS, {"policy": instead('"Allow"', '"Permit"')}, by_parliament, "MALFORMED"),
    Mistake("malformed document", RIGHTS, {"policy": instead('"Allow"', '"Permit"')}, by_cfn_lint, "E3510 'Permit'"),
    Mistake(
        "malformed trust policy", ROLE, {"assumeRolePolicy": instead("Principal", "Principle")}, by_cfn_lint, "E3530"
    ),
    Mistake(
        "unknown action", RIGHTS, {"policy": instead(":GetSecretValue", ":ReadSecret")}, by_parliament, "UNKNOWN_ACTION"
    ),
    Mistake("unknown action", RIGHTS, {"policy": instead(":GetSecretValue", ":ReadSecret")}, by_cfn_lint, "W3037"),
    Mistake(
        "action for no such ARN",
        RIGHTS,
        {"policy": instead("arn:aws:ssm:", "arn:aws:s3:")},
        by_parliament,
        "RESOURCE_MIS",
    ),
    Mistake(
        "unknown condition",
        RIGHTS,
        {"policy": instead("kms:Via", "kms:By")},
        by_parliament,
        "UNKNOWN_CONDITION_FOR_ACTION",
    ),
    Mistake("storage type typo", DATABASE, {"storageType": "gp33"}, by_hand, 'storageType "gp33" must be one of'),
    Mistake("5 GB storage", DATABASE, {"allocatedStorage": 5}, by_hand, "allocatedStorage 5 is below the 20 GiB"),
    Mistake("both in one zone", SUBNET_GROUP, {"subnetIds": one_zone}, by_simulator, "at least two Availability Zones"),
    Mistake(
        "one subnet", BALANCER, {"subnets": lambda ids, _: ids[:1]}, by_cfn_lint, "E3680 expected minimum item count: 2"
    ),
    Mistake("both in one zone", BALANCER, {"subnets": one_zone}, by_simulator, "at least two Availability Zones"),
    Mistake("port order", RULE, {"fromPort": 443, "toPort": 80}, by_hand, "fromPort 443 must not be above toPort, 80"),
    Mistake("description", RULE, {"description": "Kotauth's"}, by_hand, 'description "Kotauth\'s" may have'),
    Mistake("window", DATABASE, {"backupWindow": "1:00-2:00"}, by_hand, "must have the form hh24:mi-hh24:mi"),
    Mistake(
        "attribute",
        BALANCER,
        {"desyncMitigationMode": "strict"},
        by_hand,
        "must be one of defensive, monitor, strictest",
    ),
    Mistake(
        "instance type typo", TEMPLATE, {"instanceType": "t4g.smal"}, by_cfn_lint, "E3628 't4g.smal' is not one of"
    ),
]


@pytest.fixture(scope="module")
def resources(production: AwsStack) -> Resources:
    return production.resources()


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda row: f"{row.what} of {row.resource} {row.layer.__name__}")
def test_a_layer_finds_it(production: AwsStack, resources: Resources, mistake: Mistake) -> None:
    found = mistake.layer(plant(production, resources, mistake.resource, mistake.changes))
    assert any(mistake.says in each for each in found), found
