"""What Datadog, CloudWatch and any other endpoint are sent, and what no endpoint is sent."""

from __future__ import annotations

import base64
import json
import zlib

import pytest

from simulators.docker_command import docker
from simulators.waiting import eventually
from tests.logs.otlp import Line
from tests.logs.routes import CLOUDWATCH, DATADOG, SINK, TOKENS, Routes
from tests.logs.written import SOON_SECONDS, run, state, writer

LINES = 20


@pytest.mark.parametrize(
    ("host", "route", "headers"),
    [
        (SINK, "sink", {"authorization": f"Bearer {TOKENS['sink']}"}),
        (DATADOG, "datadog", {"dd-api-key": TOKENS["datadog"]}),
        (
            CLOUDWATCH,
            "cloudwatch",
            {
                "authorization": f"Bearer {TOKENS['cloudwatch']}",
                "x-aws-log-group": "/kotauth/prod",
                "x-aws-log-stream": "host-1",
            },
        ),
    ],
)
def test_an_endpoint_is_sent_the_lines_at_its_address_with_its_headers(
    routes: Routes, host: str, route: str, headers: dict[str, str]
) -> None:
    with writer(routes.label, 100, LINES) as container:
        eventually(f"{LINES} lines", lambda: len(routes.endpoint.lines(host, container)) == LINES, SOON_SECONDS)
    for request in routes.endpoint.requests(host):
        assert request.path == "/v1/logs"
        assert request.headers["content-type"] == "application/x-protobuf"
        assert {name: request.headers.get(name) for name in headers} == headers
        assert b"canary" not in request.body
    taken = routes.endpoint.lines(host, container)
    assert [line.attributes["requestId"] for line in taken] == [f"request-{number}" for number in range(LINES)]
    for line in taken:
        assert line.body == "302 Found: GET - /t/acme/authorize in 14ms -> https://app.example.com/cb?code=[redacted]"
        assert line.severity == "INFO"
        assert line.attributes["tenantSlug"] == "acme"
        assert line.resource == {
            "service.name": "kotauth-server",
            "service.namespace": routes.label,
            "service.instance.id": container[:12],
        }
    times = [line.nanoseconds for line in taken]
    assert times == sorted(times)
    assert len(set(times)) == LINES


LONG = "x" * 16_370 + "?code=canary-in-two-pieces&lang=en" + "y" * 30_000
TEXTS = {
    json.dumps({"level": "error", "msg": "of the frontend", "request": {"uri": "/cb?code=canary"}}): "of the frontend",
    json.dumps({"message": "failed", "level": "ERROR", "stack_trace": "a: b\n\tat c"}): "failed\na: b\n\tat c",
    json.dumps({"message": "own", "service.name": "other", "attrs": {"x": "y"}, "source": "z"}): "own",
    "FATAL: KAUTH_SECRET_KEY must be set (32+ chars).": "FATAL: KAUTH_SECRET_KEY must be set (32+ chars).",
    "$1 ${env:HOME} \u00fc": "$1 ${env:HOME} \u00fc",
    LONG: LONG.replace("canary-in-two-pieces", "[redacted]"),
    "z" * 120_000: "z" * 100_000,
}
_PRINT = """
import base64, json, sys, zlib
for text in json.loads(zlib.decompress(base64.b64decode({packed!r}))):
    print(text, file=sys.{stream}, flush=True)
"""


def printing(texts: list[str], stream: str) -> str:
    """Return a program that prints these lines, which are too long for a command."""
    return _PRINT.format(packed=base64.b64encode(zlib.compress(json.dumps(texts).encode())).decode(), stream=stream)


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_lines_of_every_kind_arrive_whole(routes: Routes, stream: str) -> None:
    container = run(routes.label, printing(["", *TEXTS, " "], stream), part="frontend")

    def taken() -> list[Line]:
        return [line for line in routes.endpoint.lines(SINK, container) if line.body.strip()]

    eventually("all lines", lambda: len(taken()) >= len(TEXTS), SOON_SECONDS)
    assert [line.body for line in taken()] == list(TEXTS.values())
    assert {line.resource["service.name"] for line in taken()} == {"kotauth-frontend"}


def test_no_line_of_another_stack_is_sent(routes: Routes) -> None:
    """Not even one that imitates what Docker writes beside the lines of this stack."""
    imitated = json.dumps({"attrs": {"kotauth.logs": routes.label}, "message": "imitated"})
    imitated += f'\\",\\"attrs\\":{{"kotauth.logs":"{routes.label}"}}'
    other = run(f"{routes.label}-2", printing([imitated], "stdout"))
    docker("wait", other)
    with writer(routes.label, 100, 1) as container:
        eventually("the line after it", lambda: routes.endpoint.lines(SINK, container), SOON_SECONDS)
    # Routes removes what has its own label only.
    docker("rm", "--force", "--volumes", other)
    assert routes.endpoint.lines(SINK, other) == []
    assert not any("imitated" in line.body for line in routes.endpoint.lines())


def test_an_endpoint_that_refuses_lines_is_named(routes: Routes) -> None:
    watcher = routes.container("sink", "watcher")
    routes.endpoint.answer(401)
    try:
        with writer(routes.label, 100, 1):
            said = "the endpoint refuses lines (it answers 401): "
            eventually("its answer", lambda: state(watcher)[1].startswith(said), SOON_SECONDS, lambda: state(watcher))
            eventually("unhealthy", lambda: state(watcher)[0] == "unhealthy", SOON_SECONDS, lambda: state(watcher))
    finally:
        routes.endpoint.answer(200)
