"""The listener: connections that are read side by side and answered by the call threads; the way down after SIGTERM.

After SIGTERM connections are still accepted for 0.6 s (measured on 1.5.2). Then the backlog is accepted to its end, the
listener closes, kept connections without a request in them are closed (new ones after a second), and requests in flight
are finished. The process ends after a grace of 1 s from there, and after five seconds in any case. Exit code 143, as of
a JVM. 1.5.2 was gone 1.3 to 2.4 s after SIGTERM.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Executor, wait
from contextlib import suppress
from time import monotonic, sleep
from types import FrameType

from .call_threads import CallThreads
from .wire import BadRequestError, Request, Response, Wire

ADDRESS = ("0.0.0.0", 8080)  # noqa: S104  (in a container, as the real server)
BACKLOG = 1024
CLIENT_CHECK_SECONDS = 1.0
"""How often a connection whose request waits looks whether its client is still there."""
ACCEPT_SECONDS = 0.6
GRACE_SECONDS = 1.0
"""`gracePeriodMillis` of 1.22."""
FIRST_REQUEST_SECONDS = 1.0
"""After SIGTERM a connection that was accepted late may still send its first request for so long.

Counted in turns, not by the clock: on a machine that is too busy for this process it is too busy for the client, too.
"""
TURN_SECONDS = 0.01
HARD_LIMIT_SECONDS = float(os.environ.get("SIMULATOR_HARD_LIMIT_SECONDS", "5"))
"""`timeoutMillis` of 1.22 is 5,000. The variable is the simulator's own, for tests that must not depend on a time."""
EXIT_CODE = 128 + signal.SIGTERM

Handler = Callable[[Request], Response]


class _Connection:
    """One client connection, the thread that answers its requests, and whether a request is in it."""

    def __init__(self, stream: socket.socket, peer: str, call_thread: Executor) -> None:
        self.stream = stream
        self.call_thread = call_thread
        self.wire = Wire(stream, peer)
        self.lock = threading.Lock()
        self.used = False
        self.busy = False
        self.closing = False

    def wait_for_request(self) -> bool:
        """Block until a request begins; False when the connection is over."""
        if not self.wire.has_buffered:
            _readable(self.stream, None)
        with self.lock:
            self.used = self.busy = not self.closing
            return self.busy

    @property
    def client_is_gone(self) -> bool:
        """Whether the client has closed its side."""
        return _polled(self.stream, select.POLLRDHUP, 0)

    def close_if_idle(self, *, also_unused: bool) -> None:
        """Close it unless a request is in it, be it only in the socket's buffer."""
        with self.lock:
            if self.busy or _readable(self.stream, 0) or not (self.used or also_unused):
                return
            self.closing = True
        with suppress(OSError):
            self.stream.shutdown(socket.SHUT_RDWR)


class Server:
    """Serves one handler until SIGTERM."""

    def __init__(self, handler: Handler, call_threads: CallThreads, address: tuple[str, int] = ADDRESS) -> None:
        self._handler = handler
        self._call_threads = call_threads
        self._address = address
        self._connections: set[_Connection] = set()
        self._lock = threading.Lock()
        self._stopping = False

    def run(self, on_listening: Callable[[], None]) -> int:
        """Bind, serve, and return the exit code once everything is finished."""
        wake_up, waker = os.pipe()
        os.set_blocking(waker, False)
        signal.set_wakeup_fd(waker)
        signal.signal(signal.SIGTERM, _ignore)
        with socket.create_server(self._address, backlog=BACKLOG) as listener:
            listener.setblocking(False)
            on_listening()
            self._accept_until(listener, wake_up, None)
            stopped_at = monotonic()
            self._accept_until(listener, None, stopped_at + ACCEPT_SECONDS)
            self._stopping = True
            self._accept_all(listener)
        self._finish(stopped_at)
        return EXIT_CODE

    def _accept_until(self, listener: socket.socket, wake_up: int | None, deadline: float | None) -> None:
        watched = [listener] if wake_up is None else [listener, wake_up]
        while deadline is None or monotonic() < deadline:
            timeout = None if deadline is None else max(0.0, deadline - monotonic())
            ready = select.select(watched, [], [], timeout)[0]
            if listener in ready:
                self._accept_all(listener)
            if wake_up in ready:
                return

    def _accept_all(self, listener: socket.socket) -> None:
        while True:
            try:
                stream, peer = listener.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            stream.setblocking(True)
            stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = _Connection(stream, peer[0], self._call_threads.next())
            with self._lock:
                self._connections.add(connection)
            threading.Thread(target=self._serve, args=(connection,), name=f"connection-{peer[1]}", daemon=True).start()

    def _finish(self, stopped_at: float) -> None:
        left = round((FIRST_REQUEST_SECONDS - ACCEPT_SECONDS) / TURN_SECONDS)
        while (passed := monotonic() - stopped_at) < HARD_LIMIT_SECONDS:
            with self._lock:
                connections = list(self._connections)
            if not connections and passed > ACCEPT_SECONDS + GRACE_SECONDS:
                return
            for connection in connections:
                connection.close_if_idle(also_unused=left < 0)
            sleep(TURN_SECONDS)
            left -= 1

    def _serve(self, connection: _Connection) -> None:
        try:
            with connection.stream:
                while connection.wait_for_request() and self._serve_one(connection):
                    with connection.lock:
                        connection.busy = False
        except OSError:
            pass  # The client went away; there is nobody left to tell.
        finally:
            with self._lock:
                self._connections.discard(connection)

    def _serve_one(self, connection: _Connection) -> bool:
        """Answer one request; False when the connection ends with it."""
        try:
            request = connection.wire.read_request()
        except BadRequestError as error:
            connection.wire.send(Response(400, str(error).encode()), keep_alive=False)
            return False
        if request is None:
            return False
        response = self._answer(connection, request)
        keep_alive = request.keep_alive and not self._stopping
        compress = "gzip" in request.header("accept-encoding")
        connection.wire.send(response, keep_alive=keep_alive, compress=compress)
        return keep_alive

    def _answer(self, connection: _Connection, request: Request) -> Response:
        """Have the connection's thread answer. Raises OSError when the client is gone before that.

        A request that still waits for the thread is forgotten then: in an outage of minutes there are thousands. The
        real server answers them all as soon as it can, which takes it a second or two (2,700 a second).
        """
        answer = connection.call_thread.submit(self._handler, request)
        while not wait([answer], CLIENT_CHECK_SECONDS).done:
            if connection.client_is_gone:
                answer.cancel()
                raise ConnectionAbortedError
        return answer.result()


def _readable(stream: socket.socket, seconds: float | None) -> bool:
    return _polled(stream, select.POLLIN, seconds)


def _polled(stream: socket.socket, events: int, seconds: float | None) -> bool:
    # Not select(): it can't watch descriptors from 1024 on.
    poll = select.poll()
    poll.register(stream, events)
    return bool(poll.poll(None if seconds is None else seconds * 1000))


def _ignore(_number: int, _frame: FrameType | None) -> None:
    """The byte in the wake-up pipe is the message."""
