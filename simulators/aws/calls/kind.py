"""The API calls that create, read, change and delete a type of resource, as a short table.

`operations.py` makes these calls.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ..cloud import cloud
from . import shapes

if TYPE_CHECKING:
    from ..control.controls import Controls

Arguments = Callable[[str], Mapping[str, Any]]
_GONE = ("NotFound", "NoSuch", "404", "NonexistentItem", "DoesNotExist")


class RefusedError(Exception):
    """AWS refuses this, and moto doesn't."""


@dataclass
class Call:
    """One operation on one resource."""

    kind: Kind
    region: str
    endpoint: str
    urn: str
    inputs: dict[str, Any]
    id: str = ""
    old: dict[str, Any] = field(default_factory=dict)
    """The inputs before an update."""
    outputs: dict[str, Any] = field(default_factory=dict)
    """The state before an update, a refresh or a deletion."""
    answer: dict[str, Any] = field(default_factory=dict)
    """What AWS said to the creation."""
    controls: Controls | None = None

    @property
    def name(self) -> str:
        """The resource's name in the program."""
        return self.urn.rpartition("::")[2]

    @property
    def client(self) -> Any:
        """The client of the type's own service."""
        return self.boto3(self.kind.service)

    def boto3(self, service: str) -> Any:
        """Return the client of a service."""
        return cloud.client(service, self.region, self.endpoint)

    def of_aws(self, service: str) -> Any:
        """Return a client for requests that AWS makes itself, with every right."""
        return cloud.client(service, self.region, self.endpoint, watched=False)

    def arn(self, rest: str, service: str = "", *, region: bool = True) -> str:
        """Return an ARN in this account."""
        where = self.region if region else ""
        return f"arn:aws:{service or self.kind.service}:{where}:{cloud.ACCOUNT}:{rest}"

    def changed(self, *names: str) -> bool:
        """Whether an update changes one of the inputs."""
        return any(self.old.get(name) != self.inputs.get(name) for name in names)

    def get(self, *names: str) -> dict[str, Any]:
        """Return those of the inputs that are set."""
        return {name: self.inputs[name] for name in names if name in self.inputs}

    def members(self, operation: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the inputs as members of an operation's request."""
        plain = {name: value for name, value in values.items() if name != "region"}
        return shapes.members(self.shape(operation), plain, self.kind.names)

    def shape(self, operation: str) -> Any:
        """Return the shape of an operation's request."""
        meta = self.client.meta
        return meta.service_model.operation_model(meta.method_to_api_mapping[operation]).input_shape


@dataclass(frozen=True)
class Step:
    """Inputs that have calls of their own."""

    inputs: str
    """Their names, separated by spaces."""
    run: Callable[[Call], Any]
    create: bool = True
    """Whether the step runs after the creation too; else the creation itself takes these inputs."""

    @property
    def names(self) -> list[str]:
        """The inputs."""
        return self.inputs.split()


@dataclass(frozen=True)
class Kind:
    """A type of resource."""

    token: str
    service: str
    create: str | Callable[[Call], str]
    """The operation, or a function that makes the resource and returns its id."""
    id: str = ""
    """Where the answer has the id, or the input that is one (as `@name`)."""
    read: tuple[str, Arguments, str] | Callable[[Call], Mapping[str, Any] | None] = lambda call: {}
    """Operation, its arguments by id, and where the answer has the description (None: it is gone)."""
    delete: tuple[str, Arguments] | Callable[[Call], Any] | None = None
    """None: deleting it does nothing on AWS, as with the real provider."""
    update: tuple[str, Arguments] | Callable[[Call], Any] | None = None
    """The operation that takes the changed inputs, with what says whose; for the inputs that no step takes."""
    names: Mapping[str, str | None] = field(default_factory=dict)
    """Inputs whose member has another name, or none (None)."""
    steps: tuple[Step, ...] = ()
    outputs: Callable[[Call, Mapping[str, Any]], Mapping[str, Any]] = lambda call, description: {}
    """What AWS computes, beyond what the description names the same."""
    default: Callable[[Call], Mapping[str, Any]] = lambda call: {}
    """Members of the creation that the real provider always sends."""
    tagged: str = "arn"
    """The output that tagging calls take."""
    renewed: Mapping[str, str] = field(default_factory=dict)
    """Outputs that an update of certain inputs makes unknown: separated by spaces, `*` for any, but those with `!`."""
    refreshed: str = ""
    """Inputs whose values a refresh asks AWS for, separated by spaces; it believes that the others are as given."""
    recreated: bool = False
    """Whether an update simply makes the creation's call again (a put)."""

    @property
    def step_inputs(self) -> set[str]:
        """The inputs that the creation leaves to steps."""
        return {name for step in self.steps if step.create for name in step.names}


def by_id(operation: str, argument: str, path: str) -> tuple[str, Arguments, str]:
    """Return how most of EC2 is described: by a list of ids, with a list as the answer."""
    return operation, lambda id: {argument: [id]}, f"{path}[0]"


def arn_of(noun: str) -> Callable[[Call, Any], dict[str, Any]]:
    """Return what gives EC2's resources of that noun their ARN, the only thing that their description lacks."""
    return lambda call, description: {"arn": call.arn(f"{noun}/{call.id}", "ec2")}


def is_gone(error: ClientError) -> bool:
    """Whether AWS says that there is no such thing."""
    code = error.response["Error"]["Code"]
    return any(word in code for word in _GONE)


def suffix(digits: int = 26) -> str:
    """Return what the real provider puts behind a name prefix (there: time and counter)."""
    return "".join(secrets.choice("0123456789") for _ in range(digits))
