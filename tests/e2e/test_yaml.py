"""The example in YAML, from nothing to a login and back."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from simulators.docker_command import docker
from simulators.kotauth.client import Client
from tests.code_blocks import code_blocks
from tests.e2e.git_host import git_host, repository
from tests.ports import free_port
from tests.project import ROOT, Project

pytestmark = [pytest.mark.docker, pytest.mark.engine]

SOURCE = ROOT / "examples" / "docker-from-yaml"
NAME = f"yaml-{os.getpid()}"


@pytest.fixture
def example(tmp_path: Path, pulumi_engine: None) -> Iterator[Project]:
    """Yield a copy of the example, with a copy of the components where the repository has them."""
    components = tmp_path / "components"
    shutil.copytree(ROOT / "components", components, ignore=shutil.ignore_patterns("venv", "build", "__pycache__"))
    # What pip would install is what the tests run with.
    plugin = components / "PulumiPlugin.yaml"
    plugin.write_text(plugin.read_text().replace("virtualenv: venv", f"virtualenv: {ROOT / '.venv'}"))
    path = tmp_path / "examples" / SOURCE.name
    shutil.copytree(SOURCE, path)
    project = Project(path, NAME, {"PIP_NO_INDEX": "1"})
    # The components become a plugin as well, which no other test shall find.
    plugins = Path(project.environment.get("PULUMI_HOME", Path.home() / ".pulumi")) / "plugins"
    project.variables["PULUMI_HOME"] = str(tmp_path / "home")
    shutil.copytree(plugins, tmp_path / "home" / "plugins", copy_function=os.symlink)
    project.pulumi("stack", "init", NAME)
    yield project
    project.destroy(check=False)


def refused(project: Project, **properties: Any) -> str:
    """Return what a preview prints that refuses the deployment with these properties beside its own."""
    file = project.path / "Pulumi.yaml"
    written = file.read_text()
    file.write_text(changed(written, **properties))
    preview = project.preview(check=False)
    file.write_text(written)
    assert preview.code
    assert [word for word in ("Traceback", "Unexpected", "File ") if word in preview.output] == []
    return preview.output


def changed(program: str, **properties: Any) -> str:
    """Return the program with these properties of the deployment beside its own."""
    content = yaml.safe_load(program)
    content["resources"]["kotauth"]["properties"] |= properties
    return yaml.safe_dump(content, sort_keys=False)


def test_the_example(example: Project, images: dict[str, str], tmp_path: Path) -> None:
    # In a clone, it finds the components by their path.
    output = refused(example, memory=256, databaseVersion=13)
    assert 'memory = "256": must be memory in MB, a whole number from 512' in output
    assert 'databaseVersion = "13": must be a major version of PostgreSQL, a whole number from 14 to 17' in output
    # The value of a secret is read later than plain values.
    assert 'secretKey = "[secret]": must have ' in refused(example, secretKey={"fn::secret": "short"})

    # Elsewhere, it finds them in git. Its page says how.
    program = (SOURCE / "Pulumi.yaml").read_text().replace("packages:\n  kotauth: ../../components\n", "")
    settings = {**images, "databaseVersion": 14, "backups": False, "httpPort": free_port(), "labels": {"team": NAME}}
    (example.path / "Pulumi.yaml").write_text(changed(program, **settings))
    repository(tmp_path, "example/kotauth-infra", "components", "v0.1.0")
    add = code_blocks((SOURCE / "README.md").read_text(), "sh")[0].split()[:4]
    with git_host(tmp_path, "github.com") as variables:
        added = example.run(*add, variables=variables)
    assert added.code == 0, added.output
    assert yaml.safe_load((example.path / "Pulumi.yaml").read_text())["packages"] == {
        "kotauth": "github.com/example/kotauth-infra/components@0.1.0"
    }

    example.configure(baseUrl=f"https://kotauth.localhost:{free_port()}")
    example.up()
    outputs = example.outputs()
    url = urlsplit(outputs["url"])
    client = Client(str(url.hostname), url.port or 443, outputs["caCertificate"])
    assert client.finds_it_ready()
    assert client.login(outputs["adminPassword"]).status == 302
    assert outputs["adminPassword"] not in example.pulumi("stack", "output").output
    example.preview("--expect-no-changes")

    example.destroy()
    ours = ("--quiet", "--filter", f"label=team={NAME}")
    assert docker("ps", "--all", *ours) == docker("volume", "ls", *ours) == docker("network", "ls", *ours) == ""
