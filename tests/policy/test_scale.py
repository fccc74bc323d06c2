"""10,000 resources: a resource of a large stack costs about as much as one of a small stack."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator

from pulumi.runtime import proto

from policy.kotauth_policy.servicer import PackServicer

from . import aws_program, program
from .program import build
from .wire import REFUSING, RULES, register

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


def _measured(copies: list[Copy]) -> tuple[float, float, int]:
    """Return the seconds that the pack takes for the resources and for the stack, and how much it finds."""
    stack = proto.AnalyzeStackRequest(resources=[place for _, place in copies])
    pack = PackServicer(RULES)
    start = time.process_time()
    for request, _ in copies:
        pack.Analyze(request, REFUSING)
    middle = time.process_time()
    found = pack.AnalyzeStack(stack, REFUSING).diagnostics
    return middle - start, time.process_time() - middle, len(found)


def test_ten_thousand_resources_cost_ten_times_what_a_thousand_cost() -> None:
    copies = list(itertools.islice(_copies(), 10_000))
    *small, few = _measured(copies[:1000])
    *large, many = _measured(copies)
    # More than one frontend, and too many servers for one database.
    assert 0 < few * 5 < many < few * 20
    for phase, less, more in zip(("resources", "stack"), small, large, strict=True):
        assert more < 2 * 10 * less, f"{phase}: {less:.2f} s for 1,000 resources, {more:.2f} s for 10,000"
