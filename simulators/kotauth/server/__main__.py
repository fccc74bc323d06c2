"""Entrypoint: starts the server, whatever the arguments."""

from __future__ import annotations

import os
import sys

from . import start


def main() -> int:
    """The exit code of the server."""
    if options := os.environ.get("JAVA_TOOL_OPTIONS"):
        print(f"Picked up JAVA_TOOL_OPTIONS: {options}", file=sys.stderr)
    return start.run()


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # Not sys.exit(): it would wait for threads that hold a client's unfinished request.
    os._exit(code)
