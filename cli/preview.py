"""`make preview`: what `up` would change, and below it what the policy rules object to.

The first part is Pulumi's own text, with the warnings and errors of the program: `preflight.py` of the target, and the
components. The second is `findings` in `policy/kotauth_policy/formats/table.py`, or with VERBOSE=1 its `table`.
"""

from __future__ import annotations

import os
import sys

from . import pulumi_command, verdicts
from .offline import aws_simulated_if_asked
from .preparation import prepare
from .stack import Stack


def preview(stack: Stack) -> None:
    """Preview the stack and print the table of verdicts; with VERBOSE=1 also of the rules that passed."""
    with aws_simulated_if_asked(stack), verdicts.recorded() as file:
        prepare(stack)
        done = pulumi_command.run("preview", *stack.options, *stack.policy_options)
        print(verdicts.table(file, only_findings=not os.environ.get("VERBOSE")), end="")
    if done.returncode:
        sys.exit(done.returncode)
