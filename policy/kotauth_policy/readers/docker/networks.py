"""The networks that containers are on."""

from __future__ import annotations

from ...engine.resource import Resource, Stack
from ...engine.value import Value
from ...engine.verdict import UndecidableError
from .parts import DATABASE, parts_in
from .resources import NETWORK, NETWORK_LABEL, label

_NO_OWN_NETWORK = ("", "default", "bridge", "host", "none")
"""Networks that Docker makes itself."""


def networks_of(container: Resource) -> list[Resource]:
    """Return the networks that a container is on.

    Raises ``UndecidableError`` where one of them is not in the stack.
    """
    entries = [entry.field("name") for entry in container.get("networksAdvanced").items()]
    mode = [container.get("networkMode")] if is_own_network_mode(container) else []
    return list({network.urn: network for network in (*_named(container, entries), *_named(container, mode))}.values())


def _named(container: Resource, names: list[Value]) -> list[Resource]:
    """Return the networks that these parts of one property name."""
    property_ = names[0].root if names else ""
    named = container.in_stack().named(NETWORK)
    networks = {source.urn: source for source in container.sources(property_) if source.type == NETWORK}
    for value in names:
        name = None if value.is_unknown else value.text()
        if name is not None and name in named:
            networks[named[name].urn] = named[name]
    if len(networks) < len(names):
        raise UndecidableError(property_, "names a network that is not in this stack")
    return list(networks.values())


def is_own_network_mode(container: Resource) -> bool:
    """Whether the network mode is the name of a network, and not one of Docker's modes."""
    mode = container.get("networkMode")
    if mode.is_unknown:
        return any(source.type == NETWORK for source in container.sources("networkMode"))
    text = mode.text() or ""
    return text not in _NO_OWN_NETWORK and not text.startswith("container:")


def is_database_network(network: Resource) -> bool:
    """Whether a network has the label of the database network."""
    network_label = label(network, NETWORK_LABEL)
    return network_label is not None and network_label.text() == DATABASE


def networks_of_databases(stack: Stack) -> set[str]:
    """Return the URNs of the networks that databases of the stack are on."""
    return {network.urn for database in parts_in(stack, DATABASE) for network in networks_of(database)}


def reaches_database(container: Resource) -> list[Resource]:
    """Return the networks of a container that a database is on, or that are labelled as the database's."""
    private = container.in_stack().once(networks_of_databases)
    return [each for each in networks_of(container) if each.urn in private or is_database_network(each)]
