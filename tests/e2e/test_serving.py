"""What a visitor gets from the running stack."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import pytest

from tests.e2e.stack import Stack

pytestmark = [pytest.mark.docker, pytest.mark.engine]


def test_ready_over_tls_with_the_stack_s_certificate_authority(stack: Stack) -> None:
    answer = stack.client.get(urlsplit(stack.outputs["readyUrl"]).path)
    assert answer.status == 200
    assert json.loads(answer.text)["checks"]["config"] == {
        "status": "ok",
        "baseUrl": stack.outputs["url"],
        "httpsEnforced": True,
        "warnings": [],
    }


def test_discovery_names_the_public_issuer(stack: Stack) -> None:
    answer = stack.client.get("/t/master/.well-known/openid-configuration")
    assert json.loads(answer.text)["issuer"] == f"{stack.outputs['url']}/t/master"


def test_the_generated_admin_password_logs_in(stack: Stack) -> None:
    answer = stack.client.login(stack.outputs["adminPassword"])
    assert "KOTAUTH_ADMIN=" in answer.headers["set-cookie"]


def test_the_checklist_key_reads_the_audit_log(stack: Stack) -> None:
    key = stack.outputs["checklistApiKey"]
    answer = stack.client.get("/t/master/api/v1/audit-logs?limit=1", {"Authorization": f"Bearer {key}"})
    assert answer.status == 200, answer.text


def test_a_second_preview_changes_nothing(stack: Stack) -> None:
    assert set(stack.project.preview("--expect-no-changes").summary) == {"unchanged"}
