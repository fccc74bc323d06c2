"""The process: prints the port of the provider and then answers orders, line by line, until its input ends."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import traceback
from concurrent import futures
from typing import Any, TextIO

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from . import cloud
from .access import ApiCall
from .controls import Controls
from .provider import StandIn

_MANY = 64
_UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


def main() -> None:
    """Serve."""
    parser = argparse.ArgumentParser(description="A stand-in for Pulumi's AWS provider, with AWS played by moto.")
    parser.add_argument("--region", default="eu-central-1")
    arguments = parser.parse_args()
    said = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # nothing that a library prints may get between the answers
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of the terminal, meant for the engine; the end of the input follows

    controls = Controls()
    endpoint = cloud.start()

    def watch(service: str, operation: str, given: dict[str, Any], region: str) -> None:
        def ask(service: str) -> Any:
            return cloud.client(service, region, endpoint, watched=False)

        controls.deployers.check(ApiCall(service, operation, given, region, cloud.ACCOUNT, ask))

    cloud.watchers.append(watch)
    server = grpc.server(futures.ThreadPoolExecutor(_MANY), options=_UNLIMITED)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(StandIn(controls, endpoint, arguments.region), server)
    said.write(f"{server.add_insecure_port('127.0.0.1:0')}\n{endpoint}\n")
    server.start()
    try:
        _obey(controls, sys.stdin, said)
    except Exception:
        traceback.print_exc()
    os._exit(0)  # threads of moto and of calls that wait are not worth waiting for


def _obey(controls: Controls, orders: TextIO, said: TextIO) -> None:
    for line in orders:
        order: dict[str, Any] = json.loads(line)
        result = getattr(controls, order["order"])(*order["arguments"], **order["options"])
        said.write(json.dumps(result, default=str) + "\n")


if __name__ == "__main__":
    main()
