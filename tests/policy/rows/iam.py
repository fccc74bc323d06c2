"""Rules of the area `iam`."""

import json

import pulumi_aws as aws

from policy.testing.aws_documents import document
from policy.testing.aws_program import KNOWN
from policy.testing.change import UNKNOWN, Args, Change, From, Secret, add, put

from ..mutation import NOTHING, Case, Found, Row, found, on_aws, state
from . import iam_resource_policies, iam_rights, iam_trust

_RULES = ("name-allowed-actions", "name-changed-resources", "name-decryption-keys", "forbid-escalation")
_EVERY = found(*(f"{rule}@rights" for rule in _RULES))


def _allow(action: object, resource: object = "*", **more: object) -> Args:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def _rights(*statements: Args) -> Change:
    return put("rights", "policy", document(*statements))


_BAD = {
    "name-allowed-actions": _allow("sqs:*", "arn:aws:sqs:eu-central-1:1:queue"),
    "name-changed-resources": _allow("sqs:SendMessage"),
    "name-decryption-keys": _allow("kms:Decrypt"),
    "forbid-escalation": _allow("iam:PassRole"),
}
STATES = tuple(
    entry
    for rule, statement in _BAD.items()
    for entry in (
        state(rule, "known", (_rights(statement),), found(f"{rule}@rights")),
        state(rule, "secret", (put("rights", "policy", Secret(document(statement))),), found(f"{rule}@rights")),
        state(rule, "unknown", (put("rights", "policy", UNKNOWN),), _EVERY),
        # AWS refuses it, and doesn't read a key with a typing error.
        state(rule, "absent", (_rights({key: each for key, each in statement.items() if key != "Action"}),), _EVERY),
    )
)

ROWS = (
    Row(
        "forbid-administrator-policies",
        "function-role",
        "function-role/managed_policy_arns.0",
        "arn:aws:iam::aws:policy/AdministratorAccess",
        absent=NOTHING,
        setup=(put("function-role", "managed_policy_arns", ["arn:aws:iam::aws:policy/ReadOnlyAccess"]),),
    ),
    Row("trust-exactly", "role", "role/assume_role_policy.Statement.0.Principal", "*", absent=NOTHING),
)


def _case(name: str, statement: Args, *rules: str) -> Case:
    return Case(f"rights: {name}", (_rights(statement),), found(*(f"{rule}@rights" for rule in rules)))


def _text(name: str, policy: object, expected: Found, outputs: dict | None = None) -> Case:
    return Case(f"a policy {name}", (put("rights", "policy", policy),), expected, outputs)


def _attached(kind: type, **args: object) -> Case:
    policy = "arn:aws:iam::aws:policy/IAMFullAccess"
    changes = (add("attached", kind, {"policy_arn": policy, **args}),)
    return Case(f"an administrator by {kind.__name__}", changes, found("forbid-administrator-policies@attached"))


def _inline(name: str, expected: Found, *policies: Args) -> Case:
    return Case(f"a role's own policies: {name}", (put("role", "inline_policies", [*policies]),), expected)


_ON_ROLE = found(*(each.replace("@rights", "@role") for each in _EVERY))
_DANGER = json.dumps(document(_BAD["forbid-escalation"]))

CASES = (
    _case("everything", _allow("*", "arn:aws:sqs:eu-central-1:1:queue"), "name-allowed-actions"),
    _case("everything but", {"Effect": "Allow", "NotAction": "iam:*", "Resource": "arn:1"}, "name-allowed-actions"),
    _case(
        "all resources but",
        {"Effect": "Allow", "Action": "s3:PutObject", "NotResource": "arn:1"},
        "name-changed-resources",
    ),
    _case("a refusal of everything", {"Effect": "Deny", "Action": "*", "Resource": "*"}),
    _case("any secret", _allow("secretsmanager:GetSecretValue"), "name-changed-resources"),
    _case("any parameter", _allow(["ssm:GetParametersByPath"]), "name-changed-resources"),
    _case("a look at everything", _allow(["ec2:DescribeInstances", "autoscaling:DescribeAutoScalingGroups"])),
    _case("what AWS knows no resource for", _allow(["ssmmessages:OpenDataChannel", "xray:PutTraceSegments"])),
    _case("one role to pass", _allow("iam:PassRole", "arn:aws:iam::123456789012:role/one")),
    _text("as text", _DANGER, found("forbid-escalation@rights")),
    _text("that is no JSON", "{", _EVERY),
    _text("made of a key of the stack", From("secrets-key", "arn", lambda _: _DANGER), NOTHING),
    _text(
        "that is read when it is known",
        From("secrets-key", "arn", lambda _: _DANGER),
        found("forbid-escalation@rights"),
        KNOWN,
    ),
    Case(
        "a resource from nowhere",
        (_rights(_allow("s3:PutObject", UNKNOWN)),),
        _EVERY,
    ),
    *(
        _case(f"{action}, with a wildcard", _allow(action), rule)
        for action, rule in (
            ("secretsmanager:Get*", "name-changed-resources"),
            ("s3:Get*", "name-changed-resources"),
            ("ssm:Get*", "name-changed-resources"),
            ("kms:De*", "name-decryption-keys"),
            ("iam:Pass*", "forbid-escalation"),
        )
    ),
    _case("a look with a wildcard", _allow(["ec2:Describe*", "s3:List*", "kms:Describe*"])),
    *(
        _case(f"{action}, all of a kind", _allow(action, resource), rule)
        for action, resource, rule in (
            ("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:*:*:secret:*", "name-changed-resources"),
            ("s3:GetObject", "arn:aws:s3:::*/*", "name-changed-resources"),
            ("s3:PutObject", "arn:aws:s3:::*", "name-changed-resources"),
            ("s3:Delete*", "arn:aws-cn:s3:::*/*", "name-changed-resources"),
            ("kms:Decrypt", "arn:aws:kms:*:*:key/*", "name-decryption-keys"),
            ("iam:PassRole", "arn:aws:iam::123456789012:role/*", "forbid-escalation"),
        )
    ),
    _case("the objects of one bucket", _allow("s3:GetObject", "arn:aws:s3:::files/*")),
    _case("the parameters below a path", _allow("ssm:GetParameter", "arn:aws:ssm:*:*:parameter/kotauth/*")),
    _case("the log groups of the account", _allow("logs:PutLogEvents", "arn:aws:logs:*:*:*")),
    _inline("everything", _ON_ROLE, {"name": "all", "policy": json.dumps(document(_allow("*")))}),
    _inline("none", NOTHING, {}),
    _inline(
        "one that is made of the stack",
        NOTHING,
        {"name": "own", "policy": From("secrets-key", "arn", lambda _: _DANGER)},
    ),
    _inline("one from nowhere", _ON_ROLE, {"name": "own", "policy": UNKNOWN}),
    _attached(aws.iam.RolePolicyAttachment, role="role"),
    _attached(aws.iam.UserPolicyAttachment, user="me"),
    Case(
        "a policy of the stack's own",
        (
            add("own", aws.iam.Policy, {"policy": json.dumps(document(_allow("sqs:SendMessage", "arn:1")))}),
            add("attached", aws.iam.RolePolicyAttachment, {"role": "role", "policy_arn": From("own", "arn")}),
        ),
        NOTHING,
    ),
)

TABLE = on_aws(*STATES, *ROWS, *CASES, *iam_rights.CASES, *iam_trust.CASES, *iam_resource_policies.CASES)
