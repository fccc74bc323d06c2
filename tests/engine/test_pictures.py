"""The pictures of the stacks on AWS in docs/pictures.md match what is up; test_program.py checks the one on Docker."""

from __future__ import annotations

import pytest

from cli.pictures import graph
from tests.engine.aws_stack import AwsStack
from tests.project import ROOT

pytestmark = pytest.mark.engine


@pytest.mark.parametrize("name", ["production", "staging"])
def test_the_picture_in_the_docs(name: str, request: pytest.FixtureRequest) -> None:
    stack: AwsStack = request.getfixturevalue(name)
    picture = graph.section({"production": "prod"}.get(name, name), stack.project.state()["deployment"]["resources"])
    assert picture in (ROOT / "docs/pictures.md").read_text(encoding="utf-8"), "run `make pictures`"
