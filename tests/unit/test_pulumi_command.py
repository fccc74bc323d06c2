"""How jobs run `pulumi`: with the variables of the engine, and with those that a job adds for a while."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cli import pulumi_command

SHOWS = '#!/bin/sh\necho "$KOTAUTH_OWN $KOTAUTH_ADDED"\nexit ${1:-0}\n'


@pytest.fixture(autouse=True)
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pulumi").write_text(SHOWS)
    (tmp_path / "pulumi").chmod(0o755)
    variables = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "KOTAUTH_OWN": "engine"}
    monkeypatch.setattr(pulumi_command, "engine_variables", lambda: variables)


def test_added_variables_are_taken_back_also_after_a_failure() -> None:
    def fail() -> None:
        with (
            pulumi_command.variables_added({"KOTAUTH_ADDED": "verdicts"}),
            pulumi_command.variables_added({"KOTAUTH_OWN": "simulator"}),
        ):
            assert pulumi_command.run_or_exit(capture=True) == "simulator verdicts\n"
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert pulumi_command.run_or_exit(capture=True) == "engine \n"


def test_a_command_that_fails_ends_the_job_with_its_code() -> None:
    assert pulumi_command.run("3", capture=True).returncode == 3
    with pytest.raises(SystemExit) as end:
        pulumi_command.run_or_exit("3", capture=True)
    assert end.value.code == 3
