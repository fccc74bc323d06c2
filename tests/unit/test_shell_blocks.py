"""Shell blocks can be pasted; those of the guide to AWS name calls that AWS has, and say whether they have been run."""

from __future__ import annotations

import re
import subprocess
from typing import Any

from botocore import xform_name
from botocore.session import Session

from tests.code_blocks import code_blocks
from tests.project import ROOT

MARKS = ("# Run on the simulator", "# Not run yet")
PAGES = [page for page in sorted((ROOT / "docs" / "aws").glob("*.md")) if page.stem != "trial"]
"""All but the page of commands for a real account."""
GUIDE = [block for page in PAGES for block in code_blocks(page.read_text(encoding="utf-8"), "sh")]
OF_THE_CLI = {"ecr get-login-password"}
"""Commands of the AWS CLI that are no call of AWS."""
OF_A_STACK = re.compile(
    r"\bpulumi (?:config|destroy|preview|refresh|stack output|stack export|stack import|state|up)\b[^|;&)\n]*"
)
FOR_OWN_PROJECTS = {"library", "policies"}
"""Pages whose commands run in a project of the reader, where `pulumi stack init` has selected a stack."""
GLOBAL_OPTIONS = {"output", "query", "region", "profile", "no-cli-pager", "max-items"}


def aws_commands(block: str) -> list[tuple[str, str, set[str]]]:
    """Return service, operation and options of each command of the AWS CLI."""
    joined = re.sub(r'"\$\((?!aws )[^()]*\)"|\\\n', " ", block)
    commands = re.findall(r"\baws ([a-z0-9-]+) ([a-z0-9-]+)((?: +(?!\||&&|aws )[^ \n;]+)*)", joined)
    return [(service, operation, set(re.findall(r" --([a-z0-9-]+)", rest))) for service, operation, rest in commands]


def unknown(service: str, operation: str, options: set[str]) -> list[str]:
    """Return what of a command AWS doesn't know."""
    if f"{service} {operation}" in OF_THE_CLI or operation == "wait":
        return []
    model: Any = Session().get_service_model(service)
    names = {xform_name(name, "-"): name for name in model.operation_names}
    if operation not in names:
        return [f"{service} {operation}"]
    shape = model.operation_model(names[operation]).input_shape
    known = {xform_name(name, "-") for name in shape.members} if shape else set()
    given = {option.removeprefix("no-") for option in options - GLOBAL_OPTIONS}
    return [f"{service} {operation} --{option}" for option in sorted(given - known)]


def test_a_shell_block_says_whether_it_was_run() -> None:
    assert [block for block in GUIDE if not block.lstrip().startswith(MARKS)] == []


def test_a_shell_block_of_any_document_is_valid_shell() -> None:
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for block in code_blocks(page.read_text(encoding="utf-8"), "sh"):
            result = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True, check=False)
            assert result.returncode == 0, f"{page.name}: {result.stderr}"


def test_a_pulumi_command_names_its_stack() -> None:
    """`make` selects no stack, so without the option Pulumi asks, or takes another one."""
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        if page.stem in FOR_OWN_PROJECTS:
            continue
        for block in code_blocks(page.read_text(encoding="utf-8"), "sh"):
            commands = OF_A_STACK.findall(block.replace("\\\n", " ")) if "pulumi stack init" not in block else []
            assert [command for command in commands if "--stack" not in command] == [], page.name


def test_aws_has_the_calls_that_the_guide_makes() -> None:
    commands = [
        each for page in PAGES for block in code_blocks(page.read_text("utf-8"), "sh") for each in aws_commands(block)
    ]
    assert [fault for command in commands for fault in unknown(*command)] == []
