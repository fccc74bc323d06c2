"""The log route of a stack on a Docker host: reader, shipper and watcher, and the two networks between them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NotRequired, TypedDict

import pulumi

from ..inputs.declaration import own_name, value
from ..inputs.parsing import parse_args
from ..inputs.resource_name import parse_docker_name
from ..logs import collector
from ..logs.reader import LOG_FILES, reader
from ..logs.route import parse_endpoint
from ..logs.shipper import HEADERS_FILE, shipper
from ..logs.watcher import watcher
from ..schema.outputs import declared_outputs
from ..schema.tokens import token
from ..workload.spec import LOGS_LABEL
from .container import DockerContainer, DockerContainerArgs
from .network import NETWORK_LABEL, DockerNetwork


@dataclass(frozen=True, kw_only=True)
class _LogRouteInputs:
    name: str = own_name(parse_docker_name)
    stack: str = value()
    endpoint: str = value(parse_endpoint)
    headers: pulumi.Input[str] | None = value(default=None, secret=True)
    image: str = value(default=collector.DEFAULT_IMAGE)
    tools_image: str = value()
    files_image: str = value()
    log_files: str = value(default=LOG_FILES)
    labels: Mapping[str, pulumi.Input[str]] = value(default={})


class DockerLogRouteArgs(TypedDict):
    """Inputs of `DockerLogRoute`."""

    stack: str
    """Value of the label `kotauth.logs` of the containers whose lines are sent."""
    endpoint: str
    """URL that takes log lines as OTLP over HTTP."""
    tools_image: str
    """Image with `sh`, `awk` and `curl` for the watcher, such as the server's."""
    files_image: str
    """Image with `sh`, `find` and `chown` and without a user, such as the database's."""
    headers: NotRequired[pulumi.Input[str]]
    """HTTP headers of the endpoint, as a JSON object of header to value (secret). The collector expands a dollar sign
    in a value; write it twice."""
    image: NotRequired[str]
    """Image of the OpenTelemetry Collector. Default the official contrib distribution, 0.149.0."""
    log_files: NotRequired[str]
    """Folder `containers` in the data folder of the Docker daemon. Default `/var/lib/docker/containers`."""
    labels: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Labels for every child."""


class DockerLogRoute(pulumi.ComponentResource):
    """Sends the log lines of a stack to an endpoint. Its watcher is unhealthy while lines don't get through."""

    watcher_name: pulumi.Output[str]
    """Name of the container whose health and last line describe the route."""

    def __init__(self, name: str, args: DockerLogRouteArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Make the networks and the three containers."""
        inputs = parse_args(_LogRouteInputs, DockerLogRouteArgs, name, args)
        super().__init__(token("DockerLogRoute"), name, {"endpoint": inputs.endpoint, "image": inputs.image}, opts)
        child = pulumi.ResourceOptions(parent=self)

        def network(purpose: str, *, internal: bool) -> pulumi.Output[str]:
            labels = {**inputs.labels, NETWORK_LABEL: purpose}
            return DockerNetwork(f"{name}-{purpose}", {"internal": internal, "labels": labels}, child).network_name

        inner, way_out = network("logs", internal=True), network("logs-egress", internal=False)

        def run(alias: str, args: DockerContainerArgs, *others: pulumi.Input[str]) -> DockerContainer:
            made: DockerContainerArgs = {
                "networks": [{"name": inner, "alias": alias}, *({"name": other} for other in others)],
                "files_image": inputs.files_image,
                "labels": inputs.labels,
                **args,
            }
            return DockerContainer(f"{name}-{alias}", made, child)

        headers = {} if inputs.headers is None else {HEADERS_FILE: inputs.headers}
        run(collector.READER, {"spec": reader(inputs.image, inputs.stack, inputs.log_files)})
        shipped = shipper(inputs.image, inputs.endpoint, has_headers=bool(headers))
        run(collector.SHIPPER, {"spec": shipped, "secrets": headers}, way_out)
        # Only its own lines are sent: those of the other two would be about themselves.
        sent = {LOGS_LABEL: inputs.stack}
        watching = run("watcher", {"spec": watcher(inputs.tools_image, inputs.endpoint), "container_labels": sent})
        self.watcher_name = watching.container_name
        self.register_outputs(declared_outputs(self, DockerLogRoute))
