"""What a preview costs without the waiting of Pulumi's SDK for Python.

At the end of a program, the SDK waits for all outputs that are not known yet (`wait_for_rpcs` in
`pulumi/runtime/stack.py`). Whenever one of them becomes known, it goes through all of them again, so its time grows
with the square of the number of resources. A program with components is affected more: its resources become known in
more steps, as a child waits for its parent.
"""

from __future__ import annotations

import asyncio
from typing import Any


def wait_once() -> None:
    """Have the SDK go through the outputs of this program once: it then waits until all are known, or one fails."""
    wait: Any = asyncio.wait

    async def waited(tasks: Any, *, return_when: str = asyncio.ALL_COMPLETED, **options: Any) -> Any:  # noqa: ANN401
        if return_when == asyncio.FIRST_COMPLETED:
            return_when = asyncio.FIRST_EXCEPTION
        return await wait(tasks, return_when=return_when, **options)

    asyncio.wait = waited
