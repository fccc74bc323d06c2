"""No message holds a value: a canary in each string of the program never shows up, wherever it is."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from google.protobuf import struct_pb2
from pulumi.runtime import proto
from pulumi_policy.deserialize import SPECIAL_SECRET_SIG, SPECIAL_SIG_KEY

from policy.kotauth_policy.engine.servicer import PackServicer
from policy.testing import aws_program
from policy.testing import docker_program as program
from policy.testing.docker_program import build
from policy.testing.wire import READERS, REFUSING, RULES, register, violations

LANES = 8
"""Resources that have a canary at the same time: to evaluate the stack takes longer than all else here."""
# Names of images are public and help to find what is wrong, so messages show them, unless they are marked secret.
PUBLIC = {"image"}


def _strings(value: struct_pb2.Value) -> Iterator[struct_pb2.Value]:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        yield value
    elif kind == "list_value":
        for element in value.list_value.values:
            yield from _strings(element)
    elif kind == "struct_value":
        for name in sorted(value.struct_value.fields):
            if name != SPECIAL_SIG_KEY:
                yield from _strings(value.struct_value.fields[name])


def _make_secret(value: struct_pb2.Value) -> None:
    text = value.string_value
    value.struct_value.update({SPECIAL_SIG_KEY: SPECIAL_SECRET_SIG, "value": text})


FORMS = {
    "alone": lambda _text, canary: canary,
    "appended": lambda text, canary: f"{text}{canary}",
    "after the name": lambda text, canary: f"{text.partition('=')[0]}={canary}",
    "as a password in a URL": lambda text, canary: f"{text.partition('=')[0]}=https://me:{canary}@auth.example.com",
    "as an option": lambda _text, canary: f"--password={canary}",
}


def _planted(
    original: proto.AnalyzeRequest, form: str, canary: str, *, secret: bool
) -> Iterator[tuple[str, proto.AnalyzeRequest]]:
    """Yield each property with a string, and the request with a canary in one of its strings; in the end as it was."""
    for name in sorted(original.properties.fields):
        for position in range(len(list(_strings(original.properties.fields[name])))):
            request = proto.AnalyzeRequest()
            request.CopyFrom(original)
            leaf = list(_strings(request.properties.fields[name]))[position]
            leaf.string_value = FORMS[form](leaf.string_value, canary)
            if secret:
                _make_secret(leaf)
            yield name, request
    yield "", original


@pytest.mark.parametrize(
    ("program", "form", "secret"),
    [
        *((program, form, secret) for form in FORMS for secret in (False, True)),
        *((aws_program, form, False) for form in ("alone", "as a password in a URL")),
    ],
)
def test_no_message_holds_a_value(program: Any, form: str, *, secret: bool) -> None:
    registered = register(build(of=program.compliant), program.KNOWN)
    stack = registered.stack_request()
    pack = PackServicer(RULES, READERS)
    requests = list(registered.analyze_requests())
    for request in requests:
        pack.Analyze(request, REFUSING)
    canaries = [f"canary{lane}7f3acanary7f3acanary" for lane in range(LANES)]
    lanes = [
        [planted for original in requests[lane::LANES] for planted in _planted(original, form, canary, secret=secret)]
        for lane, canary in enumerate(canaries)
    ]
    planted = broken = 0
    for step in itertools.zip_longest(*lanes, fillvalue=("", None)):
        answers = [pack.Analyze(request, REFUSING) for _, request in step if request]
        found = violations(*answers, pack.AnalyzeStack(stack, REFUSING))
        planted += sum(bool(name) for name, _ in step)
        broken += len({violation.resource for violation in found})
        for violation in found:
            shown = {name for canary, (name, _) in zip(canaries, step, strict=True) if canary in violation.message}
            assert shown <= (set() if secret else PUBLIC), f"{violation.rule} shows {shown}"
    assert planted > 100
    assert broken > 30, "the canary has to break rules, else it proves nothing"
