"""`python -m kotauth_policy`, beside the pack: make a file for a pipeline of its report, or the list of its rules.

A report needs the standard library alone, so that a pipeline can show it with whatever Python it has.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .formats import FORMATS, ReportError, read, without_waived


def main() -> int:
    """Run one command."""
    parser = argparse.ArgumentParser(prog="python -m kotauth_policy", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")

    render = commands.add_parser("render", help="print a report that KOTAUTH_POLICY_REPORT had the pack write")
    render.add_argument("report", type=Path)
    render.add_argument("--format", choices=FORMATS, default="table")
    render.add_argument("--hide-waived", action="store_true", help="leave out what is waived: some readers can't")
    render.set_defaults(run=_render)

    controls = commands.add_parser("controls", help="print all rules as a page of Markdown")
    controls.set_defaults(run=_controls)

    for command in (render, controls):
        command.add_argument("--out", type=Path, help="file to write to, in place of standard output")
    arguments = parser.parse_args()
    try:
        text = arguments.run(arguments).encode("utf-8")
        if arguments.out:
            arguments.out.write_bytes(text)
        else:
            sys.stdout.buffer.write(text)
    except (OSError, ReportError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _render(arguments: argparse.Namespace) -> str:
    try:
        report = read(arguments.report.read_text(encoding="utf-8"))
    except (ReportError, UnicodeDecodeError) as error:
        raise ReportError(f"{arguments.report} {error}") from None
    return FORMATS[arguments.format](without_waived(report) if arguments.hide_waived else report)


def _controls(_: argparse.Namespace) -> str:
    # Only here: the rules need the engine's SDK.
    from .catalogue import all_rules  # noqa: PLC0415
    from .formats.controls import controls  # noqa: PLC0415
    from .rules.omitted import OMITTED  # noqa: PLC0415

    return controls(all_rules(), OMITTED)


if __name__ == "__main__":
    sys.exit(main())
