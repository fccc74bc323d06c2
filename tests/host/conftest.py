"""One lab for all tests of hosts: each module boots its own, and ends it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future

import pytest

from simulators.ec2_host.lab import Lab
from tests.e2e.side_by_side import chosen
from tests.host import proxies, rehearsals, slow_boots, watched
from tests.host.site import Site


@pytest.fixture(scope="package")
def lab(images: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Yield what is around the hosts of all tests."""
    lab = Lab.create(tmp_path_factory.mktemp("lab"), images)
    try:
        yield lab
    finally:
        lab.close()


@pytest.fixture(scope="package")
def site(lab: Lab, images: dict[str, str]) -> Site:
    """Return Kotauth's surroundings, with the database's role."""
    site = Site.create(lab, images)
    site.make_role()
    return site


@pytest.fixture(scope="package")
def rehearsed(request: pytest.FixtureRequest, site: Site) -> Iterator[dict[str, Future[object]]]:
    """Yield how the chosen rehearsals end, which begin now."""
    with rehearsals.rehearsed(
        site, (*watched.ROWS, *slow_boots.ROWS, *proxies.ROWS), chosen(request, "rehearsal")
    ) as ends:
        yield ends
