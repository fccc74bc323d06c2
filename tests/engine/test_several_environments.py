"""The example with several environments: each is previewed as it differs, and a refused one ends the deployment."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.engine.example_project import copied_example, example_project

pytestmark = pytest.mark.engine


def test_the_environments_are_deployed_in_their_order(tmp_path: Path, pulumi_engine: None) -> None:
    path = copied_example("several-environments", tmp_path)
    # A preview needs no Docker daemon: there is none at this address.
    project = example_project(path, {"DOCKER_HOST": "unix:///nowhere.sock"})

    file = path / "Pulumi.staging.yaml"
    text = file.read_text()
    file.write_text(f"{text}  several-environments:memory: 256\n")
    deployed = project.run(".venv/bin/python", "deploy.py", "preview")
    assert deployed.code == 1
    first, rest = deployed.output.split("\n", 1)
    assert re.fullmatch(r"local: create \d+", first)
    assert rest.startswith("staging: ")
    assert 'memory = "256": must be memory in MB' in rest
    assert "prod" not in rest

    output = project.preview("--json").output
    steps = {step["urn"].rpartition("::")[2]: step for step in json.loads(output[output.index("{") :])["steps"]}
    server = steps["kotauth-server"]["newState"]["inputs"]
    assert server["memory"] == 1024
    assert "prod" in [label["value"] for label in server["labels"]]
    assert "KAUTH_BASE_URL=https://auth.example.org" in server["envs"]
