"""The commands of docs/aws that can be run on the simulator, with the real AWS CLI."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.code_blocks import code_blocks
from tests.engine.aws_stack import DATABASE, REGION, AwsStack
from tests.engine.saved_stacks import SavedStacks
from tests.project import ROOT

pytestmark = pytest.mark.engine
HERE = r"""
set -euo pipefail
pulumi() {
  [ "$1" = refresh ] && set -- "$@" --yes
  command pulumi "$@"
}
make() {
  case "$*" in
    *env) ;;
    preview*) pulumi preview --non-interactive ;;
    up*) pulumi up --yes --skip-preview ;;
    *) echo "no such target here: $*"; return 1 ;;
  esac
}
"""
"""The guide is for a clone and a terminal; here the project has no Makefile, and nothing answers questions."""


@pytest.fixture
def stack(saved_stacks: SavedStacks, tmp_path: Path) -> Iterator[AwsStack]:
    with saved_stacks.copy("prod", tmp_path / "guide") as stack:
        yield stack


def commands(page: str, heading: str) -> str:
    """Return the shell blocks of a section that were run on the simulator, as one script."""
    text = (ROOT / "docs" / "aws" / page).read_text(encoding="utf-8")
    section = re.split(r"\n##+ ", text.partition(f"\n## {heading}\n")[2])[0]
    blocks = [block for block in code_blocks(section, "sh") if block.lstrip().startswith("# Run on the simulator")]
    assert blocks, f"{page} has no commands under {heading}"
    return "\n".join(blocks)


def run(stack: AwsStack, script: str) -> str:
    """Run a script in the project of the stack, as its user would."""
    cli = {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": stack.aws.endpoint,
        "AWS_PAGER": "",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{stack.project.environment['PATH']}",
    }
    result = stack.project.run("bash", "-c", HERE + script, variables=cli)
    assert not result.code, result.output
    return result.output


def test_a_restore_to_a_point_in_time(stack: AwsStack) -> None:
    before = stack.resources()[DATABASE]["outputs"]
    run(stack, commands("restore.md", "Restore to a point in time"))
    found = stack.aws.boto3("rds").describe_db_instances()["DBInstances"]
    assert {each["DBInstanceIdentifier"] for each in found} == {before["identifier"], f"{before['identifier']}-before"}
    assert stack.changes() == {}
