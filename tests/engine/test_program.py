"""The program as it comes: what the default stack is made of, and that looking at it changes nothing."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from cli.pictures import graph
from tests.ports import free_port
from tests.project import ROOT, Project
from toolchain.machine import docker

pytestmark = pytest.mark.engine

DEPLOYMENT = "kotauth:index:DockerDeployment"
CONTAINER = "docker:index/container:Container"
VOLUME = "docker:index/volume:Volume"
EXPECTED = {
    "pulumi:pulumi:Stack": {"kotauth-test"},
    DEPLOYMENT: {"kotauth"},
    "kotauth:index:KotauthCredentials": {"kotauth"},
    "kotauth:index:DockerNetwork": {"kotauth-frontend-network", "kotauth-database-network"},
    "kotauth:index:DockerDatabase": {"kotauth-postgres"},
    "kotauth:index:DockerDatabaseRole": {"kotauth-database-role"},
    "kotauth:index:DockerContainer": {"kotauth-postgres", "kotauth-server", "kotauth-frontend"},
    "kotauth:index:DockerFiles": {
        "kotauth-postgres-secrets",
        "kotauth-database-role-files",
        "kotauth-database-role-key",
        "kotauth-server-secrets",
        "kotauth-frontend-next-config",
    },
    "kotauth:index:DockerCaCertificate": {"kotauth-ca-certificate"},
    "random:index/randomPassword:RandomPassword": {
        "kotauth-secret-key",
        "kotauth-admin-password",
        "kotauth-checklist-api-key",
        "kotauth-database-password",
        "kotauth-postgres-administrator-password",
    },
    "docker:index/network:Network": {"kotauth-frontend-network", "kotauth-database-network"},
    VOLUME: {
        "kotauth-postgres-data",
        "kotauth-postgres-secrets",
        "kotauth-database-role-files",
        "kotauth-database-role-key",
        "kotauth-server-secrets",
        "kotauth-frontend-data",
        "kotauth-frontend-config",
        "kotauth-frontend-control",
    },
    CONTAINER: {
        "kotauth-postgres-secrets-carrier",
        "kotauth-postgres-data-owner",
        "kotauth-postgres",
        "kotauth-database-role-files-carrier",
        "kotauth-database-role-key-carrier",
        "kotauth-database-role",
        "kotauth-server-secrets-carrier",
        "kotauth-server-key-guard",
        "kotauth-server",
        "kotauth-frontend-data-owner",
        "kotauth-frontend-config-owner",
        "kotauth-frontend-next-config-carrier",
        "kotauth-frontend-reload",
        "kotauth-frontend",
        "kotauth-ca-certificate",
    },
}


@pytest.fixture(scope="module")
def previewed(
    tmp_path_factory: pytest.TempPathFactory, pulumi_engine: None, daemon: docker.Daemon
) -> tuple[Project, dict[str, Any]]:
    """Return the default stack, on ports that are free, and its preview. The daemon is only asked for its ports."""
    project = Project.create(tmp_path_factory.mktemp("program") / "project")
    project.variables["DOCKER_HOST"] = daemon.host
    project.configure(baseUrl=f"https://kotauth.localhost:{free_port()}", httpPort=str(free_port()))
    output = project.preview("--json").output
    return project, json.loads(output[output.index("{") :])


def fingerprints(folder: Path) -> dict[str, str]:
    """Return relative path to hash of everything that belongs to the program."""
    files = [folder / "Pulumi.yaml", folder / "__main__.py", *(folder / "components").rglob("*")]
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in files
        if file.is_file() and not {"__pycache__", "venv", "build"} & set(file.relative_to(folder).parts)
    }


def test_the_default_stack(previewed: tuple[Project, dict[str, Any]]) -> None:
    project, preview = previewed
    assert {step["op"] for step in preview["steps"]} == {"create"}
    found: dict[str, set[str]] = {}
    for step in preview["steps"]:
        state = step["newState"]
        found.setdefault(state["type"], set()).add(state["urn"].rpartition("::")[2])
    assert found == EXPECTED
    assert preview["changeSummary"] == {"create": sum(map(len, EXPECTED.values()))}

    assert not project.state()["deployment"].get("resources")
    assert fingerprints(project.path) == fingerprints(ROOT)
    changed = {file.name for file in project.path.iterdir()} - {"Pulumi.yaml", "__main__.py", "components"}
    assert changed <= {".venv", ".pulumi-local", "Pulumi.test.yaml", "__pycache__"}

    # All that a plan shows must be free of secrets.
    assert "kotauth:secretKey" in preview["config"]
    for step in preview["steps"]:
        environment = step["newState"].get("inputs", {}).get("envs") or []
        assert not [entry for entry in environment if "PASSWORD=" in str(entry) or "SECRET_KEY=" in str(entry)]


def test_what_is_protected_is_so_in_the_engine(previewed: tuple[Project, dict[str, Any]]) -> None:
    _, preview = previewed
    protected = {
        step["newState"]["urn"].rpartition("::")[2] for step in preview["steps"] if step["newState"].get("protect")
    }
    assert protected == {
        "kotauth-secret-key",
        "kotauth-admin-password",
        "kotauth-checklist-api-key",
        "kotauth-postgres-administrator-password",
        "kotauth-postgres-data",
        "kotauth-frontend-data",
    }


def test_the_picture_in_the_docs(previewed: tuple[Project, dict[str, Any]]) -> None:
    _, preview = previewed
    picture = graph.section("dev", [step["newState"] for step in preview["steps"]])
    assert picture in (ROOT / "docs/pictures.md").read_text(encoding="utf-8"), "run `make pictures`"
