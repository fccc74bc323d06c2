"""What `make` does before Pulumi runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli import preparation, pulumi_command
from cli.stack import Stack


@pytest.mark.parametrize(
    ("setting", "starts"),
    [
        ("kotauth:httpPort: '80'", True),
        ("docker:host: ssh://deploy@auth.example.org", False),
        ("docker:context: production", False),
        ("kotauth:target: aws", False),
    ],
)
def test_a_docker_daemon_is_started_only_where_the_stack_runs_on_this_machine(
    setting: str, starts: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[str] = []
    (tmp_path / "Pulumi.single-host.yaml").write_text(f"config:\n  {setting}\n")
    monkeypatch.setattr(pulumi_command, "ROOT", tmp_path)
    monkeypatch.setattr(Stack, "ensure", lambda _: None)
    monkeypatch.setattr(preparation.docker, "ensure_daemon", lambda: started.append("here"))
    preparation.prepare(Stack("single-host"))
    assert bool(started) is starts
