"""What outlives `make down`, and what keeps a plain `destroy` from deleting it."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

import pytest

from cli import lifecycle, pulumi_command
from cli.stack import Stack as CheckoutStack
from tests.e2e.stack import Stack

pytestmark = [pytest.mark.docker, pytest.mark.engine]

_PARTS = ("server", "database", "frontend")
_ROWS = "SELECT count(*), max(id) FROM kotauth.audit_log; SELECT id, username, password_hash FROM kotauth.users"
_KEY = "SELECT chain_key_id FROM kotauth.audit_log ORDER BY id DESC LIMIT 1"


def test_a_plain_destroy_refuses_and_deletes_nothing(changing: Stack) -> None:
    before = {part: changing.container(part) for part in _PARTS}
    # With its preview, as a user types it: without one the engine deletes up to the first protected resource.
    refused = changing.project.pulumi("destroy", "--yes", check=False)
    assert refused.code
    assert "protect" in refused.output
    assert {part: changing.container(part) for part in _PARTS} == before
    assert changing.client.finds_it_ready()


def test_down_and_up_keep_rows_key_and_passwords(
    changing: Stack, monkeypatch: pytest.MonkeyPatch, record_property: Callable[[str, object], None]
) -> None:
    outputs = changing.outputs
    assert changing.client.login(outputs["adminPassword"]).status == 302
    changing.administrator_sql("CREATE TABLE kotauth.marker AS SELECT 'still here' AS text")
    rows, key = changing.administrator_sql(_ROWS), changing.administrator_sql(_KEY)
    assert key

    began = monotonic()
    _make_down(changing, monkeypatch)
    down = monotonic()
    assert [changing.containers(part, stopped=True) for part in (*_PARTS, "job", "files")] == [[]] * 5
    changing.project.up()
    record_property("down and up", f"{down - began:.0f} s and {monotonic() - down:.0f} s")

    assert changing.outputs == outputs
    assert changing.administrator_sql("SELECT text FROM kotauth.marker") == "still here"
    changing.administrator_sql("DROP TABLE kotauth.marker")
    assert changing.administrator_sql(_ROWS) == rows
    # The server's own key, not only a row that was kept: this login is written with it.
    assert changing.client.login(outputs["adminPassword"]).status == 302
    assert changing.administrator_sql("SELECT count(*) FROM kotauth.audit_log") != rows.partition("|")[0]
    assert changing.administrator_sql(_KEY) == key


def _make_down(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Do what `make down STACK=… YES=1` does, in the stack's own project."""
    monkeypatch.setattr(pulumi_command, "ROOT", stack.project.path)
    monkeypatch.setattr(pulumi_command, "engine_variables", lambda: stack.project.environment)
    monkeypatch.setenv("YES", "1")
    lifecycle.down(CheckoutStack(stack.project.stack))
