"""`python3 -m simulators.images [--print] [name ...]`: make sure that the images exist in the local Docker daemon."""

from __future__ import annotations

import argparse
import sys

from simulators.images.ensure import ALL, ensure
from toolchain.machine.errors import EngineError


def main(arguments: list[str]) -> int:
    """Build what is missing; the exit code is 1 when an image can't be made."""
    parser = argparse.ArgumentParser(
        prog="python3 -m simulators.images", description="Make sure that the images exist in the local Docker daemon."
    )
    parser.add_argument("--print", action="store_true", help="print NAME=REFERENCE for each image on standard output")
    parser.add_argument("names", nargs="*", metavar="name", help=f"any of {', '.join(ALL)} (default: all)")
    options = parser.parse_args(arguments)
    try:
        references = ensure(options.names or ALL)
    except EngineError as error:
        print(f"images: {error}", file=sys.stderr)
        return 1
    if options.print:
        for name, reference in references.items():
            print(f"{name}={reference}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
