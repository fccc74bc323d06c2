"""The stack prod as it is committed, from `pulumi up` to a host that serves, and through a rotation of the password.

Everything in between is what the program made: secrets, files, parameter and launch template in the AWS of the
simulator; the function that makes the database's roles, out of its archive; and the gate that ends the `up`.
"""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Iterator
from typing import Any

import pytest

from simulators.ec2_host.instance import Host
from simulators.waiting import eventually
from tests.e2e.forwarded import Belief, Headers, Workspace, spoofed
from tests.e2e.traces import Search
from tests.host import stored
from tests.host.production import NAME, Production
from tests.host.site import SOON_SECONDS, said

pytestmark = [pytest.mark.docker, pytest.mark.engine]

DISCOVERY = "/t/master/.well-known/openid-configuration"
HSTS = "strict-transport-security"


@pytest.fixture(scope="module")
def production(
    images: dict[str, str], pulumi_engine: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Production]:
    """Yield the stack, up."""
    with Production.start(tmp_path_factory.mktemp("production"), images) as production:
        production.stack.up()
        yield production


@pytest.fixture(scope="module")
def outputs(production: Production) -> dict[str, Any]:
    """Return the stack's outputs."""
    return production.stack.project.outputs()


@pytest.fixture(scope="module")
def first(production: Production) -> Host:
    """Return the host of the first generation."""
    return next(iter(production.hosts.values()))


@pytest.fixture(scope="module")
def workspace(production: Production) -> Workspace:
    """Return a workspace that answers with what the server believes."""
    return Workspace(production.lab.alb.client, production.database.sql)


@pytest.fixture(scope="module")
def truth(workspace: Workspace) -> Belief:
    """Return what the server believes of an honest request."""
    return workspace.through_the_frontend([])


@pytest.fixture(scope="module")
def role_made(production: Production) -> tuple[list[int], list[str]]:
    """Return the answers to the role's function in the first `up`, and the logins that there are after it."""
    owners, calls = production.functions, production.lab.endpoints.called("secretsmanager", "GetSecretValue")
    logins = "SELECT rolname FROM pg_roles WHERE rolname LIKE 'kotauth%' AND rolcanlogin ORDER BY 1"
    return [call.status for call in calls if call.owner in owners], production.database.sql(logins).split()


@pytest.fixture(scope="module")
def second(production: Production, first: Host, role_made: object) -> Host:
    """Return the host of the generation after a rotation of the password; the first one's group is gone then."""
    production.stack.configure(databasePasswordVersion="2")
    production.stack.up()
    return production.hosts[production.group]


@pytest.fixture(scope="module")
def single_host(production: Production, role_made: object, tmp_path_factory: pytest.TempPathFactory) -> Host:
    """Return the host of stack staging, ready as far as that goes without a certificate authority to ask."""
    host = production.single_host(tmp_path_factory.mktemp("single") / "project")
    eventually("it is ready", lambda: said(host, "ready", "ok"), SOON_SECONDS, host.diagnosis)
    return host


def test_the_role_s_function_read_two_secrets_and_made_one_login(role_made: tuple[list[int], list[str]]) -> None:
    assert role_made == ([200, 200], ["kotauth_a", "kotauth_admin"])


def test_it_is_ready_at_the_load_balancer(production: Production, first: Host, outputs: dict[str, Any]) -> None:
    def probed() -> list[tuple[str | None, int | None]]:
        return [(probe.server_name, probe.status) for probe in production.lab.alb.last_probes(first.address)]

    # On a busy machine one probe alone may be late, as on any day.
    eventually("both probes pass", lambda: probed() == [(None, 200), (first.server_name, 200)], SOON_SECONDS)
    answer = production.lab.alb.client.get(outputs["readyUrl"].removeprefix(outputs["url"]))
    assert answer.status == 200
    assert json.loads(answer.text)["checks"]["config"]["baseUrl"] == outputs["url"] == f"https://{NAME}"


def test_discovery_names_the_public_issuer(production: Production, outputs: dict[str, Any]) -> None:
    issuer = json.loads(production.lab.alb.client.get(DISCOVERY).text)["issuer"]
    assert issuer == f"{outputs['url']}/t/master"


def test_the_admin_password_logs_in(production: Production, outputs: dict[str, Any]) -> None:
    answer = production.lab.alb.client.login(outputs["adminPassword"])
    assert "KOTAUTH_ADMIN=" in answer.headers["set-cookie"]


def test_the_client_is_who_spoke_to_the_load_balancer(truth: Belief) -> None:
    assert truth == Belief("127.0.0.1", f"https://{NAME}")


@spoofed
def test_a_forwarded_header_changes_nothing(workspace: Workspace, truth: Belief, headers: Headers) -> None:
    assert workspace.through_the_frontend(headers) == truth


@pytest.mark.parametrize("name", ["evil.example", f"{NAME}.evil.example", "127.0.0.1", ""])
def test_a_foreign_host_is_refused(production: Production, name: str) -> None:
    answer = production.lab.alb.client.get(DISCOVERY, {"Host": name})
    assert answer.status == (421 if name else 400)
    assert "issuer" not in answer.text


def test_the_host_s_address_is_for_the_probe_alone(production: Production, first: Host) -> None:
    client, name = production.lab.alb.client, {"Host": first.address}
    assert client.get("/health/ready", name).status == 200
    assert client.get(DISCOVERY, name).status == 421
    assert client.request("POST", "/health/ready", headers=name).status == 421
    ask = "curl -sk -o /dev/null -w %{http_code}"
    assert first.exec(f"{ask} https://{first.address}/health/ready") == "421", "not from the load balancer's subnets"


@pytest.mark.parametrize("path", ["/health/ready", DISCOVERY, "/admin", "/missing"])
def test_hsts_is_sent_once(production: Production, path: str) -> None:
    alb = production.lab.alb
    hsts = production.listener_attribute("strict_transport_security.header_value")
    assert hsts == "max-age=31536000; includeSubDomains"
    assert alb.client.get(path).headers[HSTS] == hsts
    alb.response_headers = {"Strict-Transport-Security": hsts}
    try:
        assert alb.client.get(path).headers[HSTS] == hsts
    finally:
        alb.response_headers = {}


def test_a_rotation_is_served_by_a_new_host(production: Production, first: Host, second: Host) -> None:
    assert second.instance_id != first.instance_id
    assert production.lab.alb.healthy(second.address)
    assert production.logins(second) == {"kotauth_b"}


def test_the_old_host_opens_new_connections_after_it(
    production: Production, first: Host, second: Host, outputs: dict[str, Any]
) -> None:
    alb = production.lab.alb
    alb.deregister(second.address)
    try:
        for cut in (lambda: production.cut_connections(first), first.reboot):
            cut()
            first.wait_ready()
            login = lambda: alb.client.login(outputs["adminPassword"]).status == 302  # noqa: E731
            eventually("a login works", login, SOON_SECONDS, first.diagnosis)
            assert production.logins(first) == {"kotauth_a"}
    finally:
        alb.register(second.address, second.server_name)
    second.wait_ready()


def test_a_second_preview_is_empty(production: Production, second: Host) -> None:
    assert production.stack.changes() == {}


def test_the_single_host_redirects_and_waits_for_its_certificate(production: Production, single_host: Host) -> None:
    assert production.logins(single_host) == {"kotauth_a"}
    name, path = "auth.staging.example.org", "/admin?a=%2F&b"
    assert plain(single_host.address, path, name) == (308, f"https://{name}{path}")
    assert plain(single_host.address, path, single_host.address) == (421, None)
    with pytest.raises(ssl.SSLError, match="ALERT"):
        ssl.get_server_certificate((single_host.address, 443))


def test_the_single_host_s_gate_finds_the_line_that_the_host_ships(production: Production, single_host: Host) -> None:
    assert production.boot_gate() == {"ready": single_host.instance_id}


def test_the_single_host_keeps_its_data_on_the_volume(single_host: Host) -> None:
    folder = "/var/lib/kotauth/volumes"
    assert single_host.exec("findmnt", "-no", "FSTYPE", folder) == "xfs"
    assert single_host.exec(f"find {folder}/frontend -type f -user 10002")


def test_no_secret_is_where_it_doesn_t_belong(
    production: Production, second: Host, single_host: Host, outputs: dict[str, Any]
) -> None:
    aws = production.stack.aws
    secrets = {**stored.secrets(aws), "checklist key": outputs["checklistApiKey"]}
    assert {name.split()[-1] for name in secrets if "password" in name} >= {"v1", "v2"}
    log = f"log {second.instance_id}/server"
    eventually(
        "its lines are shipped", lambda: b"key guard: " in dict(stored.readable(aws)).get(log, b""), SOON_SECONDS
    )
    places = {**dict(production.shown()), **dict(stored.readable(aws))}
    search = Search(secrets)
    assert {name: found for name, content in places.items() if (found := search.find(content))} == {}
    # That there was something to look at.
    for kind, content in {
        "user data ": b"kotauth_b",
        f"console {second.instance_id}": b'"stage": "units"',
        log: b"key guard: ",
        "function ": b"kotauth_b can be used on",
        "parameter ": b"arn:aws:secretsmanager:",
    }.items():
        assert any(content in text for name, text in places.items() if name.startswith(kind)), kind


def plain(address: str, path: str, host: str) -> tuple[int, str | None]:
    """Return status and location of an answer over http."""
    connection = http.client.HTTPConnection(address, timeout=60)
    connection.request("GET", path, headers={"Host": host})
    answer = connection.getresponse()
    connection.close()
    return answer.status, answer.getheader("Location")
