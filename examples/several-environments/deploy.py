"""Previews or updates the environments one after the other, with Pulumi's Automation API. The first failure ends it."""

import sys
from pathlib import Path

from pulumi import automation

ENVIRONMENTS = ("local", "staging", "prod")
"""In the order in which a change reaches them."""


def main(command: str) -> None:
    """Run the command, `preview` or `up`, on each environment."""
    for name in ENVIRONMENTS:
        stack = automation.create_or_select_stack(name, work_dir=str(Path(__file__).parent))
        try:
            changes = stack.up().summary.resource_changes if command == "up" else stack.preview().change_summary
        except automation.CommandError as error:
            sys.exit(f"{name}: {error}")
        print(f"{name}:", ", ".join(f"{change} {count}" for change, count in (changes or {}).items()), flush=True)


if __name__ == "__main__":
    if sys.argv[1:] not in (["preview"], ["up"]):
        sys.exit("usage: python deploy.py preview|up")
    main(sys.argv[1])
