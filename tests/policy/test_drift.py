"""What rules read exists in the installed SDKs, and copied tables are those of their source."""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
import json
import re
import typing
from pathlib import Path
from typing import Any

import cfnlint
import pulumi
import pytest
from pulumi._types import input_type_types, is_input_type

from policy.kotauth_policy.catalogue import all_readers, all_rules
from policy.kotauth_policy.engine.evaluation import evaluated_types
from policy.kotauth_policy.engine.resource import Resource
from policy.kotauth_policy.engine.value import Value
from policy.kotauth_policy.readers.aws import lambda_runtimes
from policy.kotauth_policy.readers.aws import resources as aws
from policy.kotauth_policy.readers.docker.resources import CONTAINER, NETWORK, REMOTE_IMAGE, VOLUME
from policy.kotauth_policy.readers.secrets.randomness import PLAIN_RANDOM, RANDOM_PASSWORD
from policy.kotauth_policy.rules.kotauth.coverage import PROVIDERS, UNJUDGED
from policy.kotauth_policy.rules.kotauth.random_values import SECRET_DATA
from policy.testing import aws_program
from policy.testing.docker_program import KNOWN, build
from policy.testing.wire import STACK_TYPE, analyze, register

from .mutation import Case
from .rows import of_rule

COMPONENTS = "kotauth"


@functools.cache
def _args(token: str) -> Any:
    """Return the class of a type's inputs, or of a component, ``None`` where the installed SDK has no such type."""
    package, place, name = token.split(":")
    if package == COMPONENTS:
        return getattr(importlib.import_module("components"), name, None)
    if token == STACK_TYPE:
        return pulumi.runtime.stack.Stack
    folder = place.partition("/")[0].replace("lambda", "lambda_").replace("index", "")
    module = importlib.import_module(".".join(filter(None, (f"pulumi_{package.replace('-', '_')}", folder))))
    resource = getattr(module, name, None)
    if getattr(resource, "pulumi_type", "") != token:
        return None
    # It has the other name where a nested type of the package has the usual one.
    return getattr(module, f"{name}InitArgs", None) or getattr(module, f"{name}Args")


def _inputs(args: Any) -> dict[str, Any]:
    """Return the inputs of an args class by their name on the wire."""
    return input_type_types(args)


def _nested(kind: Any) -> Any:
    """Return the args class inside of optional, input and sequence."""
    if isinstance(kind, type) and is_input_type(kind):
        return kind
    return next((found for part in typing.get_args(kind) if (found := _nested(part)) is not None), None)


def test_the_dates_of_runtimes_are_those_of_cfn_lint() -> None:
    lifecycle = Path(cfnlint.__file__).parent / "data" / "AdditionalSpecs" / "LmbdRuntimeLifecycle.json"
    dates = {name: entry["deprecated"] for name, entry in json.loads(lifecycle.read_text()).items()}
    assert {name: day.isoformat() for name, day in lambda_runtimes.DEPRECATED.items()} == dates
    assert importlib.metadata.version("cfn-lint") == lambda_runtimes.CFN_LINT


@pytest.mark.parametrize(
    "token",
    sorted(
        {
            *(t for rule in all_rules() for t in evaluated_types(rule, all_readers())),
            CONTAINER,
            NETWORK,
            VOLUME,
            REMOTE_IMAGE,
            RANDOM_PASSWORD,
            *PLAIN_RANDOM,
            *SECRET_DATA,
            *(value for value in vars(aws).values() if isinstance(value, str) and value.startswith("aws:")),
            *(each for value in vars(aws).values() if isinstance(value, tuple) for each in value),
        }
    ),
)
def test_each_type_exists(token: str) -> None:
    assert _args(token)


@pytest.mark.parametrize(("token", "name"), [(token, name) for token, names in SECRET_DATA.items() for name in names])
def test_each_secret_input_exists(token: str, name: str) -> None:
    assert name in _inputs(_args(token))


def test_what_no_rule_judges_exists_and_is_judged_by_none() -> None:
    evaluated = {token for rule in all_rules() for token in evaluated_types(rule, all_readers())}
    assert [token for token in UNJUDGED if not _args(token)] == []
    assert UNJUDGED & evaluated == set()
    assert {token.partition(":")[0] for token in evaluated} & set(PROVIDERS) == set()


def test_each_property_that_is_read_exists(monkeypatch: pytest.MonkeyPatch) -> None:
    top: set[tuple[str, str]] = set()
    paths: set[tuple[str, str]] = set()
    latest: dict[str, str] = {}
    get, field = Resource.get, Value.field
    without_places = functools.cache(lambda path: re.sub(r"\[\d+\]", "", path))

    def recording_get(self: Resource, name: str) -> Value:
        top.add((self.type, name))
        latest[name] = self.type
        return get(self, name)

    def recording_field(self: Value, name: str) -> Value:
        found = field(self, name)
        path = without_places(found.path)
        # Which resource it is a part of, only the property tells that was read last.
        paths.update((token, path) for token in [latest.get(path.split(".")[0])] if token)
        return found

    monkeypatch.setattr(Resource, "get", recording_get)
    monkeypatch.setattr(Value, "field", recording_field)
    analyze(register(build(), KNOWN))
    analyze(register(build(of=aws_program.compliant), aws_program.KNOWN))
    for rule in all_rules():
        for entry in of_rule(rule.name):
            if isinstance(entry, Case) and entry.state == "known":
                entry.check()

    assert len(top) > 150
    assert len(paths) > 50
    missing = [f"{token} {name}" for token, name in top if name not in _inputs(_args(token))]
    missing += [f"{token} {path}" for token, path in paths if not _exists(_args(token), path.split("."))]
    assert not missing


def _exists(args: Any, path: list[str]) -> bool:
    inputs = _inputs(args)
    if path[0] not in inputs:
        return False
    inner = _nested(inputs[path[0]])
    # A map of strings, such as logOpts, has free names.
    return len(path) == 1 or inner is None or _exists(inner, path[1:])
