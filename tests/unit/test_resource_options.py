"""Pulumi's resource options on each component: they reach everything that the component makes."""

from __future__ import annotations

import inspect
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_docker as docker
import pulumi_random as random
import pytest

from components import COMPONENTS, DockerContainer
from tests.unit.least_inputs import LEAST, SPEC, Component
from tests.unit.recording import Declared, Registered, declare

FIRST = "RandomPassword first"
"""What the component depends on."""
VOLUMES_BESIDE = ["Volume new-data"]
"""Volumes that wait for nothing: what a component waits for would be kept with them (docs/library.md)."""
VOLUMES = {"volumes": [{"name": "data", "path": "/data"}], "disposable_volumes": [{"name": "cache", "path": "/cache"}]}
MORE: dict[Component, dict[str, Any]] = {DockerContainer: {"spec": {**SPEC, **VOLUMES}}}
"""Inputs with which a component makes something that it doesn't make with the least."""


def declared_with_options(component: Component, args: dict[str, Any]) -> tuple[Declared, set[str]]:
    """Declare the component, renamed from `it` to `new`, with all options; return what transformations saw, too."""
    seen: set[str] = set()

    def program() -> pulumi.ComponentResource:
        providers = [aws.Provider("own-aws"), docker.Provider("own-docker"), random.Provider("own-random")]
        options = pulumi.ResourceOptions(
            providers=providers,
            protect=True,
            aliases=[pulumi.Alias(name="it")],
            depends_on=[random.RandomPassword("first", length=8)],
            transformations=[lambda given: seen.add(given.name)],
        )
        return component("new", args, options)

    return declare(program), seen


def former_name(resource: Registered, resources: dict[str, Registered]) -> str:
    """Return the name before the component was renamed, by the engine's rule: the prefix of a child changes, too."""
    parent = resources.get(f"{resource.parent_type.rpartition(':')[2]} {resource.parent}")
    if resource.former_names or parent is None:
        return resource.former_names[0] if resource.former_names else resource.name
    rest = resource.name.removeprefix(parent.name)
    return former_name(parent, resources) + rest if rest != resource.name else resource.name


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda component: component.__name__)
def test_options_reach_all_that_a_component_makes(component: Component) -> None:
    args = {**LEAST[component], **MORE.get(component, {})}
    if "deletion_protection" in inspect.signature(component.__init__).parameters["args"].annotation.__annotations__:
        # So that only the option protects.
        args["deletion_protection"] = False
    declared, transformed = declared_with_options(component, args)
    own = {r.title: r for r in declared.resources if r.title != FIRST and not r.type.startswith("pulumi:")}
    children = {name: r for name, r in own.items() if not r.is_component}
    not_reached = {
        "protect": [name for name, r in own.items() if not r.protect],
        "providers": [name for name, r in children.items() if r.provider != f"own-{r.type.partition(':')[0]}"],
        "transformations": [name for name, r in own.items() if r.name not in transformed],
        "depends_on": [name for name in own if name not in VOLUMES_BESIDE and FIRST not in declared.before(name)],
    }
    assert {option: names for option, names in not_reached.items() if names} == {}
    assert set(declared.invoke_providers.values()) <= {"own-aws"}
    before = declare(lambda: component("it", args)).resources
    assert {(r.type, former_name(r, own)) for r in own.values()} == {
        (r.type, r.name) for r in before if not r.type.startswith("pulumi:")
    }


@pytest.mark.parametrize(
    ("alias", "former"),
    [
        (pulumi.Alias(name="old", parent=pulumi.ROOT_STACK_RESOURCE), "old-data"),
        (
            "urn:pulumi:s::p::kotauth:index:DockerContainer::old",
            "urn:pulumi:s::p::docker:index/volume:Volume::old-data",
        ),
        (
            "urn:pulumi:s::p::my:index:Service$kotauth:index:DockerContainer::old",
            "urn:pulumi:s::p::my:index:Service$docker:index/volume:Volume::old-data",
        ),
    ],
    ids=["name", "urn", "urn with a parent"],
)
@pytest.mark.parametrize("late", [False, True])
def test_a_volume_beside_a_container_has_its_aliases(alias: Any, former: str, late: bool) -> None:
    def program() -> pulumi.ComponentResource:
        options = pulumi.ResourceOptions(aliases=[pulumi.Output.from_input(alias) if late else alias])
        return DockerContainer("new", MORE[DockerContainer], options)  # pyright: ignore[reportArgumentType]

    assert declare(program).named("new-data").former_names == (former,)
