"""`make purge`: what it says of the backups, which outlive the stack."""

from __future__ import annotations

import io
import json

import pytest

from cli import lifecycle, pulumi_command
from cli.stack import Stack

STATE = {
    "deployment": {
        "resources": [
            {
                "type": "docker:index/volume:Volume",
                "id": "kotauth-backup-store-repository-0c0ffee",
                "retainOnDelete": True,
            },
            {"type": "docker:index/volume:Volume", "id": "kotauth-postgres-data-0c0ffee"},
            {"type": "docker:index/container:Container", "id": "0c0ffee"},
        ]
    }
}


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what is run; the state has a repository of backups."""
    run: list[str] = []

    def run_or_exit(*words: str, capture: bool = False) -> str:
        run.append(" ".join(words[:2]))
        return json.dumps(STATE) if capture else ""

    monkeypatch.setattr(pulumi_command, "run_or_exit", run_or_exit)
    monkeypatch.setattr(lifecycle, "require", lambda _: None)
    return run


def test_the_backups_stay_and_the_command_says_where(
    commands: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("prod-docker\n"))
    lifecycle.purge(Stack("prod-docker"))
    before, _, after = capsys.readouterr().out.partition("Type the name")
    assert "only a backup kit opens them: make backup-kit STACK=prod-docker writes one" in before
    assert "To delete the backups, too: docker volume rm kotauth-backup-store-repository-0c0ffee" in after
    assert "postgres-data" not in after
    assert commands[-3:] == ["state unprotect", "destroy --stack", "stack rm"]


def test_nothing_is_deleted_where_another_name_is_typed(commands: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))
    with pytest.raises(SystemExit, match="Nothing was deleted"):
        lifecycle.purge(Stack("dev"))
    assert set(commands) == {"stack export"}


@pytest.mark.usefixtures("commands")
def test_what_down_proposes_names_the_stack(capsys: pytest.CaptureFixture[str]) -> None:
    """Without its name, the commands would purge or start the stack of this machine."""
    lifecycle.down(Stack("prod-docker"))
    said = capsys.readouterr().out
    assert "`make up STACK=prod-docker` uses them again, `make purge STACK=prod-docker` deletes them" in said
    lifecycle.down(Stack("dev"))
    assert "`make up` uses them again, `make purge` deletes them" in capsys.readouterr().out
