"""The web firewall. Its rules are run here on requests, as WAF runs them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import pytest

from components.aws.ingress.web_acl import COUNTED, AwsWebAcl
from tests.unit.aws import TAGS, untagged
from tests.unit.recording import Declared, declare

LABEL = "awswaf:managed:aws:core-rule-set:"
URL_LABELS = ["GenericRFI_QueryArguments", "GenericRFI_Body", "EC2MetaDataSSRF_QueryArguments", "EC2MetaDataSSRF_Body"]


def firewall(**more: Any) -> Declared:
    args: Any = {"tags": TAGS, **more}

    return declare(lambda: AwsWebAcl("acl", args))


@pytest.fixture(scope="module")
def acl() -> dict[str, Any]:
    return dict(firewall().named("acl", ":WebAcl").inputs)


@pytest.fixture(scope="module")
def rules(acl: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {rule["name"]: rule for rule in acl["rules"]}


@dataclass(frozen=True)
class Request:
    """What the rules look at."""

    path: str
    method: str = "GET"
    labels: tuple[str, ...] = ()


def matches(statement: dict[str, Any], request: Request) -> bool:
    """Say what WAF says of a request: the kinds of statements that these rules have."""
    ((kind, body),) = statement.items()
    kinds: dict[str, Callable[[], bool]] = {
        "andStatement": lambda: all(matches(each, request) for each in body["statements"]),
        "orStatement": lambda: any(matches(each, request) for each in body["statements"]),
        "notStatement": lambda: not matches(body["statement"], request),
        "labelMatchStatement": lambda: body["scope"] == "LABEL" and body["key"] in request.labels,
        "byteMatchStatement": lambda: body["searchString"] == request.method,
        "regexMatchStatement": lambda: re.search(body["regexString"], transformed(request.path, body)) is not None,
    }
    return kinds[kind]()


def transformed(path: str, statement: dict[str, Any]) -> str:
    steps = {"URL_DECODE": unquote, "NORMALIZE_PATH": posixpath.normpath}
    for step in sorted(statement["textTransformations"], key=lambda step: step["priority"]):
        path = steps[step["type"]](path)
    return path


def test_the_order_of_the_rules(acl: dict[str, Any]) -> None:
    """What labels a request stands before what reads the label; who is known to be bad isn't counted."""
    assert [(rule["priority"], rule["name"]) for rule in acl["rules"]] == [
        (0, "AmazonIpReputationList"),
        (1, "login-rate"),
        (2, "rate"),
        (3, "KnownBadInputsRuleSet"),
        (4, "CommonRuleSet"),
        (5, "url-outside-its-place"),
    ]
    assert acl["scope"] == "REGIONAL"
    assert acl["defaultAction"] == {"allow": {}}


@pytest.mark.parametrize(
    ("name", "counted"), [("AmazonIpReputationList", ()), ("KnownBadInputsRuleSet", ()), ("CommonRuleSet", COUNTED)]
)
def test_managed_rules_block_but_for_the_counted_ones(
    rules: dict[str, dict[str, Any]], name: str, counted: tuple[str, ...]
) -> None:
    assert rules[name]["overrideAction"] == {"none": {}}
    assert rules[name]["statement"] == {
        "managedRuleGroupStatement": {
            "vendorName": "AWS",
            "name": f"AWSManagedRules{name}",
            "ruleActionOverrides": [{"name": rule, "actionToUse": {"count": {}}} for rule in counted],
        }
    }


def test_what_every_login_would_meet_is_counted() -> None:
    assert set(COUNTED) == {
        "GenericRFI_QUERYARGUMENTS",
        "GenericRFI_BODY",
        "EC2MetaDataSSRF_QUERYARGUMENTS",
        "EC2MetaDataSSRF_BODY",
        "SizeRestrictions_QUERYSTRING",
        "SizeRestrictions_BODY",
        "SizeRestrictions_Cookie_HEADER",
        "CrossSiteScripting_BODY",
        "NoUserAgent_HEADER",
    }


@pytest.mark.parametrize("label", URL_LABELS)
@pytest.mark.parametrize(
    ("path", "blocked"),
    [
        ("/t/acme/authorize", False),
        ("/t/acme/protocol/openid-connect/auth", False),
        ("/t/acme/protocol/openid-connect/token", False),
        ("/t/acme/protocol/openid-connect/logout", False),
        ("/admin/workspaces/acme/applications", False),
        ("/admin/workspaces/acme/applications/portal/edit", False),
        ("/t/acme/api/v1/applications/7", False),
        ("/t/acme/register", True),
        ("/t/acme/authorize/../register", True),
        ("/t/acme/%72egister", True),
        ("/t/acme/authorize/more", True),
        ("/x/t/acme/authorize", True),
        ("/admin/workspaces/acme/settings/smtp", True),
        ("/", True),
    ],
)
def test_addresses_in_requests_belong_where_redirects_are(
    rules: dict[str, dict[str, Any]], path: str, blocked: bool, label: str
) -> None:
    rule = rules["url-outside-its-place"]
    assert rule["action"] == {"block": {}}
    assert matches(rule["statement"], Request(path, labels=(LABEL + label,))) is blocked
    assert not matches(rule["statement"], Request(path, labels=(LABEL + "NoUserAgent_Header",)))


@pytest.mark.parametrize(
    ("method", "path", "counted"),
    [
        ("POST", "/t/master/authorize", True),
        ("POST", "/t/acme/login", True),
        ("POST", "/t/acme/register", True),
        ("POST", "/t/acme/forgot-password", True),
        ("POST", "/t/acme/reset-password", True),
        ("POST", "/t/acme/change-password", True),
        ("POST", "/t/acme/accept-invite", True),
        ("POST", "/t/acme/auth/social/complete-registration", True),
        ("POST", "/t/acme/mfa-challenge", True),
        ("POST", "/t/acme/email-otp/verify", True),
        ("POST", "/t/acme/%61uthorize", True),
        ("GET", "/t/acme/authorize", False),
        ("GET", "/t/acme/accept-invite", False),
        ("GET", "/t/acme/auth/social/google/callback", False),
        ("POST", "/t/acme/protocol/openid-connect/token", False),
        ("POST", "/admin/workspaces/acme/applications", False),
    ],
)
def test_guesses_have_a_limit_of_their_own(
    rules: dict[str, dict[str, Any]], method: str, path: str, counted: bool
) -> None:
    limit = rules["login-rate"]["statement"]["rateBasedStatement"]
    assert matches(limit["scopeDownStatement"], Request(path, method)) is counted


@pytest.mark.parametrize(
    ("path", "counted"),
    [
        ("/t/acme/.well-known/openid-configuration", False),
        ("/t/acme/protocol/openid-connect/certs", False),
        ("/t/acme/protocol/openid-connect/token", True),
        ("/t/acme/api/v1/users", True),
        ("/t/acme/.well-known/../register", True),
    ],
)
def test_discovery_has_no_limit(rules: dict[str, dict[str, Any]], path: str, counted: bool) -> None:
    limit = rules["rate"]["statement"]["rateBasedStatement"]
    assert matches(limit["scopeDownStatement"], Request(path)) is counted


def test_limits() -> None:
    def limits(declared: Declared) -> dict[str, Any]:
        return {
            rule["name"]: (rule["statement"]["rateBasedStatement"], rule["action"])
            for rule in declared.named("acl", ":WebAcl").inputs["rules"]
            if "rateBasedStatement" in rule["statement"]
        }

    for declared, login, rate in (
        (firewall(), 100, 10_000),
        (firewall(login_rate_limit=20.0, rate_limit=500.0), 20, 500),
    ):
        found = limits(declared)
        assert {name: statement["limit"] for name, (statement, _) in found.items()} == {
            "login-rate": login,
            "rate": rate,
        }
        for statement, action in found.values():
            assert (statement["aggregateKeyType"], statement["evaluationWindowSec"]) == ("IP", 300)
            assert action == {"block": {"customResponse": {"responseCode": 429}}}


def test_everything_is_measured_and_sampled(acl: dict[str, Any]) -> None:
    for each in [acl, *acl["rules"]]:
        visible = each["visibilityConfig"]
        assert visible["cloudwatchMetricsEnabled"] is True
        assert visible["sampledRequestsEnabled"] is True
    names = [each["visibilityConfig"]["metricName"] for each in acl["rules"]]
    assert len(set(names)) == len(names)


def test_log_and_samples_hold_no_credentials(acl: dict[str, Any]) -> None:
    logging = firewall().named("acl-logging").inputs
    assert logging["redactedFields"] == [
        {"queryString": {}},
        {"singleHeader": {"name": "authorization"}},
        {"singleHeader": {"name": "cookie"}},
    ]
    hidden = acl["dataProtectionConfig"]["dataProtections"]
    assert {each["action"] for each in hidden} == {"SUBSTITUTION"}
    assert [each["field"] for each in hidden] == [
        {"fieldType": "QUERY_STRING"},
        {"fieldType": "BODY"},
        {"fieldType": "SINGLE_COOKIE"},
        {"fieldType": "SINGLE_HEADER", "fieldKeys": ["authorization", "cookie"]},
    ]


def test_the_log_has_the_name_that_waf_asks_for() -> None:
    declared = firewall(log_retention_days=90, kms_key_arn="arn:key")
    group = declared.named("acl-log", ":LogGroup")
    assert group.inputs == {
        "name": "aws-waf-logs-acl-0c0ffee",
        "retentionInDays": 90,
        "kmsKeyId": "arn:key",
        "tags": TAGS,
    }
    logging = declared.named("acl-logging").inputs
    assert logging["resourceArn"] == declared.outputs["arn"]
    assert len(logging["logDestinationConfigs"]) == 1
    assert declared.of_type(":Key") == []
    assert declared.outputs["log_group_name"] == "aws-waf-logs-acl-0c0ffee"


def test_by_default_a_key_is_made_for_the_log() -> None:
    declared = firewall()
    assert declared.named("acl-log", ":LogGroup").inputs["kmsKeyId"].endswith("key/acl-key-id")
    assert declared.named("acl-log", ":LogGroup").inputs["retentionInDays"] == 365
    assert untagged(declared) == []
