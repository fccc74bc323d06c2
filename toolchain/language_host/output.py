"""The output of a child as a stream of chunks, in the order in which they arrive."""

import os
import queue
import subprocess
import threading
from collections.abc import Iterator
from enum import Enum
from typing import IO

_CHUNK_BYTES = 65536


class Stream(Enum):
    """Where a chunk was written to."""

    STDOUT = "stdout"
    STDERR = "stderr"


def chunks(child: "subprocess.Popen[bytes]") -> Iterator[tuple[Stream, bytes]]:
    """Yield what a child writes, as it writes it, until both of its streams are closed."""
    arrived: queue.Queue[tuple[Stream, bytes]] = queue.Queue()

    def read(stream: Stream, source: IO[bytes]) -> None:
        with source:
            while chunk := os.read(source.fileno(), _CHUNK_BYTES):
                arrived.put((stream, chunk))
        arrived.put((stream, b""))

    for stream, source in ((Stream.STDOUT, child.stdout), (Stream.STDERR, child.stderr)):
        if source is None:
            raise ValueError("the child was started without pipes")
        threading.Thread(target=read, args=(stream, source), daemon=True).start()
    still_open = 2
    while still_open:
        stream, chunk = arrived.get()
        if chunk:
            yield stream, chunk
        else:
            still_open -= 1
