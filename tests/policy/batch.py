"""Two programs that each break as many rules at once as share one, for previews on the real engine."""

from __future__ import annotations

from collections.abc import Callable

from policy.testing import aws_program
from policy.testing.change import UNKNOWN, Change, Resources, Secret, put
from policy.testing.docker_program import build, compliant
from policy.testing.wire import RULES

from .mutation import Case, Found, cases, found
from .rows import of_rule

APART = {
    *("allow-image-registries", "certify-listeners", "complete-stack", "configure-database-access"),
    *("find-kotauth-server", "forbid-escalation", "forbid-host-system-mounts", "forbid-unconfined-profiles"),
    *(
        "forbid-unsafe-switches",
        "have-alarms",
        "have-backups",
        "have-backups-on-docker",
        "have-log-route",
        "keep-secret-key",
        "limit-swap",
    ),
    *("name-changed-resources", "name-decryption-keys", "name-secret-references", "plan-runtime-upgrades"),
    *("pool-by-session", "protect-secret-key", "run-one-frontend", "separate-database-roles"),
    *("separate-frontend-from-database", "set-bootstrap-admin-password", "set-production-environment"),
    *("share-state-between-servers", "switch-off-update-check", "trust-only-own-proxy", "use-hex-secret-key"),
    *("use-one-secret-key", "verify-database-certificate"),
}
"""Rules whose violation here changes what a violation of another rule is made of."""

NOT_PLAYED = {
    *("encrypt-caches", "forbid-public-functions", "never-rotate-secret-key", "replicate-caches"),
    *("restrict-resource-policies", "use-one-cache-shard"),
}
"""Rules about types that the simulator of AWS doesn't know; no component makes one either."""


def known(rule: str) -> Case:
    """Return the one change that triggers exactly this rule."""
    return next(
        entry
        for entry in cases(of_rule(rule))
        if entry.state == "known" and {violation.partition("@")[0] for violation in entry.expected} == {rule}
    )


def together(of: Callable[[], Resources]) -> tuple[tuple[Change, ...], Found]:
    """Return the changes of a program that break every rule about it which shares one, and what is found then."""
    mine = [case for rule in RULES if rule.name not in APART | NOT_PLAYED and (case := known(rule.name)).of is of]
    changes = [change for case in mine for change in case.changes]
    expected = frozenset[str]().union(*(case.expected for case in mine))
    if of is compliant:
        # Beside what is known, something that is unknown at preview, and something secret.
        changes += [put("alarm", "privileged", UNKNOWN), put("alarm", "image", Secret("docker.io/library/x:latest"))]
        expected |= found("forbid-privileged-containers@alarm", "pin-image@alarm")
    return tuple(changes), expected


def program(target: str, *, is_broken: bool) -> None:
    """Make the stack on Docker or on AWS."""
    of = {"docker": compliant, "aws": aws_program.compliant}[target]
    build(*(together(of)[0] if is_broken else ()), of=of)()
