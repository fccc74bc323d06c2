"""The environment of the Kotauth server (`EnvironmentConfig.kt`): required and forbidden variables."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

from ...engine.resource import Resource, Stack
from ...engine.rule import Area, Kind, Parameter, References, Settings, Severity
from ...engine.value import texts
from ...engine.verdict import Verdict, fail
from ...readers.aws.resources import DATABASE_INSTANCE, DEFAULT_ADMINISTRATORS
from ...readers.docker.containers import containers_beside
from ...readers.docker.parts import DATABASE, FRONTEND, parts_in
from ...readers.docker.resources import CONTAINER
from ...readers.kotauth.server import comes_from_database, is_server, setting, variable, variables
from ...readers.proxies.external import has_external_proxy

AREA = Area("kotauth-environment")
_ADMINISTRATOR_VARIABLES = ("POSTGRES_USER", "ADMINISTRATOR")
_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?", re.I)
_LOCAL_NAMES = ("localhost", "local", "test", "invalid")
"""Names that no public resolver answers (RFC 6761, RFC 6762)."""
_OFF = ("", "false", "0", "no", "off")
_JDBC = "jdbc:postgresql://"
_LIBPQ = {"sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT"}
_OPTIONS = ("sslmode", "sslrootcert", "sslfactory")


@AREA.rule(
    "use-https-base-url",
    Severity.CRITICAL,
    "Set the base URL of Kotauth to a public https address without a path.",
    remedy="Set KAUTH_BASE_URL, for example to https://auth.example.com: in lower case, with a public DNS name, "
    "without a slash at the end.",
    types=(CONTAINER,),
    when=is_server,
    references=References(checklist=(3,)),
    parameters=(
        Parameter(
            "localNames",
            Kind.FLAG,
            default=False,
            meaning="Whether localhost and *.localhost are allowed.",
            relaxes=True,
        ),
    ),
)
def use_https_base_url(server: Resource, settings: Settings) -> Iterator[Verdict]:
    """Kotauth checks only the prefix of its base URL.

    A slash at the end makes `https://host//t/master` the permanent issuer.
    """
    base_url = variable(server, "KAUTH_BASE_URL")
    if base_url is None or not base_url.text:
        yield fail("envs", "does not set KAUTH_BASE_URL")
        return
    fault = _base_url_fault(base_url.text, local_names=settings.flag("localNames"))
    if fault:
        yield fail(base_url.entry.path, f"KAUTH_BASE_URL {fault}")


def _base_url_fault(text: str, *, local_names: bool) -> str | None:
    if not text.startswith("https://"):
        return "does not begin with https:// in lower case"
    try:
        url = urlsplit(text)
        host, _ = url.hostname or "", url.port
    except ValueError:
        return "is not a URL"
    if text.endswith("/"):
        return "ends with a slash"
    has_more = bool(url.path or url.query or url.fragment or url.username is not None)
    if has_more or not (_HOST.fullmatch(host) or _is_address(host)):
        return "has more than scheme, host and port" if has_more else "has no valid host name"
    if host.rpartition(".")[2] in _LOCAL_NAMES:
        return None if local_names else "is a local name"
    return "is an address or a name without a domain" if _is_address(host) or "." not in host else None


def _is_address(host: str) -> bool:
    """Whether a host is an IP address; browsers treat every host that ends in a number as one."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return re.search(r"(^|\.)([0-9]+|0x[0-9a-f]*)$", host) is not None
    return True


@AREA.rule(
    "set-production-environment",
    Severity.CRITICAL,
    "Run Kotauth in production mode.",
    remedy='Set KAUTH_ENV to exactly "production".',
    types=(CONTAINER,),
    when=is_server,
    references=References(checklist=(3,)),
    parameters=(Parameter("allowed", Kind.TEXTS, ["production"], "The values that KAUTH_ENV may have.", relaxes=True),),
    waivable=False,
)
def set_production_environment(server: Resource, settings: Settings) -> Iterator[Verdict]:
    """Kotauth reads any other value as development, and then skips its checks of https, the key and demo mode."""
    if setting(server, "KAUTH_ENV") not in (allowed := settings.texts("allowed")):
        yield fail("envs", f"does not set KAUTH_ENV to exactly {' or '.join(allowed)}")


@AREA.rule(
    "forbid-unsafe-switches",
    Severity.CRITICAL,
    "Do not enable demo mode or a security bypass of Kotauth.",
    remedy="Remove the variable.",
    types=(CONTAINER,),
    when=is_server,
    references=References(checklist=(3, 10)),
    waivable=False,
)
def forbid_unsafe_switches(server: Resource, _: Settings) -> Iterator[Verdict]:
    """Demo mode creates users with known passwords; Kotauth refuses to start with the obsolete switches."""
    for name in ("KAUTH_ADMIN_BYPASS", "KAUTH_DEMO_MODE", "JWT_SECRET"):
        switch = variable(server, name)
        if switch is not None and (name == "JWT_SECRET" or switch.text.strip().lower() not in _OFF):
            yield fail(switch.entry.path, f"sets {name}")


@AREA.rule(
    "configure-database-access",
    Severity.HIGH,
    "Configure the database URL, user and password of Kotauth.",
    remedy="Set DB_URL, DB_USER and DB_PASSWORD_FILE.",
    types=(CONTAINER,),
    when=is_server,
    references=References(checklist=(9,)),
)
def configure_database_access(server: Resource, _: Settings) -> Iterator[Verdict]:
    """Without them, Kotauth silently uses localhost and the user `postgres`, contrary to its documentation."""
    if not comes_from_database(server, "DB_URL") and not (setting(server, "DB_URL") or "").startswith(_JDBC):
        yield fail("envs", "does not set DB_URL to a jdbc:postgresql:// address")
    if not setting(server, "DB_USER"):
        yield fail("envs", "does not set DB_USER")
    # A plain DB_PASSWORD is set too, and another rule's business.
    if not setting(server, "DB_PASSWORD_FILE") and not setting(server, "DB_PASSWORD"):
        yield fail("envs", "does not set DB_PASSWORD_FILE")


@AREA.rule(
    "verify-database-certificate",
    Severity.HIGH,
    "Verify the certificate of an RDS database.",
    remedy="Add `?sslmode=verify-full&sslrootcert=FILE` to DB_URL in `envs`. FILE is the path of a file with the "
    "certificate authorities of RDS.",
    types=(CONTAINER,),
    when=is_server,
    references=References(hub=("RDS.38",), checklist=(9,)),
)
def verify_database_certificate(server: Resource, _: Settings) -> Iterator[Verdict]:
    """Encryption does not detect another host that answers in place of RDS; only a check of its name does.

    An address that is unknown at preview is evaluated again when it is known. Before that, the check that runs before
    the server's start connects to the same database with settings that are known at preview, and these are evaluated.
    """
    if not server.in_stack().of_type(DATABASE_INSTANCE):
        return
    if comes_from_database(server, "DB_URL"):
        beside = [each for each in containers_beside(server) if each.name.startswith(f"{server.name}.")]
        given = {name: next(filter(None, (setting(each, name) for each in beside)), "") for name in _LIBPQ.values()}
        options = {"sslfactory": "", **{option: given[name] for option, name in _LIBPQ.items()}}
    else:
        query = urlsplit((setting(server, "DB_URL") or "").removeprefix("jdbc:")).query
        given = {option: texts[-1] for option, texts in parse_qs(query, keep_blank_values=True).items()}
        # The driver takes ssl alone, or as true, for verify-full.
        by_switch = "verify-full" if given.get("ssl", "false") in ("", "true") else ""
        options = {option: given.get(option, "") for option in _OPTIONS} | {"sslmode": given.get("sslmode", by_switch)}
    if "NonValidatingFactory" in options["sslfactory"]:
        yield fail("envs", "DB_URL sets an sslfactory that does not verify certificates")
    elif options["sslmode"] != "verify-full":
        yield fail("envs", "DB_URL does not set sslmode to verify-full")
    elif not options["sslrootcert"]:
        yield fail("envs", "DB_URL does not set sslrootcert")


@AREA.rule(
    "separate-database-roles",
    Severity.HIGH,
    "Connect Kotauth to the database with a role that is not an administrator.",
    remedy="Create a role with a `DockerDatabaseRole` or an `AwsDatabaseRole`. Set DB_USER in `envs` to the name of "
    "the role.",
    types=(CONTAINER,),
    when=is_server,
    references=References(checklist=(9,)),
)
def separate_database_roles(server: Resource, _: Settings) -> Iterator[Verdict]:
    """An SQL injection into the server must not read other databases or files of the host."""
    database_user = variable(server, "DB_USER")
    if database_user is None:
        return
    if database_user.text in DEFAULT_ADMINISTRATORS or database_user.text in server.in_stack().once(_administrators):
        yield fail(database_user.entry.path, "DB_USER is the database's administrator")


def _administrators(stack: Stack) -> set[str]:
    entries = (entry for database in parts_in(stack, DATABASE) for entry in variables(database))
    return {
        *(entry.text for entry in entries if entry.name in _ADMINISTRATOR_VARIABLES),
        *texts(each.get("username") for each in stack.of_type(DATABASE_INSTANCE)),
    }


@AREA.rule(
    "set-bootstrap-admin-password",
    Severity.HIGH,
    "Set the password of Kotauth's first administrator.",
    remedy="Set KAUTH_BOOTSTRAP_ADMIN_PASSWORD_FILE.",
    types=(CONTAINER,),
    when=is_server,
    references=References(checklist=(10,)),
)
def set_bootstrap_admin_password(server: Resource, _: Settings) -> Iterator[Verdict]:
    """Otherwise, Kotauth generates a password and prints it in clear text into the logs."""
    names = ("KAUTH_BOOTSTRAP_ADMIN_PASSWORD_FILE", "KAUTH_BOOTSTRAP_ADMIN_PASSWORD")
    if not any(setting(server, name) for name in names):
        yield fail("envs", "does not set KAUTH_BOOTSTRAP_ADMIN_PASSWORD_FILE")


@AREA.rule(
    "trust-only-own-proxy",
    Severity.HIGH,
    "Trust forwarded headers only if a frontend of this stack sets them.",
    remedy="Set KAUTH_TRUSTED_PROXY to true behind a frontend of this stack, or behind a Traefik of another stack that "
    "routes by the labels of the server. Otherwise, remove it.",
    types=(CONTAINER,),
    when=is_server,
    references=References(checklist=(3, 5)),
)
def trust_only_own_proxy(server: Resource, _: Settings) -> Iterator[Verdict]:
    """Without trust in the frontend, all clients share one rate limit.

    Without a frontend, a client that is trusted chooses its own address.
    """
    trusted = (setting(server, "KAUTH_TRUSTED_PROXY") or "").strip().lower() == "true"
    has_proxy = bool(parts_in(server.in_stack(), FRONTEND)) or has_external_proxy(server)
    if trusted and not has_proxy:
        yield fail("envs", "sets KAUTH_TRUSTED_PROXY, but this stack has no frontend")
    if not trusted and has_proxy:
        yield fail("envs", "does not set KAUTH_TRUSTED_PROXY to true")
