"""What other languages see of the components: Pulumi infers their schema from the annotations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pulumi
import pytest
from pulumi.provider.experimental.analyzer import Analyzer, ComponentDefinition, PropertyDefinition
from pulumi.provider.experimental.component import ComponentProvider

from components import COMPONENTS, PACKAGE, AwsDeployment, AwsObservability, DockerDeployment
from components.aws.observability.alarms import ALARMS
from components.aws.settings import AwsSettings
from components.docker.settings import DockerSettings
from components.inputs.declaration import declared_values

WITHOUT_DEFAULT = {
    "DockerDatabaseRole": 3,
    "DockerLogRoute": 4,
    "AwsDatabaseRole": 8,
    "AwsServerGroup": 5,
    "DockerBackups": 3,
    "AwsSingleHost": 4,
    "AwsLaunchTemplate": 3,
    "AwsLoadBalancer": 3,
}
"""Components in a given network, or between other components, which they can't guess."""
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
def test_few_inputs_are_required(component: type[pulumi.ComponentResource]) -> None:
    """Two at most, but for parts of something that they can't guess."""
    definition, _ = analyze(component)
    required = [name for name, each in definition.inputs.items() if not each.optional]
    assert len(required) <= WITHOUT_DEFAULT.get(component.__name__, 2), required


@EACH
def test_every_output_is_always_there(component: type[pulumi.ComponentResource]) -> None:
    definition, _ = analyze(component)
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
    secret = [
        name
        for name in definition.inputs
        if name in ("secretKey", "certificateKey", "password", "administratorPassword")
    ]
    assert not [name for name in secret if definition.inputs[name].plain]


def test_all_together_are_one_package() -> None:
    provider = ComponentProvider(list(COMPONENTS), PACKAGE)
    assert '"kotauth:index:DockerDeployment"' in (provider.schema or "")


@pytest.mark.parametrize(
    ("deployment", "settings", "besides"),
    [(DockerDeployment, DockerSettings, "labels"), (AwsDeployment, AwsSettings, "tags")],
)
def test_the_settings_of_a_deployment_are_its_inputs(
    deployment: type[pulumi.ComponentResource], settings: type[DockerSettings | AwsSettings], besides: str
) -> None:
    definition, _ = analyze(deployment)
    assert set(definition.inputs_mapping.values()) == {*declared_values(settings), besides}


def told_defaults(component: type[pulumi.ComponentResource]) -> dict[str, str]:
    """Return the defaults that the descriptions of the inputs give as a value, by Python's name."""
    definition, _ = analyze(component)
    texts = {python: definition.inputs[name].description or "" for name, python in definition.inputs_mapping.items()}
    value = re.compile(r"Default `?(true|false|[\w/:.-]*\d[\w/:.-]*?)`?\.(?: |$)")
    return {name: match[1] for name, text in texts.items() if (match := value.search(text))}


def written(value: Any) -> str:
    value = getattr(value, "reference", value)
    if isinstance(value, list):
        return ",".join(value)
    return f"{value:g}" if isinstance(value, float) else str(value).lower() if isinstance(value, bool) else str(value)


@pytest.mark.parametrize(
    ("deployment", "settings", "least"),
    [
        (DockerDeployment, DockerSettings, {"acme_email": "ops@example.com"}),
        (AwsDeployment, AwsSettings, {"zone_id": "Z1", "availability_zones": "eu-central-1a,eu-central-1b"}),
    ],
)
def test_the_defaults_of_a_deployment_are_the_settings_own(
    deployment: type[pulumi.ComponentResource],
    settings: type[DockerSettings | AwsSettings],
    least: dict[str, str],
) -> None:
    resolved = settings.resolve({"base_url": "https://auth.example.com", **least}, "it")
    values = {**vars(resolved.server), **vars(resolved)}
    told = told_defaults(deployment)
    assert len(told) > 6
    assert told == {name: written(values[name]) for name in told}


def test_the_default_of_a_threshold_is_the_alarm_s_own() -> None:
    assert told_defaults(AwsObservability) == {each.key: written(each.default) for each in ALARMS if each.parse}
