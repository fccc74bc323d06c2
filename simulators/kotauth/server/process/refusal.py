"""How a start is refused: a box on standard error whose first line begins with FATAL, exit code 1."""

from __future__ import annotations

import sys

WIDTH = 64


class RefusedError(Exception):
    """The configuration is refused; the text is what an operator reads."""

    def __init__(self, *lines: str) -> None:
        super().__init__(lines[0])
        self._lines = lines

    def show(self) -> None:
        """Print it to standard error."""
        print("\n".join(box(*self._lines)), file=sys.stderr, flush=True)


def box(*lines: str) -> list[str]:
    """Lines with a frame around them."""
    edge = "─" * WIDTH
    return [f"┌{edge}┐", *(f"│  {line:<{WIDTH - 2}}│" for line in lines), f"└{edge}┘"]
