"""Entrypoint: `cli …` runs a command, anything else starts the server (the image passes its arguments on)."""

from __future__ import annotations

import os
import sys

from . import cli, start


def main(arguments: list[str]) -> int:
    """The exit code of the command or server."""
    if options := os.environ.get("JAVA_TOOL_OPTIONS"):
        print(f"Picked up JAVA_TOOL_OPTIONS: {options}", file=sys.stderr)
    if arguments[:1] == ["cli"]:
        return cli.main(arguments[1:])
    return start.run()


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    # Not sys.exit(): it would wait for threads that hold a client's unfinished request.
    os._exit(code)
