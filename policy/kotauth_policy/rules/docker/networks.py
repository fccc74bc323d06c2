"""Docker networks: published ports and connections between containers."""

from __future__ import annotations

from collections.abc import Iterator

from ...engine.resource import Resource
from ...engine.rule import Area, Kind, Parameter, References, Settings, Severity
from ...engine.value import Value, is_given
from ...engine.verdict import Verdict, fail
from ...readers.docker.containers import starts
from ...readers.docker.networks import is_database_network, is_own_network_mode, networks_of, reaches_database
from ...readers.docker.parts import DATABASE, FRONTEND, JOB, is_part, part
from ...readers.docker.resources import CONTAINER, NETWORK

AREA = Area("docker-networks")
_BRIDGES = ("default", "bridge")


@AREA.rule(
    "publish-only-from-frontend",
    Severity.CRITICAL,
    "Publish ports only from the frontend container.",
    remedy="Remove `ports`, and connect to the container over a network in `networks_advanced`. If the container is "
    'the one proxy that serves the internet, set its label `kotauth.part` in `labels` to "frontend" instead.',
    types=(CONTAINER,),
    when=starts,
    references=References(cis=("5.9",), checklist=(3,)),
)
def publish_only_from_frontend(container: Resource, _: Settings) -> Iterator[Verdict]:
    """The server trusts the headers of the frontend, and only the server needs the database."""
    if part(container) != FRONTEND and container.get("ports").items():
        yield fail("ports", "is not empty")


@AREA.rule(
    "publish-only-expected-ports",
    Severity.HIGH,
    "Publish exactly the two ports for HTTP and HTTPS from the frontend.",
    remedy="Set `ports` to two entries, and set their `external` to 80 and 443. Redirect port 80 to HTTPS in the "
    "configuration of the proxy.",
    types=(CONTAINER,),
    nested=False,
    when=is_part(FRONTEND),
    references=References(cis=("5.9", "5.14"), checklist=(3,)),
    parameters=(
        Parameter(
            "ports", Kind.NUMBERS, [80, 443], "The ports on the host; an empty list allows any two ports.", relaxes=True
        ),
    ),
)
def publish_only_expected_ports(container: Resource, settings: Settings) -> Iterator[Verdict]:
    """The admin interface of a proxy is one more published port."""
    ports = container.get("ports").items()
    for port in ports:
        if (port.field("protocol").text() or "tcp") != "tcp":
            yield fail(port.field("protocol").path, "is not tcp")
    expected = sorted(settings.numbers("ports"))
    if expected:
        # Left out, the host's port is a random one.
        if sorted(port.field("external").number() or 0 for port in ports) != expected:
            yield fail(
                "ports", f"does not publish exactly the ports {' and '.join(f'{number:g}' for number in expected)}"
            )
    elif len(ports) != 2:
        yield fail("ports", "does not list exactly two ports")


@AREA.rule(
    "forbid-publish-all-ports",
    Severity.HIGH,
    "Do not publish all ports that an image exposes.",
    remedy="Remove `publish_all_ports`.",
    types=(CONTAINER,),
    when=starts,
    references=References(cis=("5.9",)),
)
def forbid_publish_all_ports(container: Resource, _: Settings) -> Iterator[Verdict]:
    """A new version of the image could expose, and so publish, another port."""
    if container.get("publishAllPorts").flag():
        yield fail("publishAllPorts", "is true")


@AREA.rule(
    "use-own-network",
    Severity.HIGH,
    "Connect every container to a network of its own stack, or to no network.",
    remedy='Set `networks_advanced`, or `network_mode="none"`.',
    types=(CONTAINER,),
    when=starts,
    references=References(cis=("5.30",)),
)
def use_own_network(container: Resource, _: Settings) -> Iterator[Verdict]:
    """On Docker's default bridge, every container of the host can reach every other container."""
    # How many networks there are is known even where their names are not.
    names = [entry.field("name") for entry in container.get("networksAdvanced").items()]
    if any(is_given(name) and name.raw not in _BRIDGES for name in names) or is_own_network_mode(container):
        return
    if (container.get("networkMode").text() or "default") in _BRIDGES:
        yield fail("networksAdvanced", f"{'names only' if names else 'is empty, which means'} Docker's default bridge")


def _internal(network: Resource) -> Value:
    return network.get("internal")


@AREA.rule(
    "isolate-database-network",
    Severity.CRITICAL,
    "Make the network of the database internal.",
    remedy='Set `internal=True` on the `docker.Network` with the label `kotauth.network` "database".',
    types=(NETWORK,),
    references=References(cis=("5.30",), checklist=(2,)),
    waivable=False,
)
def isolate_database_network(network: Resource, _: Settings) -> Iterator[Verdict]:
    """An internal network has no connection to the outside in either direction."""
    if is_database_network(network) and not _internal(network).flag():
        yield fail("internal", "is not true")


@AREA.rule(
    "attach-internal-networks-only",
    Severity.HIGH,
    "Connect the database and jobs only to internal networks.",
    remedy='Use the network with the label `kotauth.network` "database", or another `docker.Network` of this stack '
    "with `internal=True`.",
    types=(CONTAINER,),
    nested=False,
    when=is_part(DATABASE, JOB),
    references=References(cis=("5.30",), checklist=(2,)),
)
def attach_internal_networks_only(container: Resource, _: Settings) -> Iterator[Verdict]:
    """A container without a connection to the outside can't leak data.

    The rule `isolate-database-network` evaluates the labelled network.
    """
    for network in networks_of(container):
        if not is_database_network(network) and not _internal(network).flag():
            yield fail("networksAdvanced", f"contains the network {network.name}, which is not internal")


@AREA.rule(
    "separate-frontend-from-database",
    Severity.HIGH,
    "Do not connect the frontend to a network of the database.",
    remedy="Connect the frontend and the server through one network, and the server and the database through another.",
    types=(CONTAINER,),
    nested=False,
    when=is_part(FRONTEND),
    references=References(checklist=(2,)),
)
def separate_frontend_from_database(container: Resource, _: Settings) -> Iterator[Verdict]:
    """The frontend, which serves the internet, must not reach the database past the server."""
    for network in reaches_database(container):
        yield fail("networksAdvanced", f"contains the network {network.name}, which the database is connected to")
