"""The lists of actions and policies that decide about rights, against AWS's own lists as installed with test tools."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

import pytest
from moto.iam.aws_managed_policies import aws_managed_policies_data  # pyright: ignore[reportMissingTypeStubs]

from policy.kotauth_policy.readers.aws.actions import DECRYPTIONS, ESCALATIONS, SECRETS, is_harmless, is_one_of
from policy.kotauth_policy.rules.aws.iam import ADMINISTRATOR

_SERVICES: list[dict[str, Any]] = json.loads((resources.files("parliament") / "iam_definition.json").read_text())
KNOWN = {
    f"{each['prefix']}:{action['privilege']}".lower(): action["access_level"]
    for each in _SERVICES
    for action in each["privileges"]
}
_WRITES_RIGHTS = ("iam:putrolepolicy", "iam:attachrolepolicy", "iam:createpolicyversion", "iam:updateassumerolepolicy")


@pytest.mark.parametrize("action", [*ESCALATIONS, *DECRYPTIONS, *SECRETS])
def test_each_action_is_one_of_awss_and_is_seen_behind_every_wildcard(action: str) -> None:
    assert action in KNOWN
    service, _, name = action.partition(":")
    spellings = (action.upper(), f"{action[:-1]}*", f"{service}:*{name[1:]}", f"{service}:{name[0]}?{name[2:]}", "*:*")
    assert all(is_one_of(spelling, [action]) for spelling in spellings)
    assert not is_one_of(f"{service}:x*", [action])
    assert not is_one_of(f"{service}:[{name[0]}]{name[1:]}", [action])


@pytest.mark.parametrize(
    "action",
    [
        *("ecr:BatchCheckLayerAvailability", "dynamodb:Query", "dynamodb:Scan", "bedrock:InvokeModel"),
        *("logs:TestMetricFilter", "servicediscovery:DiscoverInstances", "config:SelectResourceConfig"),
        *("comprehend:BatchDetectEntities", "access-analyzer:CheckNoNewAccess", "es:ESHttpGet"),
    ],
)
def test_what_aws_calls_reading_is_harmless(action: str) -> None:
    assert KNOWN[action.lower()] in ("Read", "List")
    assert is_harmless(action)


@pytest.mark.parametrize(
    "action",
    [
        "license-manager:CheckoutLicense",
        "rekognition:StartProjectVersion",
        "iam:DeleteRole",
        "s3:PutObject",
        "ec2:RunInstances",
        "logs:*",
        "*",
    ],
)
def test_a_change_is_not_harmless(action: str) -> None:
    assert not is_harmless(action)


def test_aws_policies_that_write_rights_for_any_role_are_administrators() -> None:
    policies: dict[str, Any] = json.loads(aws_managed_policies_data)
    powerful = {
        name
        for name, policy in policies.items()
        if any(_writes_rights(each) for each in _statements(policy["Document"]))
    }
    assert powerful == {"AdministratorAccess", "AdministratorAccess-Amplify", "IAMFullAccess"}
    assert all(ADMINISTRATOR.fullmatch(f"arn:aws:iam::aws:policy/{name}") for name in (*powerful, "PowerUserAccess"))


def _statements(document: dict[str, Any]) -> list[dict[str, Any]]:
    statement = document["Statement"]
    return statement if isinstance(statement, list) else [statement]


def _writes_rights(statement: dict[str, Any]) -> bool:
    actions, on = statement.get("Action", []), statement.get("Resource", [])
    listed = [actions] if isinstance(actions, str) else actions
    return (
        statement["Effect"] == "Allow"
        and "Condition" not in statement
        and "*" in (on if isinstance(on, list) else [on])
        and any(is_one_of(action, _WRITES_RIGHTS) for action in listed)
    )
