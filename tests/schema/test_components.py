"""What other languages see of the components: Pulumi infers their schema from the annotations."""

from __future__ import annotations

from collections.abc import Iterator

import pulumi
import pytest
from pulumi.provider.experimental.analyzer import Analyzer, ComponentDefinition, PropertyDefinition
from pulumi.provider.experimental.component import ComponentProvider

from components import COMPONENTS, PACKAGE, DockerDatabaseRole

REQUIRED = {
    "DockerDeployment": {"baseUrl"},
    "DockerNetwork": set[str](),
    "DockerContainer": {"spec"},
    "DockerFiles": {"image", "files"},
    "DockerDatabase": {"network"},
    "DockerDatabaseRole": {"network", "administratorPassword", "password"},
    "DockerCaCertificate": {"volume", "writtenBy"},
    "KotauthCredentials": set[str](),
}
OUTPUTS = {
    "DockerDeployment": {
        "url",
        "adminUrl",
        "readyUrl",
        "adminPassword",
        "checklistApiKey",
        "databaseUrl",
        "caCertificate",
    },
    "DockerNetwork": {"networkName"},
    "DockerContainer": {"containerName", "volumes"},
    "DockerFiles": {"volumeName", "version"},
    "DockerDatabase": {"host", "database", "administratorPassword"},
    "DockerDatabaseRole": {"user"},
    "DockerCaCertificate": {"pem"},
    "KotauthCredentials": {
        "secretKey",
        "adminPassword",
        "checklistApiKey",
        "checklistApiKeyHash",
        "databasePassword",
    },
}
EACH = pytest.mark.parametrize("component", COMPONENTS, ids=lambda component: component.__name__)


def analyze(component: type[pulumi.ComponentResource]) -> tuple[ComponentDefinition, Analyzer]:
    analyzer = Analyzer(PACKAGE)
    return analyzer.analyze_component(component), analyzer


def all_properties(definition: ComponentDefinition, analyzer: Analyzer) -> Iterator[tuple[str, PropertyDefinition]]:
    yield from ((f"{definition.name}.{name}", each) for name, each in definition.inputs.items())
    yield from ((f"{definition.name}.{name}", each) for name, each in definition.outputs.items())
    for type_name, each_type in analyzer.type_definitions.items():
        yield from ((f"{type_name}.{name}", each) for name, each in each_type.properties.items())


@EACH
def test_required_inputs(component: type[pulumi.ComponentResource]) -> None:
    definition, _ = analyze(component)
    assert {name for name, each in definition.inputs.items() if not each.optional} == REQUIRED[component.__name__]


@EACH
def test_few_inputs_are_required(component: type[pulumi.ComponentResource]) -> None:
    """Two at most, but for a role: its network, the administrator's password and its own have no default."""
    assert len(REQUIRED[component.__name__]) <= (3 if component is DockerDatabaseRole else 2)


@EACH
def test_outputs(component: type[pulumi.ComponentResource]) -> None:
    definition, _ = analyze(component)
    assert set(definition.outputs) == OUTPUTS[component.__name__]
    assert not [name for name, each in definition.outputs.items() if each.optional or each.plain]


@EACH
def test_everything_is_described(component: type[pulumi.ComponentResource]) -> None:
    definition, analyzer = analyze(component)
    assert definition.description
    assert not [name for name, each in all_properties(definition, analyzer) if not (each.description or "").strip()]


@EACH
def test_descriptions_are_sentences(component: type[pulumi.ComponentResource]) -> None:
    definition, analyzer = analyze(component)
    texts = {name: (each.description or "").strip() for name, each in all_properties(definition, analyzer)}
    assert not [name for name, text in texts.items() if not text.endswith(".")]


@EACH
def test_secrets_may_come_later(component: type[pulumi.ComponentResource]) -> None:
    """A plain input can't be an output of another resource, nor stay secret."""
    definition, _ = analyze(component)
    secret = [name for name in definition.inputs if name in ("secretKey", "password", "administratorPassword")]
    assert not [name for name in secret if definition.inputs[name].plain]


def test_all_together_are_one_package() -> None:
    provider = ComponentProvider(list(COMPONENTS), PACKAGE)
    assert '"kotauth:index:DockerDeployment"' in (provider.schema or "")


def test_the_settings_of_a_deployment_are_its_inputs() -> None:
    from components.settings import Settings  # noqa: PLC0415 - this test's only

    definition, _ = analyze(COMPONENTS[0])
    assert set(definition.inputs_mapping.values()) == {*Settings.__dataclass_fields__, "labels"}
