"""Who may take a role: principals, conditions and identity providers."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pulumi_aws as aws

from policy.testing.aws_documents import document
from policy.testing.change import UNKNOWN, Args, Change, From, add, put

from ..mutation import CAUGHT, NOTHING, PASSED, Case, found

_RULE = "trust-exactly"
_GITHUB = "token.actions.githubusercontent.com"
_AUDIENCE = {"StringEquals": {f"{_GITHUB}:aud": "sts.amazonaws.com"}}


def _trust(*statements: Args) -> Change:
    return put("role", "assume_role_policy", json.dumps(document(*statements)))


def _case(name: str, state: str, *changes: Change) -> Case:
    expected = found(f"{_RULE}@role") if state == CAUGHT else NOTHING
    return Case(f"{_RULE}-{name}", changes, expected, rule=_RULE, state=state)


def _allow(principal: object, condition: object = None, action: object = "sts:AssumeRole") -> Args:
    statement: Args = {"Effect": "Allow", "Principal": principal, "Action": action}
    return {**statement, **({} if condition is None else {"Condition": condition})}


def _federated(issuer: str, condition: object = None, **more: object) -> Args:
    provider = f"arn:aws:iam::123456789012:oidc-provider/{issuer}"
    return _allow({"Federated": provider}, condition, "sts:AssumeRoleWithWebIdentity") | more


def _github(operator: str, subject: object, claim: str = "sub") -> Args:
    return _federated(_GITHUB, {**_AUDIENCE, **_merged(operator, f"{_GITHUB}:{claim}", subject)})


def _merged(operator: str, key: str, value: object) -> Args:
    return {operator: {**_AUDIENCE.get(operator, {}), key: value}}


_MAIN = "repo:acme/app:ref:refs/heads/main"
_ANY_CALLER: Mapping[str, Args] = {
    "a star": _allow("*"),
    "a list with a star": _allow({"AWS": ["arn:aws:iam::123456789012:role/one", "*"]}),
    "all principals but one": {**_allow({}), "NotPrincipal": {"AWS": "arn:aws:iam::123456789012:root"}},
    "an external id": _allow("*", {"StringEquals": {"sts:ExternalId": "c0ffee"}}),
    "any organisation": _allow("*", {"StringLike": {"aws:PrincipalOrgID": "o-*"}}),
    "an organisation, where there is one": _allow(
        "*", {"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}
    ),
    "another organisation": _allow("*", {"StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}),
    "an organisation or any": _allow("*", {"StringLike": {"aws:PrincipalOrgID": ["o-a1b2c3d4e5", "*"]}}),
    "some organisation": _allow("*", {"Null": {"aws:PrincipalOrgID": "false"}}),
    "a tag that any principal can have": _allow("*", {"StringEquals": {"aws:PrincipalTag/team": "ops"}}),
    "a role's name in any account": _allow("*", {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/deploy"}}),
    "GitHub, the audience alone": _federated(_GITHUB, _AUDIENCE),
    "GitHub, nothing": _federated(_GITHUB),
    "GitHub, any repository": _github("StringLike", "repo:*"),
    "GitHub, an owner": _github("StringLike", "repo:acme/*"),
    "GitHub, an owner and any branch": _github("StringLike", "repo:acme/*:ref:refs/heads/main"),
    "GitHub, owners alike": _github("StringLike", "repo:acme*/app:*"),
    "GitHub, repositories alike": _github("StringLike", "repo:acme/app*"),
    "GitHub, a branch of any repository": _github("StringLike", "repo:*:ref:refs/heads/main"),
    "GitHub, one of two open": _github("StringLike", [_MAIN, "repo:*"]),
    "GitHub, negated": _github("StringNotLike", _MAIN),
    "GitHub, where there is one": _github("StringEqualsIfExists", _MAIN),
    "GitHub, each of none": _github("ForAllValues:StringEquals", _MAIN),
    "GitHub, an environment that any repository may have": _github("StringEquals", "environment:prod"),
    "GitHub, an owner's id": _github("StringEquals", "acme", "repository_owner"),
    "GitHub, an actor": _github("StringEquals", "octocat", "actor"),
    "GitHub, another issuer's subject": _federated(_GITHUB, {"StringEquals": {"gitlab.com:sub": _MAIN}}),
    "GitHub, any action": _federated(_GITHUB, _AUDIENCE, Action=["sts:TagSession", "sts:Assume*"]),
    "GitLab, the audience alone": _federated("gitlab.com", {"StringEquals": {"gitlab.com:aud": "https://gitlab.com"}}),
    "GitLab, any project": _federated("gitlab.com", {"StringLike": {"gitlab.com:sub": "project_path:*:ref:main"}}),
    "Terraform, any organisation": _federated(
        "app.terraform.io", {"StringLike": {"app.terraform.io:sub": "organization:*:project:*"}}
    ),
    "a cluster, the audience alone": _federated(
        "oidc.eks.eu-central-1.amazonaws.com/id/AB12",
        {"StringEquals": {"oidc.eks.eu-central-1.amazonaws.com/id/AB12:aud": "sts.amazonaws.com"}},
    ),
    "a cluster, any namespace": _federated(
        "oidc.eks.eu-central-1.amazonaws.com/id/AB12",
        {"StringLike": {"oidc.eks.eu-central-1.amazonaws.com/id/AB12:sub": "system:serviceaccount:*:*"}},
    ),
    "Cognito, any pool": _allow({"Federated": "cognito-identity.amazonaws.com"}, None, "sts:AssumeRoleWithWebIdentity"),
    "one's own issuer, nothing": _federated("id.example.com"),
    "one's own issuer, any audience": _federated("id.example.com", {"StringLike": {"id.example.com:aud": "*"}}),
    "GitHub's server of a company, the audience alone": _federated(
        "token.actions.acme.ghe.com", {"StringEquals": {"token.actions.acme.ghe.com:aud": "sts.amazonaws.com"}}
    ),
}
_NAMED_CALLERS: Mapping[str, Args] = {
    "a service": _allow({"Service": ["ec2.amazonaws.com", "ssm.amazonaws.com"]}),
    "a partner without an external id": _allow({"AWS": "arn:aws:iam::999999999999:root"}),
    "an organisation": _allow("*", {"stringequals": {"AWS:PrincipalOrgID": ["o-a1b2c3d4e5"]}}),
    "a part of an organisation": _allow(
        {"AWS": "*"}, {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": ["o-a1b2c3d4e5/r-ab12/ou-ab12-*/*"]}}
    ),
    "an organisation that has to be there": _allow(
        "*",
        {
            "StringEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"},
            "Null": {"aws:PrincipalOrgID": False},
        },
    ),
    "roles of an account": _allow("*", {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::123456789012:role/ci-*"}}),
    "an account by its number": _allow("*", {"StringEquals": {"aws:PrincipalAccount": 123456789012}}),
    "GitHub, a branch": _github("StringEquals", _MAIN),
    "GitHub, a list of one": _github("StringEquals", [_MAIN]),
    "GitHub, any branch": _github("StringLike", "repo:acme/app:*"),
    "GitHub, any value of one": _github("ForAnyValue:StringLike", "repo:acme/app:*"),
    "GitHub, two repositories": _github("StringLike", ["repo:acme/app:*", "repo:acme/infra:environment:prod"]),
    "GitHub, in any case": _github("StringEqualsIgnoreCase", "repo:Acme/App:environment:prod"),
    "GitHub, with ids": _github("StringEquals", "repo:acme@123456/app@456789:environment:prod"),
    "GitHub, a repository's id": _github("StringLike", "repository_id:456789:*"),
    "GitHub, a claim of its own": _github("StringEquals", "acme/app", "repository"),
    "GitHub, a workflow": _github("StringLike", "acme/ci/.github/workflows/deploy.yml@*", "job_workflow_ref"),
    "GitHub, a tag of the session": _federated(_GITHUB, _AUDIENCE, Action="sts:TagSession"),
    "GitLab, a project": _federated(
        "gitlab.com", {"StringLike": {"gitlab.com:sub": "project_path:acme/web/app:ref_type:branch:ref:*"}}
    ),
    "Terraform, an organisation": _federated(
        "app.terraform.io",
        {"StringLike": {"app.terraform.io:sub": "organization:acme:project:*:workspace:*:run_phase:*"}},
    ),
    "a cluster, a service account": _federated(
        "oidc.eks.eu-central-1.amazonaws.com/id/AB12",
        {"StringEquals": {"oidc.eks.eu-central-1.amazonaws.com/id/AB12:sub": "system:serviceaccount:kube-system:dns"}},
    ),
    "a cluster, a namespace": _federated(
        "oidc.eks.eu-central-1.amazonaws.com/id/AB12",
        {"StringLike": {"oidc.eks.eu-central-1.amazonaws.com/id/AB12:sub": "system:serviceaccount:shop:*"}},
    ),
    "CircleCI, an organisation": _federated(
        "oidc.circleci.com/org/6d3f", {"StringEquals": {"oidc.circleci.com/org/6d3f:aud": "6d3f"}}
    ),
    "CircleCI, a project": _federated(
        "oidc.circleci.com/org/6d3f",
        {"StringLike": {"oidc.circleci.com/org/6d3f:sub": "org/6d3f/project/9a8b/user/*"}},
    ),
    "Bitbucket, a repository": _federated(
        "api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc",
        {"StringLike": {"api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc:sub": "{5f3e}:*"}},
    ),
    "a tenant whose address ends in a slash": _federated(
        "sts.windows.net/5f3e/", {"StringEquals": {"sts.windows.net/5f3e/:aud": "api://shop"}}
    ),
    "a partition of China": _allow(
        {"Federated": f"arn:aws-cn:iam::123456789012:oidc-provider/{_GITHUB}"},
        {"StringLike": {f"{_GITHUB}:sub": "repo:acme/app:*"}},
        ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"],
    ),
    "Cognito, a pool": _allow(
        {"Federated": "cognito-identity.amazonaws.com"},
        {"StringEquals": {"cognito-identity.amazonaws.com:aud": "eu-central-1:12345678-dead-beef"}},
        "sts:AssumeRoleWithWebIdentity",
    ),
    "SAML": _allow(
        {"Federated": "arn:aws:iam::123456789012:saml-provider/company"},
        {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}},
        "sts:AssumeRoleWithSAML",
    ),
}

_PROVIDER = add(
    "ci",
    aws.iam.OpenIdConnectProvider,
    {"url": f"https://{_GITHUB}", "client_id_lists": ["sts.amazonaws.com"]},
    first=True,
)


def _of_the_stack(condition: Args) -> Change:
    statement = _federated(_GITHUB, condition) | {"Principal": {"Federated": From("ci", "arn")}}
    return put("role", "assume_role_policy", document(statement))


_SUBJECT = {"StringLike": {f"{_GITHUB}:sub": "repo:acme/app:*"}}
_REFUSED = {**_allow("*"), "Effect": "Deny", "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}}

CASES = (
    *(_case(name, CAUGHT, _trust(statement)) for name, statement in _ANY_CALLER.items()),
    *(_case(name, PASSED, _trust(statement)) for name, statement in _NAMED_CALLERS.items()),
    _case("a provider of the stack, the audience alone", CAUGHT, _PROVIDER, _of_the_stack(_AUDIENCE)),
    _case("a provider of the stack, a repository", PASSED, _PROVIDER, _of_the_stack(_SUBJECT)),
    _case("any principal, with a refusal of all others", PASSED, _trust(_allow("*"), _REFUSED)),
    _case(
        "GitHub, with a refusal of all other repositories",
        PASSED,
        _trust(
            _federated(_GITHUB, _AUDIENCE),
            {**_REFUSED, "Action": "sts:*", "Condition": {"StringNotLike": _SUBJECT["StringLike"]}},
        ),
    ),
    _case(
        "any principal, with a refusal of some",
        CAUGHT,
        _trust(_allow("*"), {**_REFUSED, "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}}),
    ),
    _case(
        "any principal, with a refusal of an action",
        CAUGHT,
        _trust(_allow("*"), {**_REFUSED, "Action": "sts:TagSession"}),
    ),
    _case(
        "an account of every account",
        CAUGHT,
        put("role", "assume_role_policy.Statement.0.Principal", {"AWS": "arn:aws:iam::*:root"}),
    ),
    _case("one that is made elsewhere", CAUGHT, put("role", "assume_role_policy", UNKNOWN)),
)
