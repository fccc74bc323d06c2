"""Labels reach everything that Docker keeps, so that a stack can be found again."""

from __future__ import annotations

from components.workload.spec import PART_LABEL
from policy.kotauth_policy.readers.docker import parts as policy_parts
from tests.unit.conftest import LABELS
from tests.unit.recording import Declared


def test_given_labels_reach_every_container_volume_and_network(deployment: Declared) -> None:
    made = [*deployment.containers, *deployment.of_type(":Volume"), *deployment.of_type(":Network")]
    assert len(made) > 20
    assert not [r.name for r in made if not LABELS.items() <= r.labels.items()]


def test_every_container_says_which_part_it_is(deployment: Declared) -> None:
    parts = {c.name: c.labels["kotauth.part"] for c in deployment.containers}
    assert {name: part for name, part in parts.items() if part not in ("job", "files")} == {
        "kotauth-postgres": "database",
        "kotauth-server": "server",
        "kotauth-frontend": "frontend",
        "kotauth-backup-dump": "backup-dump",
        "kotauth-backup-store": "backup-store",
    }


def test_networks_say_which_zone_they_are(deployment: Declared) -> None:
    assert {n.labels["kotauth.network"] for n in deployment.of_type(":Network")} == {"frontend", "database"}


def test_no_label_twice(deployment: Declared) -> None:
    for resource in deployment.resources:
        names = [label["label"] for label in resource.inputs.get("labels", [])]
        assert len(names) == len(set(names)), resource.name


def test_the_policy_pack_reads_the_label_that_containers_have() -> None:
    """The pack is installed alone, so it can't take the name from the components."""
    assert policy_parts.PART_LABEL == PART_LABEL
