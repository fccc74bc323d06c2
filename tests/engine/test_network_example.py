"""The example with a VPC and a deployment in one program, previewed while no id of the network exists."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from cli import offline
from tests.engine.aws_stack import ZONE, ZONE_ID, name_of
from tests.engine.example_project import copied_example, example_project
from tests.project import ROOT

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory, pulumi_engine: None) -> dict[str, dict[str, Any]]:
    """Return the steps of the first preview, by resource; `make offline` previews without an account."""
    path = copied_example("network-and-deployment", tmp_path_factory.mktemp("examples"))
    project = example_project(path)
    project.configure(baseUrl=f"https://auth.{ZONE}", zoneId=ZONE_ID)
    command = [sys.executable, "-m", "cli.offline", path, "prod", "--json"]
    done = subprocess.run(command, cwd=ROOT, env=project.environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr.startswith("OFFLINE: a simulator answers for AWS.")
    return {name_of(step["urn"]): step for step in json.loads(done.stdout)["steps"]}


def test_the_network_and_the_deployment_are_planned_together(steps: dict[str, dict[str, Any]]) -> None:
    assert {step["op"] for step in steps.values()} == {"create"}
    assert {"Vpc identity", "Group kotauth-server", "Instance kotauth-database-instance"} <= steps.keys()
    assert len([name for name in steps if name.startswith("Vpc ")]) == 1


def test_only_what_is_known_early_is_in_the_plan(steps: dict[str, dict[str, Any]]) -> None:
    assert "cidrBlock" in steps["Subnet identity-public-eu-central-1a"]["newState"]["inputs"]
    balancer = steps["LoadBalancer kotauth"]["newState"]["inputs"]
    assert "subnet-" not in json.dumps(balancer.get("subnets"))
    files = [step["newState"]["inputs"]["content"] for name, step in steps.items() if name.startswith("BucketObject")]
    assert [text for text in files if "trusted_proxies static 10.80.0.0/24 10.80.1.0/24" in text] != []


@pytest.mark.parametrize("folder", ["", "/nowhere"])
def test_a_folder_without_a_project_is_named(folder: str) -> None:
    with pytest.raises(SystemExit, match=f"error: PROJECT={folder}: there is no Pulumi.yaml: give the folder"):
        offline.main([folder, "prod"])


def test_a_shell_without_pulumi_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(SystemExit, match=r"error: pulumi is not on the PATH: .*\n  make engine"):
        offline.main([str(ROOT), "prod"])
