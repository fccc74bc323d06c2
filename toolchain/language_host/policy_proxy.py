"""A policy pack that sees the stack it judges.

Python packs read project, stack and dry-run from their environment and believe in a stack called "stack" and an update
when it is silent, but the engine tells them only after the process has started. So the engine gets the port of this
proxy; the pack is started when the stack is known (or at the first call, when there is none), and from then on every
call is passed through as raw bytes.
"""

import json
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent import futures

import grpc
from pulumi.runtime.proto import analyzer_pb2

from . import child, output
from .output import Stream

_CONFIGURE_STACK = "/pulumirpc.Analyzer/ConfigureStack"
_HANDSHAKE = "/pulumirpc.Analyzer/Handshake"
_UNLIMITED_MESSAGES = (("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1))
_CONCURRENT_CALLS = 32
_LAST_ANSWERS_SECONDS = 2.0

StartPack = Callable[[Mapping[str, str]], "subprocess.Popen[bytes]"]


def stack_environment(request: analyzer_pb2.AnalyzerStackConfigureRequest) -> dict[str, str]:
    """Return the variables from which `python -m pulumi.policy` learns about the stack."""
    return {
        "PULUMI_PROJECT": request.project,
        "PULUMI_STACK": request.stack,
        "PULUMI_ORGANIZATION": request.organization or "organization",
        "PULUMI_DRY_RUN": str(request.dry_run).lower(),
        "PULUMI_CONFIG": json.dumps(dict(request.config)),
        "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.config_secret_keys)),
    }


class PolicyProxy(grpc.GenericRpcHandler):
    """Serves the analyzer protocol on a port of its own, in front of a pack that is started late."""

    def __init__(self, start_pack: StartPack) -> None:
        """Listen; `start_pack` will be called once, with the variables that describe the stack."""
        self._start_pack = start_pack
        self._lock = threading.Lock()
        self._started = threading.Event()
        self._pack: subprocess.Popen[bytes] | None = None
        self._output: Iterator[tuple[Stream, bytes]] = iter(())
        self._before_port: list[tuple[Stream, bytes]] = []
        self._channel: grpc.Channel | None = None
        self._failure = ""
        self._server = grpc.server(futures.ThreadPoolExecutor(_CONCURRENT_CALLS), options=_UNLIMITED_MESSAGES)
        self._server.add_generic_rpc_handlers((self,))
        self.port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> "grpc.RpcMethodHandler[bytes, bytes] | None":
        """Take every method but the handshake, which packs don't have: the engine reads UNIMPLEMENTED as that."""
        method = handler_call_details.method
        if method == _HANDSHAKE:
            return None

        def forward(message: bytes, context: grpc.ServicerContext) -> bytes:
            return self._forward(method, message, context)

        handler: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_unary_rpc_method_handler(forward)
        return handler

    def output(self) -> Iterator[tuple[Stream, bytes]]:
        """Yield what the pack writes, but for its port; ends when the pack does."""
        self._started.wait()
        yield from self._before_port
        yield from self._output

    def exit_code(self) -> int:
        """Return the pack's exit code once its output has ended."""
        return child.finished(self._pack) if self._pack is not None else 1

    def close(self) -> None:
        """End the pack and stop listening."""
        with self._lock:
            if self._pack is not None:
                child.end(self._pack)
            if self._channel is not None:
                self._channel.close()
            self._failure = self._failure or "the policy pack has been stopped"
            self._started.set()
        # A pack that failed to start ends while the engine still waits for the answer that says why.
        self._server.stop(_LAST_ANSWERS_SECONDS)

    def _forward(self, method: str, message: bytes, context: grpc.ServicerContext) -> bytes:
        channel = self._ready(method, message)
        if channel is None:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, self._failure)
        # The engine's calls have no deadline and a copied one of "none" would be read as "now".
        call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(method)
        try:
            return call(message, wait_for_ready=True)
        except grpc.RpcError as error:
            context.abort(error.code(), error.details() or "")

    def _ready(self, method: str, message: bytes) -> grpc.Channel | None:
        with self._lock:
            if self._pack is None and not self._failure:
                request = analyzer_pb2.AnalyzerStackConfigureRequest()
                if method == _CONFIGURE_STACK:
                    request.ParseFromString(message)
                    self._start(stack_environment(request))
                else:
                    self._start({})
            return self._channel

    def _start(self, environment: Mapping[str, str]) -> None:
        self._pack = self._start_pack(environment)
        self._output = output.chunks(self._pack)
        line = self._first_line()
        if line.strip().isdigit():
            self._channel = grpc.insecure_channel(f"127.0.0.1:{int(line)}", options=_UNLIMITED_MESSAGES)
        elif line:
            self._failure = f"a policy pack must not print anything while it is imported; this one printed: {line}"
            child.end(self._pack)
        else:
            # The engine stops reading the pack's output when a call fails, so the reason travels in the answer.
            said = b"".join(chunk for _, chunk in self._before_port).decode(errors="replace")
            self._failure = f"the policy pack did not start:\n{said}"
        self._started.set()

    def _first_line(self) -> str:
        """Read up to the end of the pack's first line, or of its output; what else has come is kept for later."""
        line = b""
        for stream, chunk in self._output:
            if stream is Stream.STDERR:
                self._before_port.append((stream, chunk))
                continue
            line += chunk
            if b"\n" in line:
                break
        first, _, rest = line.partition(b"\n")
        if rest:
            self._before_port.append((Stream.STDOUT, rest))
        return first.decode(errors="replace")
