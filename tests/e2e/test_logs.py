"""The log route of a running stack: to a real Loki, without what would let a reader of the lines in."""

from __future__ import annotations

import json
import os
from collections.abc import Callable

from simulators.waiting import eventually
from tests.e2e.docker_page import documented
from tests.e2e.log_outage import check, outage
from tests.e2e.loki import Loki
from tests.e2e.places import generated_secrets
from tests.e2e.stack import Stack
from tests.logs.written import SOON_SECONDS, state

OUTAGE_SECONDS = float(os.environ.get("LOG_OUTAGE_SECONDS", "30"))
"""`make log-outage` runs it with ten minutes."""
_CANARY = "canary-7c1e5d"


def test_a_line_of_a_request_is_found_by_its_id(logged: Stack, loki: Loki) -> None:
    answer = logged.client.get(f"/t/master/.well-known/openid-configuration?code={_CANARY}")
    number = answer.headers["x-request-id"]
    query = documented("service_namespace=", "text").replace("single-host", logged.project.stack).replace("ID", number)
    eventually("the line", lambda: loki.find(query), SOON_SECONDS)
    ((labels, line),) = loki.find(query)
    assert "/t/master/.well-known/openid-configuration" in line
    assert labels["tenantSlug"] == "master"
    assert labels["severity_text"] == "INFO"
    assert labels["service_instance_id"] == logged.container("server")[:12]


def test_every_part_of_the_stack_is_there(logged: Stack, loki: Loki) -> None:
    query = f'{{service_namespace="kotauth/{logged.project.stack}"}}'

    def parts() -> set[str]:
        return {labels["service_name"] for labels, _ in loki.find(query)}

    eventually(
        "all parts",
        lambda: parts() >= {"kotauth-server", "kotauth-database", "kotauth-log-watcher"},
        SOON_SECONDS,
        parts,
    )


def test_no_secret_leaves_the_machine(logged: Stack, loki: Loki) -> None:
    for path in (f"/t/master/account/callback?code={_CANARY}&state={_CANARY}", f"/t/x/verify-email?token={_CANARY}"):
        logged.client.get(path)
    logged.client.login(logged.outputs["adminPassword"])
    logged.client.login(f"{_CANARY}-password")
    logged.administrator_sql(f"DO $$ BEGIN PERFORM 1; END $$; ALTER ROLE nobody PASSWORD '{_CANARY}'", failing=True)
    last = logged.client.get("/t/master/.well-known/openid-configuration").headers["x-request-id"]

    def sent() -> bytes:
        return b"".join(request.body for request in loki.endpoint.requests())

    eventually("the last line", lambda: last.encode() in sent() and b"ALTER ROLE nobody" in sent(), SOON_SECONDS)
    secrets = {**generated_secrets(logged), "code, token or password of a request": _CANARY}
    assert [name for name, secret in secrets.items() if secret.encode() in sent()] == []
    assert b"[redacted]" in sent()


def test_an_outage_of_the_endpoint_loses_no_line(
    logged: Stack, loki: Loki, record_property: Callable[[str, object], None]
) -> None:
    report = outage(logged, loki, OUTAGE_SECONDS)
    record_property("outage", str(report))
    print(report)
    check(report)


def test_the_reader_has_no_way_out(logged: Stack, loki: Loki) -> None:
    """The part that sees the files of every container reaches nothing but the shipper, and holds no secret."""
    reader = logged.inspect(logged.container("log-reader"))
    networks = list(reader["NetworkSettings"]["Networks"])
    assert [json.loads(logged.docker("network", "inspect", name))[0]["Internal"] for name in networks] == [True]
    assert reader["HostConfig"]["PortBindings"] in (None, {})
    mounts = {mount["Destination"]: (mount["Type"], mount["RW"]) for mount in reader["Mounts"]}
    assert mounts == {
        "/logs": ("bind", False),
        "/run/config": ("volume", False),
        "/var/lib/otelcol": ("volume", True),
    }
    eventually("healthy", lambda: state(logged.container("log-watcher"))[0] == "healthy", SOON_SECONDS)
