"""Rights in AWS: who may do what with what, in documents given as text, as an object, or not known yet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from ..facts.aws import ATTACHMENTS, POLICIES, ROLE
from ..facts.policy_document import Statement, is_everybody, statements, statements_in
from ..resource import Resource
from ..rule import Area, References, Settings, Severity
from ..value import Value
from ..verdict import Verdict, fail, undecidable

AREA = Area("iam")
# What a right to read is called; what it reads is another question.
_READS = re.compile(r"[a-z0-9-]+:(describe|list|get|batchget|view|lookup)", re.I)
_SECRETS = re.compile(
    r"(secretsmanager:getsecretvalue|secretsmanager:batchgetsecretvalue|ssm:getparameter|s3:getobject)", re.I
)
_SECRET_ACTIONS = (
    *(f"secretsmanager:{action}secretvalue" for action in ("get", "batchget")),
    *(f"ssm:getparameter{ending}" for ending in ("", "s", "sbypath", "history")),
    *("s3:getobject", "s3:getobjectversion"),
)
_DECRYPTS = re.compile(r"kms:(\*|decrypt|reencrypt)", re.I)
_DECRYPT_ACTIONS = ("kms:decrypt", "kms:reencryptfrom", "kms:reencryptto")
_ESCALATES = re.compile(
    r"iam:(passrole|createpolicyversion|setdefaultpolicyversion|(attach|put)(user|group|role)policy|addusertogroup"
    r"|updateassumerolepolicy|createaccesskey|create(login|)profile|updateloginprofile|createrole|createuser)"
    r"|sts:assumerole|lambda:updatefunctioncode|ssm:(sendcommand|startsession)",
    re.I,
)
_ESCALATION_ACTIONS = (
    *("iam:passrole", "iam:createpolicyversion", "iam:setdefaultpolicyversion", "iam:updateassumerolepolicy"),
    *(f"iam:{verb}{owner}policy" for verb in ("attach", "put") for owner in ("user", "group", "role")),
    *("iam:createaccesskey", "iam:createloginprofile", "iam:addusertogroup", "sts:assumerole"),
    *("lambda:updatefunctioncode", "ssm:sendcommand", "ssm:startsession"),
)
_NO_NARROWER = re.compile(
    r"ssm:updateinstanceinformation|ssmmessages:(create|open)(control|data)channel|ec2messages:\w+"
    r"|ec2:(create|delete)networkinterface|ec2:(un|)assignprivateipaddresses"
    r"|xray:put(tracesegments|telemetryrecords)|cloudwatch:putmetricdata|ecr:getauthorizationtoken",
    re.I,
)
"""Actions for which AWS knows no resource, or none that exists before."""
_ADMINISTRATORS = ("AdministratorAccess", "PowerUserAccess", "IAMFullAccess")


# All of one kind, in whichever account and region. What follows a bucket's name is a part of that bucket.
_ALL_OF_A_KIND = re.compile(
    r"\*+|arn:\*+|arn(:[^:]*){4}:((secret|function|role|user|group|policy|key|parameter|alias)[:/])?\*+(/\*+)?"
)


def _allowed(policy: Resource) -> Iterator[Statement]:
    """Yield the statements that give a right, also those that a role holds itself."""
    if policy.type == ROLE:
        documents = [each.field("policy") for each in policy.get("inlinePolicies").items()]
    else:
        documents = [policy.get("policy")]
    for document in documents:
        # A role's empty entry means that it has no policy.
        if policy.type != ROLE or not document.is_absent:
            yield from (statement for statement in statements_in(policy, document) if statement.allows)


def _is_all(resource: Value) -> bool:
    return not resource.is_unknown and (resource.text() or "").strip("*") == "" and not resource.is_absent


def _on_all(statement: Statement) -> bool:
    return any(map(_is_all, statement.resources)) or statement.has("NotResource")


def _on_all_of_a_kind(statement: Statement) -> bool:
    named = (each.text() or "" for each in statement.resources if not each.is_unknown)
    return statement.has("NotResource") or any(map(_ALL_OF_A_KIND.fullmatch, named))


def _is_one(action: str, pattern: re.Pattern[str], names: tuple[str, ...]) -> bool:
    """Whether an action is one of these, also where it is written with a wildcard."""
    return pattern.match(action) is not None or any(fnmatchcase(name, action.lower()) for name in names)


@AREA.rule(
    "name-allowed-actions",
    Severity.HIGH,
    "Name the actions that a policy allows.",
    remedy="List them, such as secretsmanager:GetSecretValue.",
    types=(*POLICIES, ROLE),
    references=References(hub=("IAM.1", "IAM.21"), checkov=("CKV_AWS_62", "CKV_AWS_63")),
)
def name_allowed_actions(policy: Resource, _: Settings) -> Iterator[Verdict]:
    """`*` and `s3:*` are also what AWS adds next year; so is all but what is named."""
    for statement in _allowed(policy):
        if statement.has("NotAction"):
            yield fail(f"{statement.value.path}.NotAction", "allows everything else")
        for action in statement.actions:
            if (action.text() or "").endswith(":*") or action.text() == "*":
                yield fail(action.path, "is every action")


@AREA.rule(
    "name-changed-resources",
    Severity.HIGH,
    "Name what a policy lets change, and which secrets it lets read.",
    remedy="Write the ARNs into `Resource`.",
    types=(*POLICIES, ROLE),
    references=References(checkov=("CKV_AWS_287", "CKV_AWS_288", "CKV_AWS_290", "CKV_AWS_355"), checklist=(8, 9)),
)
def name_changed_resources(policy: Resource, _: Settings) -> Iterator[Verdict]:
    """A host that is broken into may do what its role may. Few actions know no resource; those are let through."""
    for statement in _allowed(policy):
        everything, kind = _on_all(statement), _on_all_of_a_kind(statement)
        for action in statement.actions if everything or kind else []:
            name = action.text() or ""
            elsewhere = _is_one(name, _ESCALATES, _ESCALATION_ACTIONS) or _is_one(name, _DECRYPTS, _DECRYPT_ACTIONS)
            harmless = _READS.match(name) or _NO_NARROWER.fullmatch(name)
            reads_secrets = _is_one(name, _SECRETS, _SECRET_ACTIONS)
            if reads_secrets or (everything and not elsewhere and not harmless):
                yield fail(action.path, "is allowed on every resource")


@AREA.rule(
    "name-decryption-keys",
    Severity.HIGH,
    "Name the keys that a policy lets decrypt with.",
    remedy="Write the key's ARN into `Resource`, and kms:ViaService into `Condition`.",
    types=(*POLICIES, ROLE),
    references=References(hub=("KMS.1", "KMS.2"), checklist=(8,)),
)
def name_decryption_keys(policy: Resource, _: Settings) -> Iterator[Verdict]:
    """Encryption under different keys is worth as much as the difference between who may use them."""
    for statement in _allowed(policy):
        if _on_all_of_a_kind(statement):
            for action in statement.actions:
                if _is_one(action.text() or "", _DECRYPTS, _DECRYPT_ACTIONS):
                    yield fail(action.path, "is allowed with every key")


@AREA.rule(
    "forbid-escalation",
    Severity.CRITICAL,
    "Let no policy give its owner more rights than it says.",
    remedy="Remove the action, or name the one role or function that it is about.",
    types=(*POLICIES, ROLE),
    references=References(checkov=("CKV_AWS_286", "CKV_AWS_289")),
)
def forbid_escalation(policy: Resource, _: Settings) -> Iterator[Verdict]:
    """Who may pass any role, or write any policy, is an administrator in two steps."""
    for statement in _allowed(policy):
        if _on_all_of_a_kind(statement):
            for action in statement.actions:
                if _is_one(action.text() or "", _ESCALATES, _ESCALATION_ACTIONS):
                    yield fail(action.path, "lets its owner take any rights")


@AREA.rule(
    "forbid-administrator-policies",
    Severity.CRITICAL,
    "Attach no policy of an administrator.",
    remedy="Write an `aws.iam.RolePolicy` with the few rights that are needed.",
    types=(*ATTACHMENTS, ROLE),
    references=References(hub=("IAM.1",), checkov=("CKV_AWS_274", "CKV2_AWS_56")),
    waivable=False,
)
def forbid_administrator_policies(resource: Resource, _: Settings) -> Iterator[Verdict]:
    """Nothing that this stack runs administers the account."""
    named = resource.get("managedPolicyArns").items() if resource.type == ROLE else [resource.get("policyArn")]
    for value in named:
        if value.is_unknown:
            # A policy of the stack's own is judged itself.
            if not resource.sources(value.path.partition("[")[0]):
                yield undecidable(value.path)
        elif (value.text() or "").rpartition("/")[2] in _ADMINISTRATORS:
            yield fail(value.path, "is the policy of an administrator")


@AREA.rule(
    "trust-exactly",
    Severity.CRITICAL,
    "Say exactly who may take a role.",
    remedy="Name the service, or the role and account, in `Principal` of `assume_role_policy`.",
    types=(ROLE,),
    references=References(checkov=("CKV_AWS_60", "CKV_AWS_61")),
)
def trust_exactly(role: Resource, _: Settings) -> Iterator[Verdict]:
    """A role that anybody may take is a password on a wall."""
    for statement in statements(role, "assumeRolePolicy"):
        if statement.allows and (statement.has("NotPrincipal") or any(map(_is_anyone, statement.principals))):
            yield fail(statement.value.path, "lets anybody take the role")


def _is_anyone(principal: Value) -> bool:
    return is_everybody(principal) or (not principal.is_unknown and (principal.text() or "").endswith(":iam::*:root"))
