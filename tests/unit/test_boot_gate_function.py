"""What the gate of a single host does, against an emulated AWS in this process (moto)."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from components.aws.functions.boot_gate import handler
from components.aws.functions.boot_gate.handler import NotReadyError, handle
from components.aws.host.scripts import stages
from tests.clock import Clock
from tests.unit.aws_outputs import REGION

GROUP, HOST = "kotauth-hosts", "i-0123456789abcdef0"


class Log:
    """The hosts' log group, and what is written to it."""

    def __init__(self, said: pytest.CaptureFixture[str]) -> None:
        self._logs, self._said = boto3.client("logs", REGION), said
        self._logs.create_log_group(logGroupName=GROUP)

    def boot(self, stage: str, outcome: str, detail: str = "", *, host: str = HOST) -> None:
        """Carry a line over as the host's scripts write it."""
        stages.log(stage, outcome, detail)
        self.write(self._said.readouterr().out.strip(), stream=f"{host}/host")

    def write(self, *lines: str, stream: str = f"{HOST}/host") -> None:
        names = {"logGroupName": GROUP, "logStreamName": stream}
        if not self._logs.describe_log_streams(logGroupName=GROUP, logStreamNamePrefix=stream)["logStreams"]:
            self._logs.create_log_stream(**names)
        now = int(time.time() * 1000)
        self._logs.put_log_events(**names, logEvents=[{"timestamp": now, "message": line} for line in lines])


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(handler, "time", clock)
    return clock


@pytest.fixture
def log(capsys: pytest.CaptureFixture[str], emulated_aws: None) -> Log:
    return Log(capsys)


def ask(limit: int = 60) -> dict[str, Any]:
    return handle({"log_group": GROUP, "instance": HOST, "limit_seconds": limit}, None)


def test_a_host_that_is_ready_passes_at_once(log: Log, clock: Clock) -> None:
    log.boot("units", "ok")
    log.boot("ready", "retry", "server is starting")
    log.boot("ready", "ok")
    log.boot("watchdog", "retry", "server does not answer")
    assert ask() == {"ready": HOST}
    assert clock.now == 1000


def test_it_waits_for_a_host_that_has_no_stream_yet(log: Log, clock: Clock) -> None:
    events: list[tuple[float, Callable[[], object]]] = [
        (20, lambda: log.boot("logs", "ok")),
        (30, lambda: log.write("not JSON", "[]", '"text"')),
        (40, lambda: log.boot("ready", "ok")),
    ]
    clock.events = events
    assert ask() == {"ready": HOST}
    assert clock.now == 1040


def test_long_logs_are_read_to_their_end(log: Log, clock: Clock) -> None:
    log.write(*["a line" for _ in range(9_000)])
    log.write(*["a line" for _ in range(9_000)])
    log.boot("ready", "ok")
    assert ask() == {"ready": HOST}


@pytest.mark.parametrize(
    "other",
    [
        lambda log: log.boot("ready", "ok", host="i-0fedcba9876543210"),
        lambda log: log.write(
            json.dumps({"kotauth": "boot", "stage": "ready", "outcome": "ok"}), stream=f"{HOST}/server"
        ),
        lambda log: log.write(json.dumps({"stage": "ready", "outcome": "ok"})),
        lambda log: log.boot("images", "ok"),
        lambda log: log.boot("readiness", "ok"),
    ],
    ids=["another host's", "a container's", "no boot's", "another stage", "readiness that is back"],
)
def test_no_other_line_says_ready(log: Log, clock: Clock, other: Callable[[Log], None]) -> None:
    other(log)
    with pytest.raises(NotReadyError):
        ask()


def test_a_failure_says_the_last_line_and_what_to_do(log: Log, clock: Clock) -> None:
    log.boot("images", "failed", "CommandError: docker pull: exit code 1: no route to host")
    log.write("a line of systemd")
    with pytest.raises(NotReadyError) as failure:
        ask()
    assert str(failure.value) == (
        f"Host {HOST} is not ready after 60 s, the last line of its boot: "
        '{"kotauth": "boot", "stage": "images", "outcome": "failed", '
        '"detail": "CommandError: docker pull: exit code 1: no route to host"}. '
        "It goes on trying. Mend what the line names, then run `pulumi up` again, which waits for the host anew. "
        f"All lines: stream {HOST}/host of log group {GROUP}; where it has none, the console: "
        f"`aws ec2 get-console-output --latest --output text --instance-id {HOST}`."
    )


def test_a_host_without_a_line(log: Log, clock: Clock) -> None:
    with pytest.raises(NotReadyError, match="is not ready after 840 s, it has not logged a line"):
        ask(limit=840)
    assert 820 <= clock.now - 1000 <= 840


def test_rights_that_are_not_known_everywhere_yet(log: Log, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    log.boot("ready", "ok")
    denied = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "not yet"}}, "GetLogEvents")
    answers = iter([denied, denied])
    look = handler._Boot.is_ready

    def refused_twice(boot: handler._Boot) -> bool:
        for error in answers:
            raise error
        return look(boot)

    monkeypatch.setattr(handler._Boot, "is_ready", refused_twice)
    assert ask() == {"ready": HOST}
    assert clock.now == 1020


def test_a_log_that_can_not_be_read_is_said(log: Log, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    denied = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "GetLogEvents")

    def refuse(_: handler._Boot) -> bool:
        raise denied

    monkeypatch.setattr(handler._Boot, "is_ready", refuse)
    with pytest.raises(NotReadyError, match=r"its log can't be read: .*AccessDeniedException"):
        ask()
