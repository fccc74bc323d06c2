"""The proxy that a user runs outside of the stack, which finds the server by its labels on a network of the user's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...engine.resource import Resource
from ...engine.value import Value
from ..docker.containers import holder_of
from ..docker.resources import NETWORK
from .traefik import is_enabled

_PREFIX = "traefik."


def traefik_labels(container: Resource) -> Mapping[str, str]:
    """Return the labels that Traefik reads; raise ``UndecidableError`` where one of them has an unknown value."""
    return {name: value.text() or "" for name, value in _labels(container)}


def has_external_proxy(server: Resource) -> bool:
    """Whether a server has labels for Traefik, and is on a network that is not in its stack."""
    labels = {name: value.known_text() for name, value in _labels(server)}
    return holder_of(server) is None and is_enabled(labels) and _is_on_foreign_network(server)


def _labels(container: Resource) -> Iterator[tuple[str, Value]]:
    for entry in container.get("labels").items():
        name = entry.field("label")
        if not name.is_unknown and (text := name.text() or "").lower().startswith(_PREFIX):
            yield text, entry.field("value")


def _is_on_foreign_network(container: Resource) -> bool:
    names = [entry.field("name") for entry in container.get("networksAdvanced").items()]
    own = [source for source in container.sources("networksAdvanced") if source.type == NETWORK]
    named = container.in_stack().named(NETWORK)
    known = {name.text() or "" for name in names if not name.is_unknown}
    unknown = [name for name in names if name.is_unknown]
    return not known <= set(named) or len(unknown) > len(own)
