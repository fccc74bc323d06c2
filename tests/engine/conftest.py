"""The stacks on AWS that several modules look at. Whoever changes one makes another."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engine.aws_stack import AwsStack, aws_stack

SLOW = (
    "aws:lb/listenerRule:ListenerRule",
    "kotauth-network-private-*-way-out",
    "kotauth-server-rights",
    "kotauth-database-role-call",
    "aws:secretsmanager/secretVersion:SecretVersion",
    "kotauth-server-boot",
    "kotauth-server-log",
    "aws:vpc/*",
)
"""What the servers need before they start: if one of them doesn't wait for it, it shall show."""


@pytest.fixture(scope="session")
def production(tmp_path_factory: pytest.TempPathFactory, pulumi_engine: None) -> Iterator[AwsStack]:
    """Yield the committed stack prod, up. Nobody may change it."""
    with aws_stack(tmp_path_factory.mktemp("prod"), "prod") as stack:
        for each in SLOW:
            stack.aws.slow(each, 1)
        stack.up()
        stack.aws.clear()
        yield stack


@pytest.fixture(scope="session")
def staging(tmp_path_factory: pytest.TempPathFactory, pulumi_engine: None) -> Iterator[AwsStack]:
    """Yield the committed stack staging, up: the other frontend, no NAT gateway. Nobody may change it."""
    with aws_stack(tmp_path_factory.mktemp("staging"), "staging") as stack:
        stack.up()
        yield stack


@pytest.fixture(scope="session")
def used(tmp_path_factory: pytest.TempPathFactory, pulumi_engine: None) -> Iterator[AwsStack]:
    """Yield a stack prod that tests may change. Each leaves it up, with all of its servers healthy."""
    with aws_stack(tmp_path_factory.mktemp("used"), "prod") as stack:
        yield stack
