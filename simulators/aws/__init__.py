"""A simulator of Pulumi's AWS provider. The real Pulumi engine calls it, and moto simulates AWS behind it.

    with aws_simulator() as aws:
        project.variables |= aws.variables
        project.up()
        aws.boto3("ec2").describe_vpcs()

It refuses names and types that the installed SDK doesn't have, references to resources that don't exist, and whatever
`checks` finds. Its state ends with the process.

Where to make a change:

- A check for something that AWS refuses: `checks`.
- A type of resource: its calls in a table of `kinds`, what an update does in `provider/replacement.py`, its name in
  CloudFormation in `cloudformation/counterparts.py`. A test requires that a stack in this repository creates the type.
- A function of the provider, such as `aws.ec2.get_ami`: `provider/invokes.py`.
- An IAM action whose name or resource differs from the API call: `access`.
- A fault of moto: `cloud/moto_corrections.py`.
- A failure that a test can inject: `control/controls.py`, and a method of `AwsSimulator` below.
- A property that the real provider converts, or a name that it generates: `schema/sdk.py`, `provider/names.py`.

The simulator evaluates the policies of a deployer for each call (`access`). It does not simulate resource policies,
permissions boundaries, the permissions of hosts and functions at run time, quotas, capacity, real delays, differences
that the real provider suppresses or normalises, and values that only AWS validates.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import http.server
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from .access import Request
from .cloud import cloud
from .schema import wire

_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Operation:
    """Something that the simulator did."""

    operation: str
    """create, update, delete, or invoke-function."""
    type: str
    urn: str
    detail: dict[str, Any]

    @property
    def name(self) -> str:
        """The resource's name in the program."""
        return self.urn.rpartition("::")[2]


class AwsSimulator:
    """A running simulator, and what a test can make go wrong. Types and names may have * as wildcard."""

    def __init__(self, connection: socket.socket, region: str) -> None:
        self._lock, self._region = threading.Lock(), region
        self._stream = connection.makefile("rw", encoding="utf-8")
        self.port = int(self._line())
        """Where the engine finds the provider."""
        self.endpoint = self._line().strip()
        """URL at which other clients than the engine find AWS."""
        self._closing = contextlib.ExitStack()

    @property
    def variables(self) -> dict[str, str]:
        """What the engine needs in its environment."""
        return {"PULUMI_DEBUG_PROVIDERS": f"aws:{self.port}", "AWS_REGION": self._region}

    def boto3(self, service: str, region: str | None = None) -> Any:
        """Return a client of the same AWS, which asks only once."""
        return cloud.client(service, region or self._region, self.endpoint, attempts=1)

    @functools.cached_property
    def provider(self) -> Any:
        """The provider's protocol, as the engine speaks it: a gRPC stub."""
        channel = self._closing.enter_context(grpc.insecure_channel(f"127.0.0.1:{self.port}"))
        return provider_pb2_grpc.ResourceProviderStub(channel)

    def refusal(self, urn: str, inputs: Mapping[str, Any]) -> str:
        """Have a resource made without the engine, and return why it is refused."""
        try:
            self.provider.Create(provider_pb2.CreateRequest(urn=urn, properties=wire.write(inputs)))
        except grpc.RpcError as error:
            return str(error.details())
        raise AssertionError(f"{urn} is made of {inputs}, and a refusal was expected")

    @property
    def operations(self) -> list[Operation]:
        """What was done since the start, in order."""
        return [Operation(**operation) for operation in self._order("operations")]

    def fail_create(self, match: str, message: str, times: int | None = 1) -> None:
        """Have the creation of a type (by token) or of a resource (by name) fail; None: until `clear`."""
        self._order("fail", "create", match, message, times)

    def fail(self, operation: str, match: str, message: str, times: int | None = 1) -> None:
        """Have another operation fail: update, delete, read."""
        self._order("fail", operation, match, message, times)

    def never_healthy(self, match: str, times: int | None = None) -> None:
        """Have a group that waits for healthy instances (`min_elb_capacity`) give up, and stay in the state."""
        self._order("never_healthy", match, times)

    def fail_activity(self, match: str, times: int | None = 1) -> None:
        """Have a group's first launch fail; the group tries again by itself."""
        self._order("fail_activity", match, times)

    def slow(self, match: str, seconds: float) -> None:
        """Have each operation on a type or resource take longer, at most until cleared."""
        self._order("slow", match, seconds)

    def invoke_with(self, function: str, run: Callable[[str, Any], Any]) -> None:
        """Have a Python function of the test called with the name and the decoded input; it may raise."""
        self._order("answer_invocation", function, self._closing.enter_context(_served(run)))

    def function_code(self, function: str) -> bytes:
        """Return a function's archive, as AWS got it."""
        return base64.b64decode(self._order("function_code", function, self._region))

    def hosted_zone(self, name: str, zone_id: str) -> None:
        """Have a public hosted zone before the program runs, under an id of one's own."""
        self._order("hosted_zone", name, zone_id)

    def image(self, image_id: str, architecture: str) -> None:
        """Have a machine image (architecture: arm64 or x86_64) under an id of one's own."""
        self._order("image", image_id, architecture, self._region)

    def restrict(self, stack: str, *policies: str) -> None:
        """Have the deployer of a stack hold these identity policies; without any, everything is allowed."""
        self._order("restrict", stack, *policies)

    def save(self, file: Path) -> None:
        """Keep what AWS has and what was done, for `aws_simulator` to begin with. Nothing may be at work meanwhile."""
        self._order("save", str(file))

    @property
    def asked(self) -> list[Request]:
        """What IAM was asked about the deployers, the last request for each action and resource."""
        return [Request(**request) for request in self._order("asked")]

    def clear(self) -> None:
        """Take all of this back, but the policies of deployers."""
        self._order("clear")

    def _order(self, order: str, *arguments: Any, **options: Any) -> Any:
        with self._lock:
            self._stream.write(json.dumps({"order": order, "arguments": arguments, "options": options}) + "\n")
            self._stream.flush()
            return json.loads(self._line())

    def _line(self) -> str:
        line = self._stream.readline()
        if not line:
            raise RuntimeError("the simulator of the AWS provider has ended")
        return line

    def close(self) -> None:
        """End it: it goes when its connection does."""
        self._closing.close()
        self._stream.close()


@contextlib.contextmanager
def aws_simulator(
    region: str = cloud.REGION, program: Path | None = None, state: Path | None = None
) -> Iterator[AwsSimulator]:
    """Start a simulator with an empty AWS, or with one that was saved, and end it afterwards.

    Relative paths of assets start at the folder of the program, by default the current one.
    """
    wanted = {"region": region, "program": str(program or Path.cwd()), "state": str(state or "")}
    ours, its_own = socket.socketpair()
    with ours:
        with its_own, _starting:
            socket.send_fds(_starter()[0], [json.dumps(wanted).encode()], [its_own.fileno()])
        running = AwsSimulator(ours, region)
        try:
            yield running
        finally:
            running.close()


_starting = threading.Lock()


@functools.cache
def _starter() -> tuple[socket.socket, subprocess.Popen[bytes]]:
    """Start the process that has everything imported, from which simulators are forked; it ends with this one."""
    ours, its_own = socket.socketpair(type=socket.SOCK_SEQPACKET)
    mine = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MOTO_", "PULUMI_"))}
    command, environment = [sys.executable, "-m", "simulators.aws"], {**mine, "PYTHONPATH": str(_ROOT)}
    with its_own:
        return ours, subprocess.Popen(command, env=environment, stdin=its_own.fileno())


@contextlib.contextmanager
def _served(run: Callable[[str, Any], Any]) -> Iterator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            function, payload = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            try:
                answer = {"payload": json.dumps(run(function, json.loads(payload)))}
            except Exception as error:  # whatever a function raises, Lambda reports
                answer = {"error": json.dumps({"errorMessage": str(error), "errorType": type(error).__name__})}
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
