"""The rules over a state with hidden secrets: the engine writes "[secret]" instead of each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import struct_pb2
from pulumi.runtime import proto
from pulumi_policy.deserialize import SPECIAL_SECRET_SIG, SPECIAL_SIG_KEY

from policy.kotauth_policy.engine.report import FILE_VARIABLE
from policy.kotauth_policy.engine.servicer import PackServicer
from policy.testing import aws_program
from policy.testing import docker_program as program
from policy.testing.change import Secret, put
from policy.testing.docker_program import build
from policy.testing.wire import READERS, REFUSING, RULES, Registered, register

BLINDED = "[secret]"


def blind(value: struct_pb2.Value, *, marked: bool) -> Iterator[None]:
    """Blind each secret of a property, with or without the mark of a secret, and yield for each."""
    if value.WhichOneof("kind") == "list_value":
        for element in value.list_value.values:
            yield from blind(element, marked=marked)
    elif value.WhichOneof("kind") == "struct_value":
        members = value.struct_value.fields
        if SPECIAL_SIG_KEY in members and members[SPECIAL_SIG_KEY].string_value == SPECIAL_SECRET_SIG:
            (members["value"] if marked else value).CopyFrom(struct_pb2.Value(string_value=BLINDED))
            yield
            return
        for member in members.values():
            yield from blind(member, marked=marked)


class Evaluated:
    """What the pack reports of resources, one of which can be asked about again."""

    def __init__(self, registered: Registered, file: Path) -> None:
        self._pack, self._stack, self._file = PackServicer(RULES, READERS), registered.stack_request(), file

    def tell(self, request: proto.AnalyzeRequest) -> None:
        self._pack.Analyze(request, REFUSING)

    def outcomes(self) -> set[tuple[str, str, str]]:
        """Return rule, resource and outcome of all that is found."""
        self._pack.AnalyzeStack(self._stack, REFUSING)
        text = self._file.read_text()
        assert BLINDED not in text
        return {
            (rule["rule"], finding["urn"].rpartition("::")[2], finding["outcome"])
            for rule in json.loads(text)["rules"]
            for finding in rule["findings"]
        }


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "report.json"
    monkeypatch.setenv(FILE_VARIABLE, str(path))
    return path


@pytest.mark.parametrize("marked", [True, False])
@pytest.mark.parametrize("of", [program, aws_program])
def test_a_good_state_stays_one_without_its_secrets(of: Any, marked: bool, file: Path) -> None:
    registered = register(build(of=of.compliant), of.KNOWN)
    evaluated = Evaluated(registered, file)
    blinded = 0
    for request in registered.analyze_requests():
        for value in request.properties.fields.values():
            blinded += len(list(blind(value, marked=marked)))
        evaluated.tell(request)
    assert blinded > 2
    assert evaluated.outcomes() == set()


def test_a_key_that_comes_from_nowhere_is_not_taken_for_a_good_one(file: Path) -> None:
    brought = put("server-carrier", "uploads.0.content", Secret("0123456789abcdef" * 4))
    registered = register(build(brought), program.KNOWN)
    evaluated = Evaluated(registered, file)
    requests = list(registered.analyze_requests())
    for request in requests:
        evaluated.tell(request)
    assert evaluated.outcomes() == set()
    for request in requests:
        for value in request.properties.fields.values():
            list(blind(value, marked=True))
        evaluated.tell(request)
    assert {(rule, resource) for rule, resource, _ in evaluated.outcomes()} == {("trace-secret-key", "server")}


def test_whatever_is_blinded_no_rule_crashes(file: Path) -> None:
    registered = register(build(), program.KNOWN)
    evaluated = Evaluated(registered, file)
    requests = list(registered.analyze_requests())
    for request in requests:
        evaluated.tell(request)
    silent: set[str] = set()
    for original in requests:
        for name in original.properties.fields:
            request = proto.AnalyzeRequest()
            request.CopyFrom(original)
            request.properties.fields[name].CopyFrom(struct_pb2.Value(string_value=BLINDED))
            evaluated.tell(request)
            found = evaluated.outcomes()
            assert {outcome for _, _, outcome in found} <= {"undecidable", "fail"}
            if not found:
                silent.add(name)
        evaluated.tell(original)
    assert not silent & {"image", "privileged", "capabilities", "envs", "labels", "volumes", "networksAdvanced", "user"}
