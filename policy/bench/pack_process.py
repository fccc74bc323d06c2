"""Runs a pack's process and sends it the engine's gRPC requests.

What it costs is the processor time of that process from its start to its end. Unlike seconds of the clock it hardly
depends on who else is at work, and a process that only starts tells what of it is the start.
"""

# gRPC's own signatures leave types open.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime import proto
from pulumi.runtime.proto import analyzer_pb2_grpc

from .measured_stack import PROJECT, STACK, Requests
from .packs import Pack, environment

_UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


@dataclass(frozen=True)
class Run:
    """The time of one process, in seconds."""

    start: float
    """By the clock, from its start until it printed its port."""
    evaluation: float
    """By the clock, for all questions."""
    processor: float
    """Processor time of its whole life."""


def run(pack: Pack, requests: Requests | None = None) -> Run:
    """Start the pack, ask about a stack if there is one, and end it."""
    before = time.perf_counter()
    process = subprocess.Popen(
        pack.command,
        cwd=pack.folder,
        env=environment(PROJECT, STACK),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout  # noqa: S101 - it is a pipe
        port = process.stdout.readline().strip()
        started = time.perf_counter()
        if not port.isdecimal():
            raise RuntimeError(f"the pack {pack.name} did not start in {pack.folder}: `{' '.join(pack.command)}`")
        if requests:
            _ask(port, requests)
        evaluated = time.perf_counter()
    finally:
        process.kill()
        _, seconds = ended(process)
    return Run(started - before, evaluated - started, seconds)


def ended(process: subprocess.Popen[str]) -> tuple[int, float]:
    """Wait for a process; return its exit code, and the processor time of it and of those that it waited for."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.stdout:
        process.stdout.close()
    return process.returncode, usage.ru_utime + usage.ru_stime


def _ask(port: str, requests: Requests) -> None:
    with grpc.insecure_channel(f"127.0.0.1:{port}", options=_UNLIMITED) as channel:
        pack = analyzer_pb2_grpc.AnalyzerStub(channel)
        pack.ConfigureStack(proto.AnalyzerStackConfigureRequest(project=PROJECT, stack=STACK, dry_run=True))
        pack.Configure(_configuration(pack.GetAnalyzerInfo(empty_pb2.Empty())))
        for request in requests.resources:
            # The engine asks every pack whether it would change the resource, before it asks what is wrong with it.
            pack.Remediate(request)
            pack.Analyze(request)
        pack.AnalyzeStack(requests.stack)


def _configuration(pack: proto.AnalyzerInfo) -> proto.ConfigureAnalyzerRequest:
    """Return what the engine makes of a pack's own levels, where the user gives none."""
    request = proto.ConfigureAnalyzerRequest()
    for rule in pack.policies:
        entry = request.policyConfig[rule.name]
        # Without properties the SDK for Node.js fails.
        entry.properties.SetInParent()
        entry.enforcementLevel = rule.enforcementLevel
        for name in ("all", rule.name):
            if name in pack.initialConfig:
                entry.enforcementLevel = pack.initialConfig[name].enforcementLevel
    return request
