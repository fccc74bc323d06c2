"""Ports for servers that start later, each for one test of all that run on this machine."""

from __future__ import annotations

import contextlib
import random
import socket

_RESERVED: list[socket.socket] = []
"""Of this process, until it ends."""


def free_port() -> int:
    """Return a free TCP port that no other call returns, in this process or another one.

    Not one that the kernel gives to outgoing connections (from 32768 on): while a frontend is down, a client could get
    its port, or even connect to itself.
    """
    for port in random.sample(range(20000, 32000), 12000):
        reservation = socket.socket(socket.AF_UNIX)
        with contextlib.suppress(OSError), socket.socket() as probe:
            # A name without a file, which the kernel forgets with the process.
            reservation.bind(f"\0kotauth-test-port-{port}")
            probe.bind(("0.0.0.0", port))  # noqa: S104 - asked, not served
            _RESERVED.append(reservation)
            return port
        reservation.close()
    raise OSError("no port is free")
