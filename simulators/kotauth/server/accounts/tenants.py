"""Workspaces: finding them by slug, and making sure that `master` exists."""

from __future__ import annotations

from dataclasses import dataclass

import pg8000.native

from ..database.query import rows_of

MASTER = "master"


@dataclass(frozen=True)
class Tenant:
    """A workspace as requests need it."""

    id: int
    slug: str
    issuer_url: str | None


def find(connection: pg8000.native.Connection, slug: str) -> Tenant | None:
    """The workspace with this slug."""
    rows = connection.run("SELECT id, slug, issuer_url FROM tenants WHERE slug = :slug", slug=slug)
    return Tenant(*rows[0]) if rows else None


def ensure_master(connection: pg8000.native.Connection, base_url: str) -> int:
    """Make `master` at the first boot. Its issuer stays what it was then, whatever KAUTH_BASE_URL says later."""
    connection.run(
        "INSERT INTO tenants (slug, display_name, issuer_url, registration_enabled)"
        " VALUES (:slug, 'Master', :issuer, FALSE) ON CONFLICT (slug) DO NOTHING",
        slug=MASTER,
        issuer=f"{base_url}/t/{MASTER}",
    )
    ((identifier,),) = rows_of(connection, "SELECT id FROM tenants WHERE slug = :slug", slug=MASTER)
    return identifier
