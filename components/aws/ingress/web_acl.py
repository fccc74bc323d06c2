"""A web firewall that lets OpenID Connect requests through.

AWS's common rule set mistakes a redirect URI for an attack and a long `state` for an overflow. The rules that ordinary
logins would trigger therefore count requests and do not block them; `COUNTED` gives the reasons. The rules about URLs
(`_URL_RULES`) still block by their labels on all paths except those whose requests contain URLs (`_URL_PATHS`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NotRequired, TypeAlias, TypedDict

import pulumi
import pulumi_aws as aws

from ...inputs.aws_ids import parse_arn, plain
from ...inputs.declaration import optional, own_name, value
from ...inputs.number import whole_number
from ...inputs.parsing import parse_args
from ...inputs.resource_name import parse_resource_name
from ...schema.outputs import declared_outputs
from ...schema.tokens import token
from ..observability.logs import RETENTION_DAYS, encrypted_log_group, parse_retention

# The SDK has a type of its own for a statement in each depth: comparing them all takes pyright three minutes. The
# simulator of AWS holds names and types against the SDK, at every depth.
Statement: TypeAlias = dict[str, Any]
Rule: TypeAlias = dict[str, Any]

LOGIN_RATE_LIMIT = 100
"""Default, for one address and five minutes. A login takes 0.27 s of processor time (bcrypt), so 100 logins take 27 s.
Kotauth itself allows five logins a minute in each workspace, so only a client that tries many workspaces reaches this
limit."""
RATE_LIMIT = 10_000
"""Default, for one address and five minutes: 33 requests a second. The back ends of a company share few addresses."""

parse_rate_limit = whole_number("requests in five minutes", 10, 2_000_000_000, "WAF counts from 10")

_URL_RULES = ("GenericRFI_QUERYARGUMENTS", "GenericRFI_BODY", "EC2MetaDataSSRF_QUERYARGUMENTS", "EC2MetaDataSSRF_BODY")
"""Rules that match a loopback redirect URI of a native app, such as http://127.0.0.1:8400/callback (RFC 8252)."""
_URL_LABELS = ("GenericRFI_QueryArguments", "GenericRFI_Body", "EC2MetaDataSSRF_QueryArguments", "EC2MetaDataSSRF_Body")
"""Labels that these four rules add to a request."""

COUNTED = (
    *_URL_RULES,
    "SizeRestrictions_QUERYSTRING",  # over 2 KB: state, nonce, claims and a signed request object are long
    "SizeRestrictions_BODY",  # over 8 KB: the import of a workspace has up to 100 MB
    "SizeRestrictions_Cookie_HEADER",  # over 10 KB: sessions of several workspaces, beside those of sister domains
    "CrossSiteScripting_BODY",  # a password or a mail template may hold <>
    "NoUserAgent_HEADER",  # back ends that ask for tokens often send none
)
"""Rules of AWS's common rule set that count instead of block."""

_URL_PATHS = (
    "^/t/[^/]+/(authorize|protocol/openid-connect/(auth|token|logout))$",
    "^/(admin/workspaces|t)/[^/]+/(api/v1/)?applications(/.*)?$",
)
"""Paths whose requests contain redirect URIs: endpoints of the protocol, and the registration of applications."""
_GUESSING_PATHS = (
    "^/t/[^/]+/(authorize|login|register|forgot-password|reset-password|change-password|accept-invite|mfa-challenge"
    "|email-otp/.*|magic-link.*|auth/social/complete-registration)$"
)
"""Paths on which a client can guess passwords, codes, tokens and user names, or makes Kotauth send mails."""
_DISCOVERY_PATHS = r"^/t/[^/]+/(\.well-known/.*|protocol/openid-connect/certs)$"
"""Paths that every back end requests at each start; the requests cost almost no processor time."""

_REDACTED_HEADERS = ("authorization", "cookie")


@dataclass(frozen=True, kw_only=True)
class _WebAclInputs:
    name: str = own_name(parse_resource_name)
    login_rate_limit: int = value(parse_rate_limit, default=LOGIN_RATE_LIMIT)
    rate_limit: int = value(parse_rate_limit, default=RATE_LIMIT)
    log_retention_days: int = value(parse_retention, default=RETENTION_DAYS)
    kms_key_arn: pulumi.Input[str] | None = optional(plain(parse_arn))
    tags: Mapping[str, pulumi.Input[str]] = value(default={})


class AwsWebAclArgs(TypedDict):
    """Inputs of `AwsWebAcl`."""

    login_rate_limit: NotRequired[int]
    """Limit of logins, registrations and password resets from one address in five minutes. Default 100."""
    rate_limit: NotRequired[int]
    """Limit of requests from one address in five minutes, without discovery requests. Default 10000."""
    log_retention_days: NotRequired[int]
    """Days that the log is kept. Default 365."""
    kms_key_arn: NotRequired[pulumi.Input[str]]
    """KMS key of the log. By default the component creates one."""
    tags: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Tags for every child."""


class AwsWebAcl(pulumi.ComponentResource):
    """A web ACL for a load balancer of this region, and its log, from which credentials are removed."""

    arn: pulumi.Output[str]
    """ARN of the web ACL. An `aws.wafv2.WebAclAssociation` attaches it to a load balancer."""
    log_group_name: pulumi.Output[str]
    """Name of the log group with all requests that the rules evaluated."""

    def __init__(self, name: str, args: AwsWebAclArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Make the rules and their log."""
        inputs = parse_args(_WebAclInputs, AwsWebAclArgs, name, args)
        login_rate, rate, tags = inputs.login_rate_limit, inputs.rate_limit, inputs.tags
        super().__init__(token("AwsWebAcl"), name, {"login_rate_limit": login_rate, "rate_limit": rate}, opts)
        child = pulumi.ResourceOptions(parent=self)

        acl = aws.wafv2.WebAcl(
            name,
            scope="REGIONAL",
            description="Lets OpenID Connect through",
            default_action={"allow": {}},
            rules=_rules(login_rate, rate),
            # Hides tokens, codes and passwords in the samples and match details that WAF keeps. The redaction of the
            # log does not apply to these.
            data_protection_config={
                "data_protections": [
                    {"action": "SUBSTITUTION", "field": {"field_type": "QUERY_STRING"}},
                    {"action": "SUBSTITUTION", "field": {"field_type": "BODY"}},
                    {"action": "SUBSTITUTION", "field": {"field_type": "SINGLE_COOKIE"}},
                    {
                        "action": "SUBSTITUTION",
                        "field": {"field_type": "SINGLE_HEADER", "field_keys": list(_REDACTED_HEADERS)},
                    },
                ]
            },
            visibility_config=_visible(name),
            tags=tags,
            opts=child,
        )
        logs = encrypted_log_group(
            f"{name}-log",
            own_key=(f"{name}-key", f"Log of {name}"),
            key_arn=inputs.kms_key_arn,
            # WAF logs only to names that begin so; the rest is the engine's unique name.
            group_name=pulumi.Output.concat("aws-waf-logs-", acl.name),
            retention_days=inputs.log_retention_days,
            tags=tags,
            opts=child,
        )
        aws.wafv2.WebAclLoggingConfiguration(
            f"{name}-logging",
            resource_arn=acl.arn,
            log_destination_configs=[logs.arn],
            redacted_fields=[
                {"query_string": {}},
                *({"single_header": {"name": header}} for header in _REDACTED_HEADERS),
            ],
            opts=child,
        )
        self.arn = acl.arn
        self.log_group_name = logs.name
        self.register_outputs(declared_outputs(self, AwsWebAcl))


def _rules(login_rate: int, rate: int) -> list[Any]:
    """Return the rules in the order in which WAF looks at a request; together 1,050 of the 1,500 units in the price."""
    posts_a_guess: Statement = {"and_statement": {"statements": [_method("POST"), _path(_GUESSING_PATHS)]}}
    looks_like_an_attack: Statement = {
        "or_statement": {
            "statements": [
                {"label_match_statement": {"scope": "LABEL", "key": f"awswaf:managed:aws:core-rule-set:{label}"}}
                for label in _URL_LABELS
            ]
        }
    }
    url_outside_its_place: Statement = {
        "and_statement": {"statements": [looks_like_an_attack, *(_not(_path(path)) for path in _URL_PATHS)]}
    }
    rules: list[Rule] = [
        _managed("AmazonIpReputationList"),
        _rate("login-rate", login_rate, posts_a_guess),
        _rate("rate", rate, _not(_path(_DISCOVERY_PATHS))),
        _managed("KnownBadInputsRuleSet"),
        _managed("CommonRuleSet", counted=COUNTED),
        _rule("url-outside-its-place", url_outside_its_place, {"block": {}}),
    ]
    return [{**rule, "priority": priority} for priority, rule in enumerate(rules)]


def _rule(name: str, statement: Statement, action: dict[str, Any] | None = None) -> Rule:
    """Return a rule with its action, or with those of the rules in its group."""
    rule: Rule = {"name": name, "priority": 0, "statement": statement, "visibility_config": _visible(name)}
    return {**rule, "action": action} if action else {**rule, "override_action": {"none": {}}}


def _managed(group: str, *, counted: tuple[str, ...] = ()) -> Rule:
    statement: Statement = {
        "managed_rule_group_statement": {
            "vendor_name": "AWS",
            "name": f"AWSManagedRules{group}",
            "rule_action_overrides": [{"name": rule, "action_to_use": {"count": {}}} for rule in counted],
        }
    }
    return _rule(group, statement)


def _rate(name: str, limit: int, scope: Statement) -> Rule:
    statement: Statement = {
        "rate_based_statement": {
            "aggregate_key_type": "IP",
            "evaluation_window_sec": 300,
            "limit": limit,
            "scope_down_statement": scope,
        }
    }
    # 429, so that clients wait and try again; WAF's own 403 would tell them to give up.
    return _rule(name, statement, {"block": {"custom_response": {"response_code": 429}}})


def _method(method: str) -> Statement:
    return {
        "byte_match_statement": {
            "field_to_match": {"method": {}},
            "positional_constraint": "EXACTLY",
            "search_string": method,
            "text_transformations": [{"priority": 0, "type": "NONE"}],
        }
    }


def _path(regex: str) -> Statement:
    """Match the path as Kotauth reads it: percent signs decoded, dots resolved."""
    return {
        "regex_match_statement": {
            "field_to_match": {"uri_path": {}},
            "regex_string": regex,
            "text_transformations": [
                {"priority": 0, "type": "URL_DECODE"},
                {"priority": 1, "type": "NORMALIZE_PATH"},
            ],
        }
    }


def _not(statement: Statement) -> Statement:
    return {"not_statement": {"statement": statement}}


def _visible(name: str) -> "aws.wafv2.WebAclVisibilityConfigArgsDict":
    return {"cloudwatch_metrics_enabled": True, "metric_name": name, "sampled_requests_enabled": True}
