"""What runs a program in another language for the real engine, in the place of Pulumi's plugin for that language."""

# ruff: noqa: N802  the protocol names its methods

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

Started = tuple[list[str], Mapping[str, str]]
"""The command line and the variables of a program."""
Command = Callable[[Mapping[str, str]], Started]
"""How a program is started, from what the engine says of the run, such as `monitor`."""


def variables(said: Mapping[str, str]) -> Mapping[str, str]:
    """Return what the engine says of the run as the variables that Pulumi's SDKs for Go and Java read."""
    return {f"PULUMI_{name.upper().replace('-', '_')}": value for name, value in said.items()}


@contextmanager
def running(command: Command) -> Iterator[str]:
    """Yield the address of a language runtime that runs one program: the value of `pulumi preview --client`."""
    server = grpc.server(ThreadPoolExecutor(8))
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(_Host(command), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None)


class _Host(language_pb2_grpc.LanguageRuntimeServicer):
    def __init__(self, command: Command) -> None:
        self._command = command

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo()

    def About(self, request: Any, context: Any) -> Any:
        return language_pb2.AboutResponse()

    def GetRequiredPackages(self, request: Any, context: Any) -> Any:
        return language_pb2.GetRequiredPackagesResponse()

    def Run(self, request: Any, context: Any) -> Any:
        command, variables = self._command(
            {
                "organization": request.organization,
                "project": request.project,
                "root-directory": request.info.root_directory,
                "stack": request.stack,
                "parallel": str(request.parallel),
                "dry-run": str(request.dryRun).lower(),
                "monitor": request.monitor_address,
                "engine": request.args[0],
            }
        )
        configuration = {
            "PULUMI_CONFIG": json.dumps(dict(request.config)),
            "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
        }
        done = subprocess.run(
            command,
            cwd=request.info.program_directory,
            env={**os.environ, **configuration, **variables},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == 0:
            return language_pb2.RunResponse()
        # An empty error would be a success.
        output = done.stdout + done.stderr
        return language_pb2.RunResponse(error=output or f"the program ended with {done.returncode} and printed nothing")
