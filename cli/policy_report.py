"""`make policy-report`: the verdicts of the policy rules and nothing else, so that a file can keep them.

The engine and whatever runs before it print to standard error meanwhile.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from policy.kotauth_policy import formats

from . import offline, pulumi_command, verdicts
from .preparation import prepare
from .stack import Stack


@dataclass(frozen=True)
class Request:
    """What is to be reported, and how."""

    format: str
    out: Path | None
    """The file to write, standard output if there is none."""
    deployed: bool
    """Whether what is deployed is to be evaluated, and no preview."""
    exported: Path | None
    """The state to be evaluated, as `pulumi stack export` wrote it."""


def policy_report(stack: Stack, request: Request) -> int:
    """Print every policy rule's verdict and nothing else; return 1 where one refuses."""
    with _stdout_kept() as stdout, verdicts.recorded() as file:
        if request.exported:
            with _readable_state(request.exported) as (name, state):
                done = pulumi_command.run("policy", "analyze", "--file", str(state), *Stack(name).policy_options)
        elif request.deployed:
            offline.refuse("the simulator has no deployed stack, so run it without DEPLOYED")
            done = pulumi_command.run("policy", "analyze", "--stack", stack.name, *stack.policy_options)
        else:
            with offline.aws_simulated_if_asked(stack):
                prepare(stack)
                done = pulumi_command.run("preview", *stack.options, *stack.policy_options)
        return _print(file, request, stdout, done.returncode)


@contextlib.contextmanager
def _stdout_kept() -> Generator[BinaryIO]:
    """Send to standard error whatever is printed, by other programs too; yield the real standard output."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with os.fdopen(kept, "wb", closefd=False) as stdout:
            yield stdout
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)


def _print(file: Path, request: Request, stdout: BinaryIO, engine_code: int) -> int:
    """Print the report; return 1 where a rule refuses, end this process where there is no report or another failure."""
    if not file.exists():
        sys.exit(f"error: {verdicts.MISSING}")
    report = verdicts.read(file)
    text = formats.FORMATS[request.format](report).encode()
    try:
        if request.out:
            request.out.write_bytes(text)
        else:
            stdout.write(text)
    except OSError as error:
        sys.exit(f"error: the report can't be written: {error}")
    if formats.is_refused(report):
        return 1
    if engine_code:
        sys.exit("error: no policy rule is violated, but the engine failed: see its errors above")
    return 0


@contextlib.contextmanager
def _readable_state(exported: Path) -> Generator[tuple[str, Path]]:
    """Yield the name of the stack of an exported state, and the path of a copy that the engine can evaluate.

    The copy is in UTF-8, because the engine reads nothing else, and some shells write UTF-16 or a byte order mark. The
    engine evaluates inputs. A resource that the program only reads has none, so the copy has its outputs as inputs.
    """
    try:
        state = json.loads(exported.read_bytes())
        resources = state["deployment"]["resources"]
        stack = str(resources[0]["urn"]).removeprefix("urn:pulumi:").partition("::")[0]
        for resource in resources:
            if resource.get("external"):
                resource["inputs"] = resource.get("outputs")
    except OSError as error:
        sys.exit(f"error: {error}")
    except (ValueError, LookupError, TypeError, AttributeError):
        sys.exit(f"error: {exported} must be a state with resources, written by `pulumi stack export`")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / exported.name
        copy.write_text(json.dumps(state), encoding="utf-8")
        yield stack, copy
