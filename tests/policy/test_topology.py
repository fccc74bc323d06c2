"""Rules about parts while a part is not known."""

from __future__ import annotations

from policy.kotauth_policy.catalogue import all_rules
from policy.kotauth_policy.readers.kotauth.server import is_server
from policy.testing.change import UNKNOWN, put
from policy.testing.docker_program import build
from policy.testing.wire import analyze, register


def test_an_unknown_part() -> None:
    """Nothing is said to be broken, and nothing that depends on the part passes in silence."""
    label = put("server", "labels.0.value", UNKNOWN)
    violations = [v for v in analyze(register(build(label))) if v.resource == "server"]
    about_servers = {rule.name for rule in all_rules() if rule.when is is_server}
    assert about_servers
    assert about_servers <= {v.rule for v in violations}
    assert all("cannot be evaluated at preview" in v.message for v in violations)
