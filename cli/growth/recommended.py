"""What docs/library.md recommends to a program with many resources.

At the end of a program, Pulumi's SDK for Python waits for its registrations, then for its outputs (`wait_for_rpcs` in
`pulumi/runtime/stack.py`). A registration starts only once the event loop runs, which no plain program lets it do. So
the SDK finds no registration to wait for, and waits for all outputs: whenever one becomes known, it goes through all
others again, and its time grows with the square of the number of resources.
"""

from __future__ import annotations

import asyncio
import gc

import pulumi


def prepare() -> None:
    """Have all registrations start before the SDK waits, and no garbage collected: a program keeps what it makes."""
    gc.disable()
    pulumi.run(_start_registrations)


async def _start_registrations() -> None:
    await asyncio.sleep(0)
