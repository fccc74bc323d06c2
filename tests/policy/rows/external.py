"""Rows about a proxy outside of the stack, which finds the server by labels on a network of its own."""

from __future__ import annotations

from typing import Any

from policy.testing.change import ABSENT, From, put
from policy.testing.docker_program import compliant, envs
from policy.testing.proxies import TRAEFIK_LABELS, behind_traefik

from ..mutation import NOTHING, Case, found

_NO_FRONTEND = ("complete-stack@server", "trust-only-own-proxy@server")
# The rule can't tell which network of another stack has internet access.
_UNKNOWN_NETWORK = (*_NO_FRONTEND, "switch-off-update-check@server")
_OWN = {"name": From("frontend-network", "name")}


def _outside(name: str, *changes: Any, rules: tuple[str, ...] = ()) -> Case:
    return Case(
        f"a proxy outside of the stack, {name}", changes, found(*rules) if rules else NOTHING, of=behind_traefik
    )


TRUST = (
    _outside("that is trusted"),
    _outside(
        "that is not trusted",
        put("server", "envs", envs(KAUTH_TRUSTED_PROXY="false")),
        rules=("trust-only-own-proxy@server",),
    ),
    _outside("whose network has a name", put("server", "networks_advanced.1.name", "traefik_default")),
    # No proxy can reach the server there.
    _outside("on a network of the stack", put("server", "networks_advanced.1", _OWN), rules=_NO_FRONTEND),
    _outside(
        "for which there are no labels",
        put("server", "labels", [{"label": "kotauth.part", "value": "server"}]),
        rules=_UNKNOWN_NETWORK,
    ),
    _outside(
        "whose labels are switched off",
        put(
            "server",
            "labels",
            [
                {"label": "kotauth.part", "value": "server"},
                {"label": "traefik.enable", "value": "false"},
            ],
        ),
        rules=_UNKNOWN_NETWORK,
    ),
    _outside(
        "that makes a router by itself",
        put(
            "server",
            "labels",
            [
                {"label": "kotauth.part", "value": "server"},
                {"label": "traefik.enable", "value": "true"},
            ],
        ),
        rules=("overwrite-forwarded-headers@server",),
    ),
)
"""Of the rules `trust-only-own-proxy` and `complete-stack`."""


def _beside(*more: Any) -> tuple[Any, ...]:
    labels = [{"label": name, "value": text} for name, text in TRAEFIK_LABELS.items()]
    return (
        *(put("server", "labels.+", each) for each in labels),
        put("server", "networks_advanced.+", {"name": "proxy"}),
        *more,
    )


FRONTENDS = (
    Case("a proxy outside of the stack beside a frontend", _beside(), found("run-one-frontend@frontend"), of=compliant),
    Case(
        "labels beside a frontend on its network",
        _beside(put("server", "networks_advanced.2", ABSENT)),
        NOTHING,
        of=compliant,
    ),
)
"""Of the rule `run-one-frontend`."""
