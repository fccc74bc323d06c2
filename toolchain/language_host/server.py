"""Serve the protocol until the engine says stop or is gone."""

import os
import signal
import sys
import threading
from concurrent import futures
from types import FrameType

import grpc
from pulumi.runtime.proto import language_pb2_grpc

from .child import end_all
from .service import LanguageHost

# Every run and every plugin occupies one thread until it ends.
MAX_CONCURRENT_CALLS = 128
UNLIMITED_MESSAGES = (("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1))


def _end_of_input(wake_up: int) -> None:
    """Notice that the engine is gone: `pulumi package get-schema` leaves without a signal, its pipe just closes."""
    while sys.stdin.buffer.read(4096):
        pass
    os.write(wake_up, b"\n")


def _noted(_number: int, _frame: FrameType | None) -> None:
    """Keep the signal from ending the process; the wake-up descriptor does the rest."""


def serve() -> None:
    """Print the port, serve, and leave neither children nor a traceback behind."""
    # Python runs signal handlers in the main thread, but the system may hand the signal to one of gRPC's threads, and
    # then nothing wakes the main thread up. The wake-up descriptor is written to whichever thread gets the signal.
    wait, wake_up = os.pipe()
    os.set_blocking(wake_up, False)
    signal.set_wakeup_fd(wake_up)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _noted)

    server = grpc.server(futures.ThreadPoolExecutor(MAX_CONCURRENT_CALLS), options=UNLIMITED_MESSAGES)
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(LanguageHost(engine_address=sys.argv[-1]), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)

    threading.Thread(target=_end_of_input, args=(wake_up,), daemon=True).start()
    os.read(wait, 1)
    end_all()
    # Threads that serve a call would hold up an orderly exit; there is nothing left to tidy up.
    os._exit(0)
