"""The examples on a Docker host, previewed by the real engine as their README says. A preview needs no Docker."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.code_blocks import code_blocks
from tests.e2e.docker_page import documented
from tests.engine.example_project import copied_example, example_project
from tests.project import ROOT, Project

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("pulumi_engine")]

NO_DOCKER = {"DOCKER_HOST": "unix:///nonexistent"}


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory, pulumi_engine: None) -> dict[str, dict[str, Any]]:
    """Return what a preview of Kotauth beside an application makes, by type and name, and its inputs."""
    path = copied_example("beside-an-application", tmp_path_factory.mktemp("examples"))
    project = example_project(path, NO_DOCKER)
    project.configure(domain="example.org", email="operations@example.org")
    output = project.preview("--json").output
    steps = json.loads(output[output.index("{") :])["steps"]
    assert {step["op"] for step in steps} == {"create"}
    states = [step["newState"] for step in steps]
    return {
        f"{state['type'].rpartition(':')[2]} {state['urn'].rpartition('::')[2]}": state.get("inputs", {})
        for state in states
    }


def test_the_application_and_kotauth_share_proxy_and_network(beside: dict[str, dict[str, Any]]) -> None:
    assert "DockerDeployment kotauth" in beside
    assert {name for name in beside if name.startswith("Network ")} == {
        "Network proxy",
        "Network kotauth-database-network",
    }
    assert [name for name, inputs in beside.items() if inputs.get("ports")] == ["Container proxy"]
    shared = {
        name
        for name, inputs in beside.items()
        if any(attached["name"] == "proxy" for attached in inputs.get("networksAdvanced", []))
    }
    assert shared == {"Container proxy", "Container application", "Container kotauth-server"}


def test_the_application_gets_the_address_and_traefik_finds_both(beside: dict[str, dict[str, Any]]) -> None:
    assert beside["Container application"]["envs"] == ["OIDC_PROVIDER=https://auth.example.org"]
    settings, _ = (upload["content"] for upload in beside["Container proxy"]["uploads"])
    for name, host in (("application", "app"), ("kotauth-server", "auth")):
        labels = {each["label"]: each["value"] for each in beside[f"Container {name}"]["labels"]}
        (router,) = {label.removesuffix(".rule") for label in labels if label.endswith(".rule")}
        assert labels[f"{router}.rule"] == f"Host(`{host}.example.org`)"
        assert labels[f"{router}.entrypoints"] in json.loads(settings)["entryPoints"]
        assert labels[f"{router}.tls.certresolver"] in json.loads(settings)["certificatesResolvers"]


def test_the_proxy_has_what_kotauth_needs(beside: dict[str, dict[str, Any]]) -> None:
    """The parts of the configuration in own-proxy.md that are not the user's own choice; tests/e2e runs that one."""
    content, _ = (upload["content"] for upload in beside["Container proxy"]["uploads"])
    settings, documented_settings = json.loads(content), yaml.safe_load(documented("certificatesResolvers:", "yaml"))
    assert settings["serversTransport"] == documented_settings["serversTransport"]
    assert settings["entryPoints"]["websecure"] == documented_settings["entryPoints"]["websecure"]
    assert settings["providers"]["docker"] == documented_settings["providers"]["docker"]


@pytest.fixture
def checked(tmp_path: Path) -> Project:
    """Return the foreign stack with a copy of the pack in it."""
    path = copied_example("policy-pack-on-your-stack", tmp_path)
    shutil.copytree(ROOT / "policy", path / "policy", ignore=shutil.ignore_patterns("venv", "__pycache__"))
    (path / "policy" / "venv").symlink_to(ROOT / ".venv")
    return example_project(path, NO_DOCKER)


def test_the_pack_alone_checks_a_foreign_stack(checked: Project) -> None:
    readme = (checked.path / "README.md").read_text(encoding="utf-8")
    (preview,) = (block for block in code_blocks(readme, "sh") if "pulumi preview" in block)
    passed = checked.run("bash", "-ec", preview)
    assert passed.code == 0, passed.output
    assert "✅ kotauth" in passed.output
    assert passed.summary["create"] == 5

    program = checked.path / "__main__.py"
    mistake = "        read_only=True,\n"
    text = program.read_text(encoding="utf-8")
    assert text.count(mistake) == 1
    program.write_text(text.replace(mistake, ""), encoding="utf-8")
    refused = checked.run("bash", "-ec", preview)
    assert refused.code != 0
    for service in ("queue", "worker"):
        assert f"mount-root-read-only  (docker:index:Container: {service})" in refused.output
    assert refused.output.count("[mandatory]") == 2, refused.output
