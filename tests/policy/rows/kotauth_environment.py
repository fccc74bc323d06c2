"""Rules of the area `kotauth-environment`."""

from collections.abc import Callable
from typing import Any

from policy.testing.aws_host import user_data
from policy.testing.aws_program import KNOWN
from policy.testing.change import UNKNOWN, Change, Secret, put, without
from policy.testing.docker_program import ENVIRONMENT, envs

from ..mutation import NOTHING, Case, Found, Row, found, on_aws, spelled, state, table
from .external import TRUST

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
    _with(_BASE_URL | found("keep-secrets-out-of-environment@server"), KAUTH_BASE_URL="https://me:pw@auth.example.com"),
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


def _set(name: str) -> Callable[[Any], Change]:
    return lambda text: put("server", "envs", envs(**{name: text}))


SPELLINGS = (
    *spelled(
        "use-https-base-url",
        "server",
        _set("KAUTH_BASE_URL"),
        caught=(
            "",
            "https://",
            "HTTPS://auth.example.com",
            "http://auth.example.com",
            "https://auth.example.com/",
            "https://auth.example.com/sso",
            "https://auth.example.com?x=1",
            "https://auth.example.com ",
            "https://localhost",
            "https://kotauth.localhost",
            "https://auth.local",
            "https://10.0.0.1",
            "https://127.1",
            "https://0x7f.0.0.0x1",
            "https://[::1]",
            "https://auth",
            "https://auth.example.com:port",
            "https://[auth.example.com",
        ),
        passed=(
            "https://auth.example.com",
            "https://auth.example.com:8443",
            "https://AUTH.example.com",
            "https://auth-2.example.co.uk",
            "https://xn--bcher-kva.example",
            "https://localhost.example.com",
            "https://10.example.com",
        ),
    ),
    *spelled(
        "forbid-unsafe-switches",
        "server",
        _set("KAUTH_DEMO_MODE"),
        caught=("true", "TRUE", " true ", "1", "yes", "on", "demo"),
        passed=("false", "False", "", "0", "no", "off"),
    ),
    *spelled(
        "trust-only-own-proxy",
        "server",
        _set("KAUTH_TRUSTED_PROXY"),
        caught=("false", "", "1", "yes", "on", "'true'"),
        passed=("true", "True", "TRUE", " true", "true "),
    ),
    *spelled(
        "separate-database-roles",
        "server",
        _set("DB_USER"),
        caught=("postgres", "admin", "administrator", "root", "rdsadmin"),
        passed=("kotauth_a", "postgres_app", "app", "rooted", "admin_of_nothing"),
    ),
    _with(found("forbid-unsafe-switches@server"), KAUTH_ADMIN_BYPASS="true"),
    *spelled(
        "configure-database-access",
        "server",
        _set("DB_URL"),
        caught=(
            "",
            "postgresql://database/kotauth",
            "postgres://database:5432/kotauth",
            "jdbc:postgresql:kotauth",
            "jdbc:mysql://database/kotauth",
            "jdbc:postgres://database/kotauth",
        ),
        passed=(
            "jdbc:postgresql://database/kotauth",
            "jdbc:postgresql://database:6432/kotauth?connectTimeout=5",
            "jdbc:postgresql://[fd00::1]:5432/kotauth",
            "jdbc:postgresql://one:5432,two:5432/kotauth?targetServerType=primary",
            "jdbc:postgresql:///kotauth?socketFactory=unix",
        ),
    ),
)

_READ = found("keep-secrets-out-of-user-data@template")
_FIND = found("find-kotauth-server@kotauth")
_ADDRESS = {"DB_URL": "jdbc:postgresql://db.example.com:5432/kotauth?sslmode=require"}

ON_AWS = (
    Row(
        "verify-database-certificate",
        "template",
        "template/user_data",
        user_data(check="PGSSLMODE=require\n"),
        secret=found("verify-database-certificate@template") | _READ,
        unknown=_READ | _FIND,
        absent=_FIND,
    ),
    Case(
        "an address that is known",
        (put("template", "user_data", user_data(_ADDRESS, deferred=())),),
        found("verify-database-certificate@template"),
    ),
    Case(
        "no authority",
        (put("template", "user_data", user_data(check="PGSSLMODE=verify-full\n")),),
        found("verify-database-certificate@template"),
    ),
    Case("an address of the update before", (), NOTHING, outputs=KNOWN),
)


def _address(query: object) -> Change:
    url = f"jdbc:postgresql://db.example.com:5432/kotauth{query}"
    return put("template", "user_data", user_data({"DB_URL": url}, deferred=()))


_ROOT = "sslrootcert=/run/config/database-ca.pem"
CERTIFICATES = spelled(
    "verify-database-certificate",
    "template",
    _address,
    caught=(
        "",
        f"?sslmode=verify-ca&{_ROOT}",
        f"?sslmode=prefer&{_ROOT}",
        "?sslmode=verify-full",
        "?ssl=true",
        f"?ssl=false&{_ROOT}",
        f"?sslmode=verify-full&{_ROOT}&sslmode=require",
        f"?sslmode=verify-full&{_ROOT}&sslfactory=org.postgresql.ssl.NonValidatingFactory",
        f"?currentSchema=sslmode%3Dverify-full&{_ROOT}",
    ),
    passed=(
        f"?sslmode=verify-full&{_ROOT}",
        f"?{_ROOT}&sslmode=verify-full",
        f"?ssl=true&{_ROOT}",
        f"?connectTimeout=5&sslmode=verify-full&{_ROOT}&tcpKeepAlive=true",
        "?sslmode=verify-full&sslrootcert=%2Frun%2Fconfig%2Fdatabase-ca.pem",
        f"?sslmode=verify-full&{_ROOT}&sslfactory=org.postgresql.ssl.LibPQFactory",
    ),
)

TABLE = [*table(*STATES, *CASES, *SPELLINGS, *TRUST), *on_aws(*ON_AWS, *CERTIFICATES)]
