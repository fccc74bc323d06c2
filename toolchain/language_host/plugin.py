"""Run a plugin written in Python: a component package or a policy pack."""

from collections.abc import Iterator, Mapping
from subprocess import Popen
from typing import Protocol

from pulumi.runtime.proto import language_pb2

from . import child, output
from .output import Stream
from .policy_proxy import PolicyProxy
from .virtualenv import Interpreter

Responses = Iterator[language_pb2.RunPluginResponse]


class RunningPlugin(Protocol):
    """A plugin from its start to its exit code."""

    def responses(self) -> Responses:
        """Yield what it writes and, last, its exit code."""
        ...

    def close(self) -> None:
        """End it."""
        ...


class ProviderPlugin:
    """A component package (or any other provider): the folder's `__main__.py` as a process."""

    def __init__(self, request: language_pb2.RunPluginRequest, interpreter: Interpreter) -> None:
        """Start it."""
        folder = request.info.program_directory
        self._child = child.start(
            [interpreter.executable, "-u", folder, *request.args],
            cwd=request.pwd or folder,
            env=_environment(request, interpreter),
            capture=True,
        )

    def responses(self) -> Responses:
        """Yield what it writes and, last, its exit code."""
        for stream, chunk in output.chunks(self._child):
            yield _response(stream, chunk)
        yield language_pb2.RunPluginResponse(exitcode=child.finished(self._child))

    def close(self) -> None:
        """End it."""
        child.end(self._child)


class PolicyPackPlugin:
    """A policy pack behind a proxy that tells it which stack it judges."""

    def __init__(self, request: language_pb2.RunPluginRequest, interpreter: Interpreter, engine_address: str) -> None:
        """Start the proxy; the pack itself starts when the stack is known."""
        folder = request.info.program_directory

        def start_pack(stack: Mapping[str, str]) -> "Popen[bytes]":
            return child.start(
                [interpreter.executable, "-u", "-m", "pulumi.policy", engine_address, "."],
                cwd=folder,
                env={**_environment(request, interpreter), **stack},
                capture=True,
            )

        self._proxy = PolicyProxy(start_pack)

    def responses(self) -> Responses:
        """Yield the proxy's port, then what the pack writes and, last, its exit code."""
        yield _response(Stream.STDOUT, f"{self._proxy.port}\n".encode())
        for stream, chunk in self._proxy.output():
            yield _response(stream, chunk)
        yield language_pb2.RunPluginResponse(exitcode=self._proxy.exit_code())

    def close(self) -> None:
        """End it."""
        self._proxy.close()


def _environment(request: language_pb2.RunPluginRequest, interpreter: Interpreter) -> dict[str, str]:
    pairs = (entry.partition("=") for entry in request.env)
    return interpreter.environment({name: value for name, _, value in pairs})


def _response(stream: Stream, chunk: bytes) -> language_pb2.RunPluginResponse:
    if stream is Stream.STDERR:
        return language_pb2.RunPluginResponse(stderr=chunk)
    return language_pb2.RunPluginResponse(stdout=chunk)
