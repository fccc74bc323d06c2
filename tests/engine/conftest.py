"""The stacks on AWS that several modules look at. Whoever changes one makes another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.engine.aws import Operation
from tests.engine.aws_stack import AwsStack, aws_stack
from tests.project import Result

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


REFUSED = {
    "kotauth-secret-key-version": "The KMS key is not in a state that allows it",
    "kotauth-https": "UnsupportedCertificate: the certificate is not valid yet",
    "kotauth-database-instance": "InsufficientDBInstanceCapacity: try another class or zone",
    "kotauth-database-role-call": "the function answered: the administrator's password is wrong",
    "aws:autoscaling/group:Group": "You've reached your quota for instances",
}
"""What fails once each, and what AWS says then."""


@dataclass
class Attempt:
    """An `up`, and what it did on AWS."""

    result: Result
    done: list[Operation]

    @property
    def created(self) -> list[str]:
        """What it made, by URN."""
        return [each.urn for each in self.done if each.operation == "create"]


@pytest.fixture(scope="session")
def born(tmp_path_factory: pytest.TempPathFactory, pulumi_engine: None) -> Iterator[tuple[AwsStack, list[Attempt]]]:
    """Yield a stack prod that came up with difficulties, and the attempts that it took."""
    with aws_stack(tmp_path_factory.mktemp("used"), "prod") as stack:
        for match, message in REFUSED.items():
            stack.aws.fail_create(match, message)
        stack.aws.fail_activity("aws:autoscaling/group:Group")
        found: list[Attempt] = []
        while not found or (found[-1].result.code and len(found) <= len(REFUSED)):
            found.append(Attempt(stack.up(check=False), stack.done()))
        yield stack, found


@pytest.fixture(scope="session")
def attempts(born: tuple[AwsStack, list[Attempt]]) -> list[Attempt]:
    """Return the attempts from an empty account until nothing failed any more."""
    return born[1]


@pytest.fixture(scope="session")
def used(born: tuple[AwsStack, list[Attempt]]) -> AwsStack:
    """Return that stack: tests may change it. Each leaves it up, with all of its servers healthy."""
    return born[0]
