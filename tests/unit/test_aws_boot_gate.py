"""The gate after a single host, as it is declared; what it does is tested in `test_boot_gate_function.py`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.aws.compute.boot_gate import AwsBootGate
from tests.unit.aws import TAGS, statements, untagged
from tests.unit.aws_outputs import arn
from tests.unit.recording import Declared, declare

LOG = arn("logs", "log-group:kotauth-log-1a2b3c4")


@pytest.fixture(scope="module")
def declared() -> Declared:
    args: Any = {"instance_id": "i-0123456789abcdef0", "log_group_arn": LOG, "tags": TAGS}
    return declare(lambda: {"result": AwsBootGate("gate", args).result})


def test_it_is_asked_anew_for_every_host(declared: Declared) -> None:
    call = declared.named("gate-call").inputs
    assert call["triggers"] == {"instance": "i-0123456789abcdef0"}
    assert call["lifecycleScope"] == "CREATE_ONLY"
    assert json.loads(call["input"]) == {
        "log_group": "kotauth-log-1a2b3c4",
        "instance": "i-0123456789abcdef0",
        "limit_seconds": 840,
    }
    assert declared.outputs["result"] == '{"call": "gate-call"}'


def test_it_may_read_that_log_and_write_its_own_and_nothing_else(declared: Declared) -> None:
    read, write = statements(declared.named("gate-rights"))
    assert read == {"Sid": "ReadBoot", "Effect": "Allow", "Action": "logs:GetLogEvents", "Resource": f"{LOG}:*"}
    assert write["Resource"] == arn("logs", "log-group:gate-log-0c0ffee:*")
    assert [r.name for r in declared.of_type(":RolePolicy")] == ["gate-rights"]
    assert "vpcConfig" not in declared.named("gate", ":Function").inputs
    assert untagged(declared) == []
