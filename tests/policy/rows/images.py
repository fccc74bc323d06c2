"""Rules of the area `images`."""

import pulumi_docker as docker

from ..change import UNKNOWN, From, add, put
from ..mutation import NOTHING, REQUIRED, Case, Row, found, table
from ..program import CADDY, IMAGE

_ORIGIN = found("pin-image@frontend", "allow-image-registries@frontend")
_DIGEST = "sha256:" + "a" * 64

ROWS = (
    Row("pin-image", "frontend", "frontend/image", "docker.io/library/caddy:2.11", unknown=_ORIGIN, absent=REQUIRED),
    Row(
        "allow-image-registries",
        "frontend",
        "frontend/image",
        "ghcr.io/someone/caddy:2.11.9",
        unknown=_ORIGIN,
        absent=REQUIRED,
    ),
    Row(
        "require-kotauth-version",
        "server",
        "server/image",
        "ghcr.io/inumansoul/kotauth:1.20.3",
        unknown=found("pin-image@server", "allow-image-registries@server", "require-kotauth-version@server"),
        absent=REQUIRED,
    ),
)


def _remote(name: object) -> tuple:
    return (
        add("image", docker.RemoteImage, {"name": name}, first=True),
        put("frontend", "image", From("image", "image_id")),
    )


def _inexact(reference: str) -> Case:
    return Case(f"inexact {reference}", (put("frontend", "image", reference),), found("pin-image@frontend"))


def _exact(reference: str, resource: str = "frontend") -> Case:
    return Case(f"exact {reference}", (put(resource, "image", reference),), NOTHING)


CASES = (
    *map(
        _inexact, ("caddy", "caddy:latest", "caddy:2", "caddy:2-alpine", "caddy:stable", "docker.io/library/redis:7.4")
    ),
    *map(_exact, ("caddy:2.11.9", "caddy:2.11.9-alpine", f"caddy@{_DIGEST}", "docker.io/library/traefik:v3.2.1")),
    _exact("postgres:14.23", "database"),
    Case(
        "two numbers are all that PostgreSQL has",
        (put("database", "image", "postgres:14"),),
        found("pin-image@database"),
    ),
    Case("no reference", (put("frontend", "image", "Caddy Server"),), _ORIGIN),
    Case("remote image, at the first preview", _remote(CADDY), NOTHING),
    Case("remote image, by its id", _remote(CADDY), NOTHING, outputs={"image": {"imageId": _DIGEST}}),
    Case("an id from nowhere", (put("frontend", "image", _DIGEST),), _ORIGIN),
    Case("remote image, inexact", _remote("docker.io/library/caddy:latest"), found("pin-image@image")),
    Case("remote image, unknown", _remote(UNKNOWN), found("pin-image@image", "allow-image-registries@image")),
    Case("remote image, old", _remote("ghcr.io/inumansoul/kotauth:1.20.9"), found("require-kotauth-version@image")),
    Case("the floor itself", (put("server", "image", "ghcr.io/inumansoul/kotauth:1.21.0"),), NOTHING),
    Case(
        "a candidate of the floor",
        (put("server", "image", "ghcr.io/inumansoul/kotauth:1.21.0-rc1"),),
        found("require-kotauth-version@server"),
    ),
    Case("a tag beside a digest", (put("server", "image", f"{IMAGE}@{_DIGEST}"),), NOTHING),
    Case(
        "a digest alone",
        (put("server", "image", f"ghcr.io/inumansoul/kotauth@{_DIGEST}"),),
        found("require-kotauth-version@server"),
    ),
    Case(
        "a local image",
        (put("server", "image", "localhost/kotauth-stand-in:1.22.0"),),
        found("allow-image-registries@server"),
    ),
    Case(
        "a registry that only begins alike",
        (put("frontend", "image", "docker.io/library-of-mine/caddy:2.11.9"),),
        found("allow-image-registries@frontend"),
    ),
)

TABLE = table(*ROWS, *CASES)
