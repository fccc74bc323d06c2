"""The components on their own: the safe default of each, and what it refuses."""

from __future__ import annotations

import functools
from types import MappingProxyType
from typing import Any

import pulumi
import pytest

from components import (
    COMPONENTS,
    AwsDeployment,
    DockerCaCertificate,
    DockerContainer,
    DockerDatabase,
    DockerDatabaseRole,
    DockerDeployment,
    DockerFiles,
    DockerNetwork,
    KotauthCredentials,
)
from components.inputs.error import InvalidInputError
from components.workload.spec import PART_LABEL
from tests.unit.aws import TAGS, tags_of, untagged
from tests.unit.least_inputs import LEAST, ROLE, SPEC, Component, declared
from tests.unit.recording import Declared, declare
from tests.unit.wrong_kinds import declared_inputs, takes_outputs

EACH = pytest.mark.parametrize("component", COMPONENTS, ids=lambda component: component.__name__)


def token(component: Component) -> str:
    return f"kotauth:index:{component.__name__}"  # pyright: ignore[reportAttributeAccessIssue]


def least_args(component: Component) -> dict[str, Any]:
    """Return the least inputs and the labels or tags that the component takes."""
    return {**LEAST[component], **dict.fromkeys(declared_inputs(component).keys() & {"labels", "tags"}, TAGS)}


@functools.cache
def least(component: Component) -> Declared:
    """Return the component with these inputs."""
    return declared(component, least_args(component))


@EACH
def test_every_output_is_set_and_registered(component: Component) -> None:
    promised = {name for name in component.__annotations__ if not name.startswith("_")}
    made = least(component)
    assert {name for name in promised if made.outputs[name] is None} == set()
    assert made.component_outputs[token(component), "it"] == promised


@EACH
def test_labels_and_tags_reach_every_child(component: Component) -> None:
    made = [r for r in least(component).resources if r.type.startswith("docker:")]
    assert [r.name for r in made if not TAGS.items() <= r.labels.items()] == []
    assert untagged(least(component)) == []


@pytest.mark.parametrize("component", [each for each in COMPONENTS if "tags" in declared_inputs(each)])
def test_a_name_among_the_tags_is_only_for_what_has_no_name_of_its_own(component: Component) -> None:
    def names(tags: dict[str, str]) -> dict[str, str | None]:
        made = declared(component, {**LEAST[component], "tags": tags})
        return {r.title: tags_of(r).get("Name") for r in made.resources if "tags" in r.inputs}

    own = names({"team": "identity"})
    assert names({"Name": "mine"}) == {title: name or "mine" for title, name in own.items()}


@pytest.mark.parametrize("component", [each for each in COMPONENTS if "labels" in declared_inputs(each)])
def test_a_label_of_the_library_s_own_is_not_replaced(component: Component) -> None:
    def parts(**more: Any) -> dict[str, list[dict[str, str]]]:
        made = declared(component, {**LEAST[component], **more})
        return {r.title: [each for each in r.inputs["labels"] if each["label"] == PART_LABEL] for r in made.containers}

    assert parts(labels={PART_LABEL: "mine"}) == parts()


@EACH
def test_every_child_has_a_parent_among_the_component_s_own(component: Component) -> None:
    roots = [r.type for r in least(component).resources if r.parent == "kotauth-unit"]
    assert roots == [token(component)]


class Text(str):
    """A text of a subclass, such as a member of an enum."""

    __slots__ = ()


def in_another_form(value: Any) -> Any:
    """Return a value that means the same: a tuple, another mapping, a float, a subclass of text."""
    if isinstance(value, dict):
        return MappingProxyType({key: in_another_form(item) for key, item in value.items()} | {"none": None})
    if isinstance(value, list):
        return tuple(in_another_form(item) for item in value)
    if isinstance(value, str):
        return Text(value)
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


async def known_later(value: object) -> object:
    return value


def inputs_of(made: Declared) -> dict[tuple[str, str], Any]:
    """Return the inputs of each resource, without archives: two of the same files are not equal."""
    return {
        (each.type, each.name): {name: given for name, given in each.inputs.items() if name != "code"}
        for each in made.resources
    }


@EACH
def test_values_that_mean_the_same_make_the_same(component: Component) -> None:
    inputs = declared_inputs(component)

    def program() -> pulumi.ComponentResource:
        given = {
            name: known_later(value) if takes_outputs(inputs[name]) else in_another_form(value)
            for name, value in least_args(component).items()
        }
        return component("it", {**dict.fromkeys(inputs), **given})

    assert inputs_of(declare(program)) == inputs_of(least(component))


def test_a_network_has_no_way_out_unless_one_is_asked_for() -> None:
    assert declared(DockerNetwork, {}).named("it", ":Network").inputs["internal"] is True
    assert declared(DockerNetwork, {"internal": False}).named("it", ":Network").inputs["internal"] is False


def test_a_container_alone_has_no_network_and_is_replaced_before_it_is_deleted() -> None:
    container = declared(DockerContainer, {"spec": SPEC}).named("it", ":Container")
    assert container.inputs["networkMode"] == "none"
    assert container.delete_before_replace is False


@pytest.mark.parametrize("owns", [{"ports": [{"host": 1, "container": 2}]}, {"volumes": [{"name": "d", "path": "/d"}]}])
def test_what_owns_a_port_or_data_is_deleted_first(owns: dict[str, Any]) -> None:
    assert declared(DockerContainer, {"spec": {**SPEC, **owns}}).named("it", ":Container").delete_before_replace is True


def test_times_are_as_docker_reads_them_back() -> None:
    container = declared(DockerContainer, {"spec": SPEC}).named("it", ":Container").inputs
    health = container["healthcheck"]
    assert (health["interval"], health["timeout"], health["startPeriod"]) == ("5s", "5s", "1m30s")
    assert container["cpus"] == "1.0"
    assert container["waitTimeout"] > 90 + 3 * 5


def test_root_is_refused() -> None:
    with pytest.raises(InvalidInputError, match=r'spec\.user = "0:0": must be uid:gid, numeric and not root'):
        declared(DockerContainer, {"spec": {**SPEC, "user": "0:0"}})
    with pytest.raises(InvalidInputError, match='owner = "root": must be uid:gid, numeric and not root'):
        declared(DockerFiles, {**LEAST[DockerFiles], "owner": "root"})


def test_files_change_their_volume_with_their_content() -> None:
    def version(files: dict[str, str]) -> str:
        result = declared(DockerFiles, {"image": "registry.example/x:1", "files": files})
        return result.named("it", ":Volume").labels["kotauth.content"]

    versions = [
        version({"a": "b"}),
        version({"a": "c"}),
        version({"b": "a"}),
        version({"a": "b", "c": ""}),
        version({}),
    ]
    assert len(set(versions)) == len(versions)
    assert version({"a": "b", "c": "d"}) == version({"c": "d", "a": "b"})


def test_files_in_a_volume_that_is_there() -> None:
    args = {"image": "registry.example/x:1", "files": {"a": "b"}, "volume": "mine", "directory": "next"}
    result = declared(DockerFiles, args)
    assert not result.of_type(":Volume")
    carrier = result.named("it-carrier").inputs
    assert [upload["file"] for upload in carrier["uploads"]] == ["/files/next/a"]
    assert carrier["volumes"][0]["volumeName"] == "mine"


@pytest.mark.parametrize(
    ("component", "args", "problems"),
    [
        (DockerDatabase, {"network": "n", "memory": 64, "image": "x"}, ["memory", "image"]),
        (DockerDatabase, {"network": "n", "memry": 64}, ["memry"]),
        (DockerDatabaseRole, {**ROLE, "password_version": 0, "pool_size": 1000}, ["password_version", "pool_size"]),
        (KotauthCredentials, {"database_password_version": 1.5}, ["database_password_version"]),
        (DockerDeployment, {}, ["base_url"]),
        (AwsDeployment, {}, ["base_url", "zone_id", "availability_zones"]),
    ],
)
def test_bad_inputs_are_all_named(component: Component, args: dict[str, Any], problems: list[str]) -> None:
    with pytest.raises(InvalidInputError) as refused:
        declared(component, args)
    assert sorted(line.split(" = ")[0].strip() for line in str(refused.value).splitlines()[1:]) == sorted(problems)


def test_a_missing_certificate_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.unit import recording  # noqa: PLC0415 - to change its table

    def nothing(name: str) -> dict[str, Any]:
        return {"name": name, "containerLogs": "cat: /data/root.crt: No such file"}

    monkeypatch.setitem(recording.OUTPUTS, "docker:index/container:Container", nothing)
    with pytest.raises(pulumi.RunError, match=r"no certificate was found: cat: /data/root\.crt"):
        declared(DockerCaCertificate, LEAST[DockerCaCertificate])


def test_volumes_are_a_map_also_where_there_are_none() -> None:
    def volumes(**changes: Any) -> object:
        args: Any = {"spec": {**SPEC, **changes}}
        return declare(lambda: {"volumes": DockerContainer("it", args).volumes}).outputs["volumes"]

    assert volumes() == {}
    assert volumes(volumes=[{"name": "data", "path": "/data"}]) == {"data": "it-data-0c0ffee"}
