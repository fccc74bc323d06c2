"""A bridge network of its own for each trust zone."""

from dataclasses import dataclass
from typing import NotRequired, TypedDict

import pulumi
import pulumi_docker as docker

from ..inputs.choice import true_or_false
from ..inputs.declaration import value
from ..inputs.parsing import parse_args
from ..schema.tokens import token


@dataclass(frozen=True, kw_only=True)
class _NetworkInputs:
    internal: bool = value(true_or_false, default=True)
    labels: dict[str, str] = value(default={})


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
        inputs = parse_args(_NetworkInputs, DockerNetworkArgs, name, args)
        super().__init__(token("DockerNetwork"), name, {"internal": inputs.internal}, opts)
        network = docker.Network(
            name,
            internal=inputs.internal,
            driver="bridge",
            labels=[docker.NetworkLabelArgs(label=key, value=value) for key, value in sorted(inputs.labels.items())],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.network_name = network.name
        self.register_outputs({"network_name": self.network_name})
