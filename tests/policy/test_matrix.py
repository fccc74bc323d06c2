"""The mutation matrix is complete: each rule has an exact violation and all four states, in its area's module."""

from __future__ import annotations

import re
from typing import Any

import pytest

from policy.kotauth_policy.catalogue import all_rules
from policy.kotauth_policy.engine.rule import Level, Rule
from policy.testing import aws_program
from policy.testing import docker_program as program
from policy.testing.change import put
from policy.testing.docker_program import build
from policy.testing.wire import analyze, register

from .mutation import CAUGHT, NOTHING, PASSED, Case, Impossible, cases
from .rows import of_rule

STATES = {"known", "secret", "unknown", "absent"}
RULES = all_rules()
READS_TEXT: tuple[str, ...] = (
    "agree-on-host-name",
    "allow-image-registries",
    "allow-tls-policies",
    "answer-alarms",
    "bound-logs",
    "certify-database",
    "certify-frontends",
    "certify-listeners",
    "configure-database-access",
    "dump-with-own-login",
    "encrypt-backup-repository",
    "encrypt-buckets",
    "encrypt-secret-files",
    "encrypt-secrets-with-own-key",
    "fit-connection-pool",
    "forbid-administrator-policies",
    "forbid-docker-socket",
    "forbid-escalation",
    "forbid-host-namespaces",
    "forbid-host-system-mounts",
    "forbid-new-privileges",
    "forbid-public-functions",
    "forbid-unconfined-profiles",
    "forbid-unsafe-switches",
    "force-database-tls",
    "issue-certificates",
    "keep-administrator-in-rds",
    "keep-secrets-out-of-commands",
    "keep-secrets-out-of-environment",
    "keep-secrets-out-of-functions",
    "keep-secrets-out-of-labels",
    "keep-secrets-out-of-user-data",
    "limit-added-capabilities",
    "limit-kernel-parameters",
    "limit-world-ingress",
    "mount-secret-files-read-only",
    "name-allowed-actions",
    "name-changed-resources",
    "name-decryption-keys",
    "name-secret-references",
    "name-unjudged-resources",
    "overwrite-forwarded-headers",
    "pin-image",
    "pin-launch-template",
    "plan-database-upgrades",
    "plan-runtime-upgrades",
    "point-names-to-own-resources",
    "pool-by-session",
    "probe-container-health",
    "probe-server-readiness",
    "probe-targets",
    "redirect-plain-http",
    "require-kotauth-version",
    "require-tls-for-buckets",
    "restrict-database-ingress",
    "restrict-key-users",
    "restrict-resource-policies",
    "restrict-secret-files",
    "restrict-server-ingress",
    "run-as-non-root",
    "run-supported-postgres",
    "run-supported-runtimes",
    "separate-database-roles",
    "size-kotauth-hosts",
    "trust-exactly",
    "trust-only-own-proxy",
    "use-https-base-url",
    "use-own-network",
    "verify-database-certificate",
    "version-buckets",
)
"""Rules that parse a text or a condition: each has five spellings that it must catch, and five look-alikes."""


@pytest.mark.parametrize("program", [program, aws_program], ids=["Docker", "AWS"])
@pytest.mark.parametrize("known", [False, True], ids=["first preview", "after an update"])
def test_the_compliant_program_breaks_nothing(program: Any, *, known: bool) -> None:
    assert analyze(register(build(of=program.compliant), program.KNOWN if known else None)) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_each_rule_has_each_state(rule: Rule) -> None:
    states = {entry.state for entry in of_rule(rule.name)} - {CAUGHT, PASSED}
    assert states == STATES, f"tests/policy/rows/ must have rows of {rule.name} with its property in these states"


@pytest.mark.parametrize("state", [CAUGHT, PASSED])
@pytest.mark.parametrize("rule", READS_TEXT)
def test_each_rule_that_reads_text_knows_its_spellings(rule: str, state: str) -> None:
    spelled = [entry for entry in cases(of_rule(rule)) if entry.state == state]
    assert len({case.name for case in spelled}) >= 5
    for case in spelled:
        assert (rule in {violation.partition("@")[0] for violation in case.expected}) is (state == CAUGHT)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_each_rule_is_triggered_alone(rule: Rule) -> None:
    known = [entry.expected for entry in of_rule(rule.name) if isinstance(entry, Case) and entry.state == "known"]
    alone = any({violation.partition("@")[0] for violation in expected} == {rule.name} for expected in known)
    assert alone, f"a row of {rule.name} with the state known must expect this rule and no other"


def test_an_impossible_state_says_why() -> None:
    assert all(entry.why for rule in RULES for entry in of_rule(rule.name) if isinstance(entry, Impossible))


def test_a_row_that_finds_something_else_fails() -> None:
    with pytest.raises(AssertionError, match="missing"):
        Case("nothing is changed", (), frozenset({"pin-image@server"})).check()
    with pytest.raises(AssertionError, match="unexpected"):
        Case("something is", (put("server", "privileged", True),), NOTHING).check()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_each_rule_is_written_down(rule: Rule) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)+", rule.name)
    assert re.fullmatch(r"[A-Z][^.]*(\.localhost[^.]*)?\.", rule.description), "one sentence"
    assert rule.remedy
    assert any(vars(rule.references).values()), "name a source: references=References(...)"
    assert rule.evaluate.__doc__, "give the reason in the function's docstring"
    assert rule.level is Level.MANDATORY or rule.waivable


def test_the_message_names_property_and_remedy() -> None:
    (case, *_) = [e for rule in RULES if rule.name == "mount-root-read-only" for e in of_rule(rule.name)]
    assert isinstance(case, Case)
    (violation,) = case.check()
    assert violation.message.splitlines() == [
        "Mount the root file system of every container read-only.",
        "readOnly: is not true",
        "Set `read_only=True`. In `tmpfs` or `volumes`, list the folders that the container writes to.",
    ]


def test_an_image_name_is_shown_unless_it_is_secret() -> None:
    known, secret = (
        next(case for case in cases(of_rule("pin-image")) if case.state == state) for state in ("known", "secret")
    )
    assert "docker.io/library/caddy:2.11" in known.check()[0].message
    assert "docker.io/library/caddy:2.11" not in secret.check()[0].message
