"""Long commands: their errors, and the end of one that stalls."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from toolchain.machine import progress
from toolchain.machine.errors import EngineError

# A child of its own holds the output, as a compiler does that a build starts.
STALLS = "echo started; sleep 60 & wait"


def test_a_command_that_stalls_is_stopped_with_its_children_and_run_again(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    began = time.monotonic()
    with pytest.raises(EngineError) as error:
        progress.run(["sh", "-c", STALLS], what="a build", log=tmp_path / "log", silent_seconds=0.5, tries=2)
    assert time.monotonic() - began < 30
    assert "a build failed (nothing printed for 0.5 s, 2 times)" in str(error.value)
    assert str(error.value).endswith("started")
    assert capfd.readouterr().err.count("a build printed nothing for 0.5 s and was stopped") == 2


def test_another_try_may_succeed(tmp_path: Path) -> None:
    program = f"test -e {tmp_path}/tried && exit 0; touch {tmp_path}/tried; {STALLS}"
    progress.run(["sh", "-c", program], what="a build", log=tmp_path / "log", silent_seconds=0.5, tries=2)


def test_a_command_that_prints_may_take_longer(tmp_path: Path) -> None:
    program = "import time\nfor _ in range(8): print('.', flush=True); time.sleep(0.1)"
    progress.run([sys.executable, "-c", program], what="a build", log=tmp_path / "log", silent_seconds=0.6)
    assert (tmp_path / "log").read_text().count(".") == 8


def test_a_command_that_fails_is_not_run_again(tmp_path: Path) -> None:
    program = f"echo x >>{tmp_path}/runs; echo broken; exit 3"
    with pytest.raises(EngineError, match=r"a build failed \(exit code 3\)(.|\n)*broken"):
        progress.run(["sh", "-c", program], what="a build", log=tmp_path / "log", silent_seconds=60, tries=3)
    assert (tmp_path / "runs").read_text() == "x\n"
