"""`python -m cli COMMAND --stack NAME`, which the Makefile calls: reads the arguments and runs the command."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from policy.kotauth_policy.formats import FORMATS
from toolchain import EngineError

from . import host_image, lifecycle, policy_report, preview
from .stack import DEVELOPMENT, Stack

_JOBS = {
    "up": lifecycle.up,
    "down": lifecycle.down,
    "purge": lifecycle.purge,
    "preview": preview.preview,
    "image": host_image.pin_images,
}
_POLICY_REPORT = "policy-report"


def main(words: list[str]) -> int:
    """Run one command; return the exit code."""
    arguments = _parser().parse_args(words)
    stack = Stack(arguments.stack)
    try:
        if arguments.command == _POLICY_REPORT:
            request = (arguments.format, arguments.out, arguments.deployed, arguments.exported)
            return policy_report.policy_report(stack, policy_report.Request(*request))
        _JOBS[arguments.command](stack)
    except (EngineError, KeyboardInterrupt) as error:
        print(f"error: {error or 'interrupted'}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m cli", description=__doc__)
    parser.add_argument("command", choices=[*_JOBS, _POLICY_REPORT])
    parser.add_argument("--stack", default=DEVELOPMENT)
    report = parser.add_argument_group(_POLICY_REPORT)
    report.add_argument("--format", choices=FORMATS, default="table")
    report.add_argument("--out", type=Path, help="file to write to, in place of standard output")
    state = report.add_mutually_exclusive_group()
    state.add_argument("--deployed", action="store_true", help="evaluate what is deployed, in place of a preview")
    state.add_argument("--file", type=Path, dest="exported", help="evaluate a state that `pulumi stack export` wrote")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
