"""Identity providers in the trust of a role: which claims a condition has to check to admit only one customer.

A shared provider signs the tokens of all its customers with one key, and their audience is the same. AWS asks for these
claims as well where a role is made:
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc_secure-by-default.html.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from ...engine.resource import Resource
from ...engine.value import Value
from .conditions import Naming, is_literal

OIDC_PROVIDER: Final = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
_Claims = Mapping[str, Callable[[str], bool]]
_WORD: Final = r"[^/:*?${}]+"


def _like(pattern: str) -> Callable[[str], bool]:
    return lambda text: re.match(pattern, text, re.I) is not None


# A part before it that a workflow chooses, such as `environment:…`, could be made to look like it.
_REPOSITORY: Final = rf"{_WORD}(?:@\*)?/{_WORD}(?=[:/@]|$)"
_GITHUB_SUBJECT: Final = _like(
    rf"(?:(?:repository_owner|repository_owner_id|repository_visibility|enterprise|enterprise_id):{_WORD}:)*"
    rf"(?:(?:repo|repository|job_workflow_ref):{_REPOSITORY}|repository_id:\d+(?=:|$))"
)
_GITHUB: Final = {
    "sub": _GITHUB_SUBJECT,
    "job_workflow_ref": _like(rf"{_WORD}/{_WORD}/"),
    "repository": _like(rf"{_WORD}/{_WORD}$"),
    "repository_id": is_literal,
}
_ANY_LITERAL: Final[_Claims] = {"sub": is_literal, "aud": is_literal, "email": is_literal}
SHARED: Final[Mapping[str, _Claims]] = {
    "token.actions.githubusercontent.com": _GITHUB,
    "oidc-configuration.audit-log.githubusercontent.com": {"sub": is_literal},
    "gitlab.com": {"sub": _like(rf"project_path:{_WORD}(?:/{_WORD})+(?=:|$)|project_id:\d+(?=:|$)")},
    "app.terraform.io": {"sub": _like(rf"organization:{_WORD}:")},
    "app.eu.terraform.io": {"sub": _like(rf"organization:{_WORD}:")},
    "agent.buildkite.com": {"sub": _like(rf"organization:{_WORD}:pipeline:{_WORD}:")},
    "oidc.codefresh.io": {"sub": _like(rf"account:{_WORD}:")},
    "scalr.io": {"sub": _like(rf"account:{_WORD}:")},
    "api.pulumi.com/oidc": {"aud": is_literal, "sub": _like(rf"pulumi:.*:org:{_WORD}(?=:|$)")},
    "oidc.vercel.com": {"aud": is_literal, "sub": _like(rf"owner:{_WORD}:")},
    # A client of Google chooses the audience of its token; `aud` is the number of the application where it has one.
    "accounts.google.com": _ANY_LITERAL,
    "cognito-identity.amazonaws.com": _ANY_LITERAL,
    "graph.facebook.com": {"app_id": is_literal, "id": is_literal},
    "www.amazon.com": {"app_id": is_literal, "user_id": is_literal},
}
"""Issuer to the claims, one of which says enough, and what their values look like then."""

_OF_A_CLUSTER: Final = re.compile(r"oidc[.-]eks\.")
_SERVICE_ACCOUNT: Final = {"sub": _like(rf"system:serviceaccount:{_WORD}:")}


def issuers_of(resource: Resource, principal: Value) -> list[str]:
    """Return the issuers that a federated principal can be, in small letters, with an empty one for an unknown one.

    A provider for SAML has none: there the provider says itself who may take which role.
    """
    if principal.is_unknown:
        urls = [provider.get("url") for provider in resource.origins_of(principal, OIDC_PROVIDER)]
        return [_host(url.known_text()) for url in urls] or [""]
    text = principal.text() or ""
    _, is_provider, host = text.partition(":oidc-provider/")
    if is_provider:
        return [_host(host)]
    return [] if ":saml-provider/" in text else [_host(text)]


def naming_of(issuer: str) -> Naming:
    """Return the claims that identify one customer of an issuer; any claim for an unknown issuer."""
    if not issuer:
        return lambda key: _is_some if key.endswith((":sub", ":aud")) else None
    claims = _claims(issuer)
    return lambda key: _claim(key, issuer, claims)


def _claim(key: str, issuer: str, claims: _Claims | None) -> Callable[[str], bool] | None:
    of, _, claim = key.rpartition(":")
    if _host(of) != issuer:
        return None
    return claims.get(claim) if claims else _is_some


def _claims(issuer: str) -> _Claims | None:
    """Return the claims that an issuer must be asked for; none in particular of one's own, such as a workspace."""
    # A server of GitHub's for one company is under its own name.
    if issuer.startswith("token.actions.") and issuer.endswith(".ghe.com"):
        return _GITHUB
    host = next((each for each in (issuer, issuer.partition("/")[0]) if each in SHARED), "")
    return SHARED.get(host) or (_SERVICE_ACCOUNT if _OF_A_CLUSTER.match(issuer) else None)


def _is_some(text: str) -> bool:
    return text.strip("*?") != ""


def _host(url: str) -> str:
    return url.lower().removeprefix("https://").rstrip("/")
