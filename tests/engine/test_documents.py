"""The numbers that the documents give of the committed stacks."""

from __future__ import annotations

import pytest

from tests.engine.aws_stack import AwsStack
from tests.project import ROOT

pytestmark = pytest.mark.engine


def counts(stack: AwsStack) -> tuple[int, int]:
    """Return how many resources a preview lists, and how many of them are AWS's."""
    types = [each["type"] for each in stack.resources().values()]
    listed = [each for each in types if not each.startswith("pulumi:providers:")]
    return len(listed), sum(each.startswith("aws:") for each in listed)


def test_the_resources_are_counted(production: AwsStack, staging: AwsStack) -> None:
    (of_prod, aws_of_prod), (of_staging, aws_of_staging) = counts(production), counts(staging)
    guide = "\n".join(each.read_text(encoding="utf-8") for each in sorted((ROOT / "docs" / "aws").glob("*.md")))
    assert f"**{of_prod} resources**; {aws_of_prod} of them are on AWS" in guide
    assert f"**{of_staging} resources**; {aws_of_staging} of them are on AWS" in guide
    assert f"{of_staging} resources to create" in guide
    readme = (ROOT / "README.md").read_text()
    assert f"{of_prod} resources" in readme
    assert f"{of_staging} resources" in readme
