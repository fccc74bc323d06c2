"""A bridge network of its own for each trust zone."""

from typing import NotRequired, TypedDict

import pulumi
import pulumi_docker as docker

from ..inputs.reader import Inputs, true_or_false
from ..schema.tokens import token


class DockerNetworkArgs(TypedDict):
    """Inputs of `DockerNetwork`."""

    internal: NotRequired[bool]
    """Without a way out or in, except between its own containers. Default true: an open network is spelled out."""
    labels: NotRequired[dict[str, str]]
    """Labels for every child."""


class DockerNetwork(pulumi.ComponentResource):
    """A bridge network. Containers on it find each other by alias."""

    network_name: pulumi.Output[str]
    """Name of the network, made by the engine."""

    def __init__(self, name: str, args: DockerNetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Make the network."""
        inputs = Inputs.of(DockerNetworkArgs, name, args)
        internal = inputs.take("internal", true_or_false, True)
        inputs.finish()
        super().__init__(token("DockerNetwork"), name, {"internal": internal}, opts)
        labels = args.get("labels", {})
        network = docker.Network(
            name,
            internal=internal,
            driver="bridge",
            labels=[docker.NetworkLabelArgs(label=key, value=value) for key, value in sorted(labels.items())],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.network_name = network.name
        self.register_outputs({"network_name": self.network_name})
