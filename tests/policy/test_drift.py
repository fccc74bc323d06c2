"""Every type and property that a rule reads exists in the installed SDKs."""

from __future__ import annotations

import re
import typing
from typing import Any

import pulumi_docker
import pulumi_random
import pytest
from pulumi._types import input_type_types, is_input_type

from policy.kotauth_policy.catalogue import all_rules
from policy.kotauth_policy.docker import CONTAINER, NETWORK, REMOTE_IMAGE, VOLUME
from policy.kotauth_policy.randomness import PLAIN_RANDOM, RANDOM_PASSWORD
from policy.kotauth_policy.resource import Resource
from policy.kotauth_policy.rules.random_values import SECRET_DATA
from policy.kotauth_policy.value import Value

from .mutation import Case
from .program import KNOWN, build
from .test_matrix import entries
from .wire import analyze, register

_ARGS = {
    value.pulumi_type: getattr(module, f"{name}Args")
    for module in (pulumi_docker, pulumi_random)
    for name, value in vars(module).items()
    if isinstance(value, type) and hasattr(value, "pulumi_type") and hasattr(module, f"{name}Args")
}


def _inputs(args: Any) -> dict[str, Any]:
    """Return the inputs of an args class by their name on the wire."""
    return input_type_types(args)


def _nested(kind: Any) -> Any:
    """Return the args class inside of optional, input and sequence."""
    if isinstance(kind, type) and is_input_type(kind):
        return kind
    return next((found for part in typing.get_args(kind) if (found := _nested(part)) is not None), None)


@pytest.mark.parametrize(
    "token",
    sorted(
        {
            *(t for rule in all_rules() for t in rule.types),
            CONTAINER,
            NETWORK,
            VOLUME,
            REMOTE_IMAGE,
            RANDOM_PASSWORD,
            *PLAIN_RANDOM,
            *SECRET_DATA,
        }
    ),
)
def test_each_type_exists(token: str) -> None:
    assert token in _ARGS


@pytest.mark.parametrize(("token", "name"), [(token, name) for token, names in SECRET_DATA.items() for name in names])
def test_each_secret_input_exists(token: str, name: str) -> None:
    assert name in _inputs(_ARGS[token])


def test_each_property_that_is_read_exists(monkeypatch: pytest.MonkeyPatch) -> None:
    top: set[tuple[str, str]] = set()
    paths: set[str] = set()
    get, field = Resource.get, Value.field

    def recording_get(self: Resource, name: str) -> Value:
        top.add((self.type, name))
        return get(self, name)

    def recording_field(self: Value, name: str) -> Value:
        found = field(self, name)
        paths.add(re.sub(r"\[\d+\]", "", found.path))
        return found

    monkeypatch.setattr(Resource, "get", recording_get)
    monkeypatch.setattr(Value, "field", recording_field)
    analyze(register(build(), KNOWN))
    for rule in all_rules():
        for entry in entries(rule):
            if isinstance(entry, Case) and entry.state == "known":
                entry.check()

    assert len(top) > 30
    assert len(paths) > 15
    missing = [f"{token} {name}" for token, name in top if name not in _inputs(_ARGS[token])]
    for path in paths:
        first, *rest = path.split(".")
        for token in {token for token, name in top if name == first}:
            missing += [f"{token} {path}"] if not _exists(_ARGS[token], [first, *rest]) else []
    assert not missing


def _exists(args: Any, path: list[str]) -> bool:
    inputs = _inputs(args)
    if path[0] not in inputs:
        return False
    inner = _nested(inputs[path[0]])
    # A map of strings, such as logOpts, has free names.
    return len(path) == 1 or inner is None or _exists(inner, path[1:])
