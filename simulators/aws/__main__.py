"""The process that forks a simulator for each connection; a connection sends one command per line."""

from __future__ import annotations

import functools
import gc
import json
import os
import signal
import socket
import traceback
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from . import kinds
from .access import ApiCall
from .cloud import cloud, saved
from .control.controls import Controls
from .provider.provider import SimulatedProvider
from .schema import sdk

_MANY = 64
_MESSAGE_BYTES = 65536
_UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


def main() -> None:
    """Fork a simulator for each message: what it is to be, and its connection. No thread runs here meanwhile."""
    os.dup2(2, 1)  # what libraries print is no output
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of the terminal, meant for the engine; the end of the input follows
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    gc.disable()  # what AWS's models and the state are made of stays
    cloud.prepare()
    with socket.socket(fileno=os.dup(0)) as asked:
        while True:
            message, connections, _, _ = socket.recv_fds(asked, _MESSAGE_BYTES, 1)
            if not message:
                return
            wanted = json.loads(message)
            if wanted["state"]:
                _learn(wanted["state"])
            with socket.socket(fileno=connections[0]) as connection:
                if not os.fork():
                    asked.close()
                    _serve(connection, **wanted)


@functools.cache
def _learn(state: str) -> None:
    """Import what the stacks of a saved state are made of, so that no copy has to."""
    _, (log, _) = saved.read(Path(state))
    for operation in log:
        sdk.schema(kinds.kind(operation["type"]).token)


def _serve(connection: socket.socket, region: str, program: str, state: str) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.chdir(program)
    controls = Controls()
    endpoint = cloud.start()
    if state:
        controls.load(Path(state))

    def watch(service: str, operation: str, given: dict[str, Any], region: str) -> None:
        def ask(service: str) -> Any:
            return cloud.client(service, region, endpoint, watched=False)

        controls.deployers.check(ApiCall(service, operation, given, region, cloud.ACCOUNT, ask))

    cloud.watchers.append(watch)
    server = grpc.server(futures.ThreadPoolExecutor(_MANY), options=_UNLIMITED)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(SimulatedProvider(controls, endpoint, region), server)
    connection.sendall(f"{server.add_insecure_port('127.0.0.1:0')}\n{endpoint}\n".encode())
    server.start()
    try:
        _obey(controls, connection)
    except Exception:
        traceback.print_exc()
    os._exit(0)  # threads of moto and of calls that wait are not worth waiting for


def _obey(controls: Controls, connection: socket.socket) -> None:
    for line in connection.makefile(encoding="utf-8"):
        order: dict[str, Any] = json.loads(line)
        result = getattr(controls, order["order"])(*order["arguments"], **order["options"])
        connection.sendall(json.dumps(result, default=str).encode() + b"\n")


if __name__ == "__main__":
    main()
