"""The components as a plugin: the real CLI installs what its folder pins and asks for its schema."""

from __future__ import annotations

import json

import pytest

from components import COMPONENTS, PACKAGE
from tests.project import ROOT, Project

pytestmark = pytest.mark.engine


def test_the_cli_gets_the_schema(project: Project) -> None:
    # What is pinned there is what the tests run with: pip finds all of it, and would fail where it had to download.
    (project.path / "components" / "venv").symlink_to(ROOT / ".venv")
    project.variables["PIP_NO_INDEX"] = "1"
    output = project.pulumi("package", "get-schema", "./components").output
    schema = json.loads(output[output.index("\n{") :])
    assert schema["name"] == PACKAGE
    resources = schema["resources"]
    assert set(resources) == {f"{PACKAGE}:index:{component.__name__}" for component in COMPONENTS}
    assert all(resource["isComponent"] for resource in resources.values())
    deployment = resources[f"{PACKAGE}:index:DockerDeployment"]
    assert deployment["requiredInputs"] == ["baseUrl"]
    assert all(each.get("description") for each in deployment["inputProperties"].values())
