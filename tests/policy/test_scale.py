"""10,000 resources: a resource of a large stack costs about as much as one of a small stack."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import pytest
from pulumi.runtime import proto

from policy.kotauth_policy.engine.servicer import PackServicer
from policy.testing import aws_program
from policy.testing import docker_program as program
from policy.testing.docker_program import build
from policy.testing.wire import READERS, REFUSING, RULES, register
from tests import processor_time

Copy = tuple[proto.AnalyzeRequest, proto.AnalyzerResource]


def _copies() -> Iterator[Copy]:
    """Yield both compliant stacks again and again, under other names, each depending on itself."""
    found = [register(build(of=of)) for of in (program.compliant, aws_program.compliant)]
    originals = [
        pair for each in found for pair in zip(each.analyze_requests(), each.stack_request().resources, strict=True)
    ]
    for number in itertools.count():
        for request, resource in originals:
            copy, place = proto.AnalyzeRequest(), proto.AnalyzerResource()
            copy.CopyFrom(request)
            place.CopyFrom(resource)
            copy.urn = place.urn = f"{request.urn}-{number}"
            for dependencies in place.propertyDependencies.values():
                dependencies.urns[:] = [f"{urn}-{number}" for urn in dependencies.urns]
            yield copy, place


class Measured:
    """A number of resources, and the least that each phase of the pack took for them."""

    def __init__(self, copies: list[Copy]) -> None:
        self._requests = [request for request, _ in copies]
        self._stack = proto.AnalyzeStackRequest(resources=[place for _, place in copies])
        self._pack = PackServicer(RULES, READERS)
        self.least = {"resources": math.inf, "stack": math.inf}
        self.diagnostics = 0

    def measure(self) -> None:
        """Measure each phase once more."""
        for phase, work in (("resources", self._resources), ("stack", self._whole)):
            self.least[phase] = min(self.least[phase], processor_time.seconds(work))

    def least_over(self, other: Measured) -> float:
        """Return how many times as long as the other the phase takes that grows the most."""
        return max(seconds / other.least[phase] for phase, seconds in self.least.items())

    def _resources(self) -> None:
        for request in self._requests:
            self._pack.Analyze(request, REFUSING)

    def _whole(self) -> None:
        self.diagnostics = len(self._pack.AnalyzeStack(self._stack, REFUSING).diagnostics)


@pytest.mark.thorough
def test_ten_thousand_resources_cost_ten_times_what_a_thousand_cost() -> None:
    copies = list(itertools.islice(_copies(), 10_000))
    few, many = Measured(copies[:1000]), Measured(copies)
    # The least of up to five rounds: 10 to 16 times on a quiet machine, 100 where something is quadratic.
    for _ in range(5):
        few.measure()
        many.measure()
        if many.least_over(few) < 20:
            break
    # More than one frontend, and too many servers for one database.
    assert 0 < few.diagnostics * 5 < many.diagnostics < few.diagnostics * 20
    assert many.least_over(few) < 20, f"seconds for 1,000 resources: {few.least}, for 10,000: {many.least}"
