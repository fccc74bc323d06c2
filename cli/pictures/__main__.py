"""`python -m cli.pictures`: preview the stacks, those on AWS against the simulator, and write docs/pictures.md."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from .. import pulumi_command
from ..offline import aws_simulated_if_asked
from ..preparation import prepare
from ..stack import Stack
from . import graph

PAGE = pulumi_command.ROOT / "docs" / "pictures.md"
STACKS = ("dev", "staging", "prod")
_HEAD = """\
# Pictures of the stacks

`make pictures` writes this page from the resource graph of each stack; do not edit it.
A box is a component below the deployment, with the resources that it and its nested components hold.
An arrow points to a component with a resource that must exist first.
An arrow is left out where a longer path implies it.
`AwsDeployment` and `DockerDeployment` stand for the resources that the deployment holds itself.
"""


def main() -> None:
    """Write the page."""
    sections = [graph.section(stack, _planned(Stack(stack))) for stack in STACKS]
    PAGE.write_text("\n".join([_HEAD, *sections]), encoding="utf-8")


def _planned(stack: Stack) -> list[Mapping[str, Any]]:
    """Return all resources that the stack would have after an update."""
    if stack.is_on_aws:
        os.environ["OFFLINE"] = "1"
    with aws_simulated_if_asked(stack):
        prepare(stack)
        output = pulumi_command.run_or_exit("preview", "--json", "--show-sames", *stack.options, capture=True)
    preview = json.loads(output[output.index("{") :])
    return [step["newState"] for step in preview["steps"] if step["op"] != "delete"]


if __name__ == "__main__":
    main()
