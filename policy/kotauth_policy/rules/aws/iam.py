"""IAM policies, role trust and resource policies: allowed actions, resources and principals."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from ...engine.resource import Resource
from ...engine.rule import Area, References, Settings, Severity
from ...engine.value import Value, seen
from ...engine.verdict import Verdict, fail, undecidable
from ...readers.aws.actions import DECRYPTIONS, ESCALATIONS, GRANT, SECRETS, is_every, is_harmless, is_one_of
from ...readers.aws.conditions import is_literal, narrows
from ...readers.aws.federation import issuers_of, naming_of
from ...readers.aws.policy_document import (
    Statement,
    is_any_principal,
    open_to_any_principal,
    statements,
    statements_in,
    still_open,
)
from ...readers.aws.resources import ATTACHMENTS, PERMISSION_SET_POLICY, POLICIES, RESOURCE_POLICIES, ROLE

AREA = Area("iam")
_GIVES_RIGHTS = (*POLICIES, ROLE, PERMISSION_SET_POLICY)
ADMINISTRATOR = re.compile(
    r"arn:aws[\w-]*:iam::aws:policy/(?:[\w-]+/)?"
    r"(?:AdministratorAccess|AdministratorAccess-Amplify|PowerUserAccess|IAMFullAccess)",
)
"""Policies of AWS that allow every action, or that allow writing policies for any role."""

# The ARN of a bucket has no account, so a wildcard there means the buckets of all accounts.
_EVERYTHING = re.compile(r"[*?:]+|arn:[*?:]+|arn:[^:]*:[*?][*?:]*|arn:[^:]*:s3:::[*?]+(?:/[*?]+)?")
# All of one kind, in whichever account and region. What follows a bucket's name is a part of that bucket.
_ALL_OF_A_KIND = re.compile(
    r"arn(:[^:]*){4}:((secret|function|role|user|group|policy|key|parameter|alias|instance|document|project|stack"
    r"|instance-profile|oidc-provider|saml-provider)[:/])?[*?]+(/[*?]+)?"
)
_OF_A_RESOURCE = re.compile(
    r"[a-z0-9-]+:resourcetag/.+|kms:resourcealiases|secretsmanager:secretid|ecs:cluster|ec2:vpc"
)


def _allowed(policy: Resource) -> Iterator[Statement]:
    """Yield the statements that allow an action, including those of a role's inline policies."""
    if policy.type == ROLE:
        documents = [each.field("policy") for each in policy.get("inlinePolicies").items()]
    else:
        documents = [policy.get("inlinePolicy" if policy.type == PERMISSION_SET_POLICY else "policy")]
    for document in documents:
        # A role's empty entry means that it has no policy.
        if policy.type != ROLE or not document.is_absent:
            yield from (statement for statement in statements_in(policy, document) if statement.allows)


def _on(statement: Statement, *patterns: re.Pattern[str]) -> bool:
    """Whether one of a statement's resources matches one of the patterns, or the statement has `NotResource`."""
    named = [named_resource.text() or "" for named_resource in statement.resources if not named_resource.is_unknown]
    return statement.has("NotResource") or any(pattern.fullmatch(name) for pattern in patterns for name in named)


def _resource(key: str) -> Callable[[str], bool] | None:
    """Return the check of a condition key's values that names a resource by its tag, alias or identifier."""
    return _is_name if _OF_A_RESOURCE.fullmatch(key) else None


def _created(key: str) -> Callable[[str], bool] | None:
    """Return the check that names a resource, or a resource that the request creates, by its tag."""
    return _is_name if key.startswith("aws:requesttag/") else _resource(key)


def _held_down(key: str) -> Callable[[str], bool] | None:
    """Return the check that names a resource, or the policy or boundary that limits the granted right."""
    return _is_small_policy if key in ("iam:permissionsboundary", "iam:policyarn") else _resource(key)


def _is_small_policy(text: str) -> bool:
    return is_literal(text) and not ADMINISTRATOR.fullmatch(text)


def _is_name(text: str) -> bool:
    return text.removeprefix("alias/").strip("*?") != ""


@AREA.rule(
    "name-allowed-actions",
    Severity.HIGH,
    "List the exact actions that an IAM policy allows.",
    remedy="Replace `*`, `s3:*` or `NotAction` with a list of actions, for example secretsmanager:GetSecretValue.",
    types=_GIVES_RIGHTS,
    references=References(hub=("IAM.1", "IAM.21"), checkov=("CKV_AWS_62", "CKV_AWS_63")),
)
def name_allowed_actions(policy: Resource, _: Settings) -> Iterator[Verdict]:
    """The patterns `*` and `s3:*`, and `NotAction`, include every action that AWS adds later."""
    for statement in _allowed(policy):
        if statement.has("NotAction"):
            yield fail(f"{statement.value.path}.NotAction", "allows every action except the listed actions")
        for action in statement.actions:
            if is_every(action.text() or ""):
                yield fail(action.path, seen(action, "a pattern for all actions of a service"))


@AREA.rule(
    "name-changed-resources",
    Severity.HIGH,
    "Allow changes, and access to secrets, only on resources that the IAM policy names.",
    remedy="Write the ARNs of the resources into `Resource`.",
    types=_GIVES_RIGHTS,
    references=References(checkov=("CKV_AWS_287", "CKV_AWS_288", "CKV_AWS_290", "CKV_AWS_355"), checklist=(8, 9)),
)
def name_changed_resources(policy: Resource, _: Settings) -> Iterator[Verdict]:
    """An intruder on a host has the rights of the host's role.

    The rule accepts every resource for the few actions that AWS can't limit to a resource. A condition on a tag of the
    resource also names it.
    """
    for statement in _allowed(policy):
        everything = _on(statement, _EVERYTHING)
        if not (everything or _on(statement, _ALL_OF_A_KIND)) or narrows(statement.conditions, _created):
            continue
        for action in statement.actions:
            name = action.text() or ""
            # With a wildcard, an action of these services is mostly one of those that other rules are about.
            whole = "*" in name and not name.lower().startswith(("iam:", "sts:", "kms:"))
            elsewhere = not whole and is_one_of(name, (*ESCALATIONS, *DECRYPTIONS))
            if is_one_of(name, SECRETS) or (everything and not elsewhere and not is_harmless(name)):
                yield fail(action.path, seen(action, "allowed on every resource"))


@AREA.rule(
    "name-decryption-keys",
    Severity.HIGH,
    "Limit the right to decrypt to named KMS keys.",
    remedy="Set `Resource` of the statement to the ARN of the key. To allow decryption only through one AWS "
    "service, also add kms:ViaService to `Condition`.",
    types=_GIVES_RIGHTS,
    references=References(hub=("KMS.1", "KMS.2"), checklist=(8,)),
)
def name_decryption_keys(policy: Resource, _: Settings) -> Iterator[Verdict]:
    """A right to decrypt with every key removes the separation between keys.

    kms:CreateGrant passes if a condition limits the grant to AWS services.
    """
    for statement in _allowed(policy):
        if not _on(statement, _EVERYTHING, _ALL_OF_A_KIND) or narrows(statement.conditions, _resource):
            continue
        is_for_services = any(
            each.key == "kms:grantisforawsresource" and not each.if_exists and each.is_flag(expected=True)
            for each in statement.conditions
        )
        names = [each for each in DECRYPTIONS if each != GRANT or not is_for_services]
        for action in statement.actions:
            if is_one_of(action.text() or "", names):
                yield fail(action.path, seen(action, "allowed with every key"))


@AREA.rule(
    "forbid-escalation",
    Severity.CRITICAL,
    "Do not allow a role to extend its own rights.",
    remedy="Remove the action, or limit `Resource` to the one role or function that needs it.",
    types=_GIVES_RIGHTS,
    references=References(checkov=("CKV_AWS_286", "CKV_AWS_289")),
)
def forbid_escalation(policy: Resource, _: Settings) -> Iterator[Verdict]:
    """A role that may pass any role, or write any policy, becomes an administrator in two steps."""
    for statement in _allowed(policy):
        if _on(statement, _EVERYTHING, _ALL_OF_A_KIND) and not narrows(statement.conditions, _held_down):
            for action in statement.actions:
                if is_one_of(action.text() or "", ESCALATIONS):
                    yield fail(action.path, seen(action, "an action with which a role can extend its own rights"))


@AREA.rule(
    "forbid-administrator-policies",
    Severity.CRITICAL,
    "Do not attach an administrator policy.",
    remedy="Write an `aws.iam.RolePolicy` that allows only the required actions.",
    types=tuple(ATTACHMENTS),
    references=References(hub=("IAM.1",), checkov=("CKV_AWS_274", "CKV2_AWS_56")),
    waivable=False,
)
def forbid_administrator_policies(resource: Resource, _: Settings) -> Iterator[Verdict]:
    """No part of this stack administers the AWS account."""
    attached = resource.get(ATTACHMENTS[resource.type])
    for value in [attached] if attached.is_unknown or isinstance(attached.raw, str) else attached.items():
        if value.is_unknown:
            # A policy of the stack's own is evaluated itself.
            if not resource.sources(value.root):
                yield undecidable(value.path)
        elif ADMINISTRATOR.fullmatch(value.text() or ""):
            yield fail(value.path, seen(value, "an administrator policy"))


@AREA.rule(
    "trust-exactly",
    Severity.CRITICAL,
    "Restrict who may assume a role.",
    remedy="Name the service, or the role and account, in `Principal` of `assume_role_policy`. For an identity "
    "provider, require a `sub` with StringEquals; for GitHub, one that begins with repo:OWNER/REPOSITORY:.",
    types=(ROLE,),
    references=References(checkov=("CKV_AWS_60", "CKV_AWS_61", "CKV_AWS_358", "CKV_AWS_393")),
)
def trust_exactly(role: Resource, _: Settings) -> Iterator[Verdict]:
    """An identity provider such as GitHub's signs tokens for all its users, so its name alone admits all of them."""
    trust_statements = statements(role, "assumeRolePolicy")
    for statement in open_to_any_principal(trust_statements):
        yield fail(
            statement.value.path, "lets everyone assume the role: no condition names an account, organisation or source"
        )
    for statement in trust_statements:
        if not statement.allows or not statement.is_about("sts:assumerolewithwebidentity"):
            continue
        for provider in statement.federated:
            issuers = [] if is_any_principal(provider) else issuers_of(role, provider)
            if any(still_open([statement], trust_statements, naming_of(issuer)) for issuer in issuers):
                yield fail(
                    provider.path,
                    "lets every user of this identity provider assume the role: "
                    "no condition limits the claims of the token",
                )


@AREA.rule(
    "restrict-resource-policies",
    Severity.CRITICAL,
    "Restrict who may use a secret, queue, topic or repository.",
    remedy="Name the account, role or service in `Principal`, or the account, organisation or source in `Condition`.",
    types=RESOURCE_POLICIES,
    references=References(hub=("SQS.3", "SNS.4"), checkov=("CKV_AWS_32", "CKV_AWS_168", "CKV_AWS_169")),
)
def restrict_resource_policies(resource: Resource, _: Settings) -> Iterator[Verdict]:
    """A principal that the policy of such a resource admits needs no right in this account."""
    if not _is_left_out(resource.get("policy")):
        for statement in open_to_any_principal(statements(resource, "policy")):
            yield fail(
                statement.value.path, "gives everyone access: no condition names an account, organisation or source"
            )


def _is_left_out(policy: Value) -> bool:
    # The provider takes an empty document of a secret for none.
    return policy.is_absent or policy.raw in ("", "{}")
