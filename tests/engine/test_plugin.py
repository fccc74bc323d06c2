"""The components as a plugin: the real CLI installs it from its folder and asks for its schema."""

from __future__ import annotations

import json

import pytest

from components import COMPONENTS, PACKAGE
from tests.project import Project

pytestmark = pytest.mark.engine


def test_the_cli_gets_the_schema(project: Project) -> None:
    output = project.pulumi("package", "get-schema", "./components").output
    schema = json.loads(output[output.index("\n{") :])
    assert schema["name"] == PACKAGE
    resources = schema["resources"]
    assert set(resources) == {f"{PACKAGE}:index:{component.__name__}" for component in COMPONENTS}
    assert all(resource["isComponent"] for resource in resources.values())
    deployment = resources[f"{PACKAGE}:index:DockerDeployment"]
    assert deployment["requiredInputs"] == ["baseUrl"]
    assert all(each.get("description") for each in deployment["inputProperties"].values())
