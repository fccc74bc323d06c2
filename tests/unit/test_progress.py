"""Long commands: their errors, and the end of one that stalls."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

import pytest

from toolchain.machine import progress
from toolchain.machine.errors import EngineError

# A child of its own holds the output, as a compiler does that a build starts.
STALLS = "echo started; sleep 60 & wait"


class Clock:
    """Time that passes only once a line was heard and while more may come, however slow the machine is."""

    def __init__(self) -> None:
        self.now = 0.0
        self.heard = threading.Semaphore(0)
        self._own, self._reader = threading.current_thread(), threading.current_thread()

    def monotonic(self) -> float:
        if threading.current_thread() is not self._own:
            self._reader = threading.current_thread()
            self.heard.release()
        return self.now

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds / 10)
        if self._reader is not self._own and self._reader.is_alive():
            self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    return clock


@pytest.mark.usefixtures("clock")
def test_a_command_that_stalls_is_stopped_with_its_children_and_run_again(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    began = time.monotonic()
    with pytest.raises(EngineError) as error:
        progress.run(["sh", "-c", STALLS], what="a build", log=tmp_path / "log", silent_seconds=0.5, tries=2)
    assert time.monotonic() - began < 60, "it waited for a child"
    assert "a build failed (nothing printed for 0.5 s, 2 times)" in str(error.value)
    assert str(error.value).endswith("started")
    assert capfd.readouterr().err.count("a build printed nothing for 0.5 s and was stopped") == 2


@pytest.mark.usefixtures("clock")
def test_another_try_may_succeed(tmp_path: Path) -> None:
    program = f"test -e {tmp_path}/tried && exit 0; touch {tmp_path}/tried; {STALLS}"
    progress.run(["sh", "-c", program], what="a build", log=tmp_path / "log", silent_seconds=0.5, tries=2)


def test_a_command_that_prints_may_take_longer(tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = iter(range(8))

    def sleep(_: float) -> None:
        """Have it print the next line, a second after the one before."""
        time.sleep(0.01)
        for line in lines:
            clock.now += 1
            (tmp_path / f"line {line}").touch()
            assert clock.heard.acquire(timeout=60)
            break

    monkeypatch.setattr(clock, "sleep", sleep)
    program = (
        "import pathlib, time\n"
        f"for number in range(8):\n"
        f"    while not pathlib.Path({str(tmp_path)!r}, f'line {{number}}').exists(): time.sleep(0.01)\n"
        "    print('.', flush=True)"
    )
    progress.run([sys.executable, "-c", program], what="a build", log=tmp_path / "log", silent_seconds=1.5)
    assert (tmp_path / "log").read_text().count(".") == 8


def test_a_command_that_fails_is_not_run_again(tmp_path: Path) -> None:
    program = f"echo x >>{tmp_path}/runs; echo broken; exit 3"
    with pytest.raises(EngineError, match=r"a build failed \(exit code 3\)(.|\n)*broken"):
        progress.run(["sh", "-c", program], what="a build", log=tmp_path / "log", silent_seconds=60, tries=3)
    assert (tmp_path / "runs").read_text() == "x\n"
