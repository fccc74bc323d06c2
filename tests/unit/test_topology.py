"""Who can reach whom: the frontend only is public, the database has no way out, and what starts before what."""

from __future__ import annotations

from tests.unit.conftest import INTERNAL, deploy
from tests.unit.recording import Declared

FRONT, BACK = "kotauth-frontend-network-0c0ffee", "kotauth-database-network-0c0ffee"


def networks(deployment: Declared) -> dict[str, dict[str, list[str]]]:
    """Return container to its networks, each with the aliases there."""
    return {
        c.name: {n["name"]: n.get("aliases") or [] for n in c.inputs.get("networksAdvanced") or []}
        for c in deployment.containers
    }


def test_only_the_frontend_publishes_ports(public: Declared, internal: Declared) -> None:
    for deployment, http, https in ((public, 80, 443), (internal, 8080, 8443)):
        published = {c.name: c.inputs["ports"] for c in deployment.containers if c.inputs.get("ports")}
        assert published == {
            "kotauth-frontend": [{"internal": 8080, "external": http}, {"internal": 8443, "external": https}]
        }


def test_the_database_s_network_has_no_way_out(deployment: Declared) -> None:
    internal = {n.name: n.inputs["internal"] for n in deployment.of_type(":Network")}
    assert internal == {"kotauth-database-network": True, "kotauth-frontend-network": False}


def test_who_is_on_which_network(deployment: Declared) -> None:
    joined = {name: on for name, on in networks(deployment).items() if on}
    assert joined == {
        "kotauth-postgres": {BACK: ["postgres"]},
        "kotauth-database-role": {BACK: []},
        "kotauth-server": {FRONT: ["kotauth"], BACK: []},
        # It has the server's networks and not its name.
        "kotauth-server-key-guard": {BACK: []},
        "kotauth-frontend": {FRONT: []},
        "kotauth-backup-dump": {BACK: []},
    }


def test_without_a_network_of_its_own_a_container_has_none(deployment: Declared) -> None:
    for container in deployment.containers:
        expected = None if container.inputs.get("networksAdvanced") else "none"
        assert container.inputs.get("networkMode") == expected, container.name


def test_order(deployment: Declared) -> None:
    """Each waits for the container before it, which counts as made only when it is ready."""
    before = {
        "kotauth-postgres": {"kotauth-postgres-data-owner"},
        "kotauth-database-role": {"kotauth-postgres-secrets-carrier", "kotauth-postgres"},
        "kotauth-server": {"kotauth-server-key-guard", "kotauth-database-role"},
        "kotauth-frontend": {"kotauth-frontend-reload", "kotauth-server"},
        "kotauth-frontend-reload": {"kotauth-frontend-config-owner"},
    }
    for later, earlier in before.items():
        assert {f"Container {name}" for name in earlier} <= deployment.before(f"Container {later}"), later


def test_children_lie_below_their_components(deployment: Declared) -> None:
    parents = {
        (r.name, r.type.rpartition(":")[2]): (r.parent, r.parent_type.rpartition(":")[2]) for r in deployment.resources
    }
    assert parents["kotauth", "DockerDeployment"] == ("kotauth-unit", "Stack")
    assert parents["kotauth-server", "DockerContainer"] == ("kotauth", "DockerDeployment")
    assert parents["kotauth-server", "Container"] == ("kotauth-server", "DockerContainer")
    assert parents["kotauth-server-key-guard", "Container"] == ("kotauth-server", "DockerContainer")
    assert parents["kotauth-server-secrets-carrier", "Container"] == ("kotauth-server-secrets", "DockerFiles")
    assert parents["kotauth-secret-key", "RandomPassword"] == ("kotauth", "KotauthCredentials")
    top = [r.name for r in deployment.resources if r.parent_type == "pulumi:pulumi:Stack"]
    assert top == ["kotauth"]


def test_what_is_kept_lies_beside_the_container_that_can_be_destroyed(deployment: Declared) -> None:
    """`destroy --exclude-protected` keeps what a protected resource's parents wait for."""
    parents = {r.name: r.parent_type for r in deployment.resources if r.protect and r.type.endswith(":Volume")}
    assert parents == {
        "kotauth-postgres-data": "kotauth:index:DockerDatabase",
        "kotauth-frontend-data": "kotauth:index:DockerDeployment",
        "kotauth-backup-store-repository": "kotauth:index:DockerBackups",
    }


def test_names_begin_with_the_deployment_s(deployment: Declared) -> None:
    assert [r.name for r in deployment.resources if not r.name.startswith("kotauth")] == []


def test_internal_certificates_stay_internal_with_an_address_for_the_public_ones() -> None:
    deployment = deploy({**INTERNAL, "acme_email": "ops@example.com"})
    carrier = deployment.named("kotauth-frontend-next-config-carrier")
    (caddyfile,) = (upload["content"] for upload in carrier.inputs["uploads"])
    assert "tls internal" in caddyfile
    assert "ops@example.com" not in caddyfile
    assert deployment.outputs["ca_certificate"].startswith("-----BEGIN CERTIFICATE-----")
