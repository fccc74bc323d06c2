"""The network's DNS server; runs in the lab's link container. A name that the lab doesn't list doesn't exist.

Standard library only, and only what a stub resolver asks: one question, A records.
"""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Mapping

from simulators.ec2_host.metadata_service import STATE

ADDRESS = "169.254.169.253"
_RESPONSE, _RECURSION, _NO_SUCH_NAME = 0x8000, 0x0180, 3
_TYPE_A, _CLASS_IN, _TTL_SECONDS = 1, 1, 5


def address_of(name: str, names: Mapping[str, str]) -> str | None:
    """Return the address of a name; `*.suffix` stands for any name below, and the longest suffix wins."""
    labels = name.lower().rstrip(".").split(".")
    wildcards = ("*." + ".".join(labels[start:]) for start in range(1, len(labels)))
    return next((names[key] for key in (".".join(labels), *wildcards) if key in names), None)


def reply(query: bytes, names: Mapping[str, str]) -> bytes:
    """Answer one query."""
    identity, flags = struct.unpack("!HH", query[:4])
    labels: list[str] = []
    position = 12
    while length := query[position]:
        labels.append(query[position + 1 : position + 1 + length].decode("ascii", "replace"))
        position += 1 + length
    question = query[12 : position + 5]
    (kind,) = struct.unpack("!H", query[position + 1 : position + 3])
    address = address_of(".".join(labels), names)
    answer = b""
    if address and kind == _TYPE_A:
        # 0xc00c points back to the name of the question.
        answer = struct.pack("!HHHIH", 0xC00C, _TYPE_A, _CLASS_IN, _TTL_SECONDS, 4) + socket.inet_aton(address)
    status = _RESPONSE | _RECURSION | (flags & 0x0100) | (0 if address else _NO_SUCH_NAME)
    return struct.pack("!HHHHHH", identity, status, 1, 1 if answer else 0, 0, 0) + question + answer


def main() -> None:
    """Serve for ever."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((ADDRESS, 53))
        while True:
            query, client = server.recvfrom(4096)
            try:
                server.sendto(reply(query, json.loads(STATE.read_text())["names"]), client)
            except (IndexError, struct.error):
                continue


if __name__ == "__main__":
    main()
