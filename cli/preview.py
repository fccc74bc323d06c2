"""`make preview`: what `up` would change, as Pulumi prints it, and below it what the policy rules object to."""

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
