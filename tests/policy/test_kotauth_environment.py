"""Rules of the area `kotauth-environment`."""

import pytest

from .change import UNKNOWN, Secret, put, without
from .mutation import NOTHING, Case, Found, cases, found, state, table
from .program import ENVIRONMENT, envs

_SECRET = found("keep-secrets-out-of-environment@server")
# An entry that is unknown as a whole could be any variable that is not set.
_COULD_BE = found("forbid-unsafe-switches@server")


def _states(rule: str, variable: str, bad: str, *, absent: Found | None = None, unknown: Found = NOTHING) -> list[Case]:
    """Return the four states of a variable; its entry of `envs` is the property."""
    exactly = found(f"{rule}@server")
    position = list({**ENVIRONMENT, variable: bad}).index(variable)
    there = put("server", "envs", envs(**{variable: bad}))
    return [
        state(rule, "known", (there,), exactly),
        state(
            rule, "secret", (there, put("server", f"envs.{position}", Secret(f"{variable}={bad}"))), exactly | _SECRET
        ),
        state(rule, "unknown", (there, put("server", f"envs.{position}", UNKNOWN)), exactly | unknown | _COULD_BE),
        state(
            rule, "absent", (put("server", "envs", envs(**{variable: None})),), exactly if absent is None else absent
        ),
    ]


STATES = (
    *_states("use-https-base-url", "KAUTH_BASE_URL", "http://auth.example.com"),
    *_states("set-production-environment", "KAUTH_ENV", "Production"),
    *_states("forbid-unsafe-switches", "KAUTH_DEMO_MODE", "true", absent=NOTHING),
    *_states("configure-database-access", "DB_URL", "postgresql://database/kotauth"),
    *_states(
        "separate-database-roles",
        "DB_USER",
        "kotauth_admin",
        absent=found("configure-database-access@server"),
        unknown=found("configure-database-access@server"),
    ),
    *_states("set-bootstrap-admin-password", "KAUTH_BOOTSTRAP_ADMIN_PASSWORD_FILE", ""),
    *_states("trust-only-own-proxy", "KAUTH_TRUSTED_PROXY", "false"),
)


def _with(expected: Found, **variables: str | None) -> Case:
    return Case(
        " ".join(f"{k}={v}" for k, v in variables.items()), (put("server", "envs", envs(**variables)),), expected
    )


_BASE_URL = found("use-https-base-url@server")
CASES = (
    *(
        _with(_BASE_URL, KAUTH_BASE_URL=url)
        for url in (
            "",
            "https://",
            "HTTPS://auth.example.com",
            "https://auth.example.com/",
            "https://auth.example.com/sso",
            "https://auth.example.com?x=1",
            "https://localhost",
            "https://kotauth.localhost",
            "https://10.0.0.1",
            "https://[::1]",
            "https://auth",
            "https://auth.example.com:port",
            "https://[auth.example.com",
        )
    ),
    _with(_BASE_URL | found("keep-secrets-out-of-environment@server"), KAUTH_BASE_URL="https://me:pw@auth.example.com"),
    _with(NOTHING, KAUTH_BASE_URL="https://auth.example.com:8443"),
    _with(NOTHING, KAUTH_DEMO_MODE="false"),
    _with(found("forbid-unsafe-switches@server"), KAUTH_ADMIN_BYPASS="true"),
    _with(found("forbid-unsafe-switches@server", "keep-secrets-out-of-environment@server"), JWT_SECRET="x"),
    _with(found("configure-database-access@server"), DB_PASSWORD_FILE=None),
    _with(found("keep-secrets-out-of-environment@server"), DB_PASSWORD_FILE=None, DB_PASSWORD="x"),
    _with(found("separate-database-roles@server"), DB_USER="postgres"),
    _with(NOTHING, KAUTH_TRUSTED_PROXY="TRUE"),
    Case(
        "no proxy to trust",
        (without("frontend"), put("server", "envs", envs(KAUTH_TRUSTED_PROXY=None))),
        found("complete-stack@server"),
    ),
    Case(
        "a proxy that is not there",
        (without("frontend"),),
        found("complete-stack@server", "trust-only-own-proxy@server"),
    ),
)

TABLE = table(*STATES, *CASES)


@pytest.mark.parametrize("case", cases(TABLE), ids=str)
def test_kotauth_environment(case: Case) -> None:
    case.check()
