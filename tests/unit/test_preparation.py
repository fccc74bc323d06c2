"""What `make` does before Pulumi runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cli import lifecycle, preparation, pulumi_command
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


@pytest.mark.parametrize("job", [lifecycle.down, lifecycle.purge])
def test_a_stack_that_does_not_exist_is_not_created_to_be_removed(
    job: Callable[[Stack], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[tuple[str, ...]] = []

    def run_or_exit(*words: str, **_: bool) -> str:
        commands.append(words)
        return '[{"name": "dev"}]'

    monkeypatch.setattr(pulumi_command, "ROOT", tmp_path)
    monkeypatch.setattr(pulumi_command, "run_or_exit", run_or_exit)
    with pytest.raises(SystemExit, match="stack devv does not exist in this state"):
        job(Stack("devv"))
    assert commands == [("stack", "ls", "--json")]
