"""The engine takes the archive of a function for the same wherever and whenever its files were written."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
from pathlib import Path

import pytest

from components.aws.functions.archive import POSTGRES_DRIVER
from tests.project import Project

pytestmark = pytest.mark.engine

PROGRAM = """
import pulumi
from components.aws.functions.archive import POSTGRES_DRIVER, function_code

shared = ["postgres/role.py", "postgres/role.sql"]
code = function_code("database_role", shared=shared, texts={"ca.pem": "a bundle"}, distributions=POSTGRES_DRIVER)
pulumi.ComponentResource("test:index:Function", "function", {"code": code.archive})
pulumi.export("files", sorted(asset.path for asset in code.archive.assets.values() if hasattr(asset, "path")))
"""


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory, pulumi_engine: None) -> tuple[Project, str]:
    """Return a checkout as it is, and the hash there."""
    project = Project.create(tmp_path_factory.mktemp("archive") / "project")
    return project, hash_of(project)


def hash_of(project: Project) -> str:
    """Return the hash that the engine keeps of the archive."""
    (project.path / "__main__.py").write_text(PROGRAM)
    project.up()
    resources = project.state()["deployment"]["resources"]
    (function,) = [resource for resource in resources if resource["type"] == "test:index:Function"]
    return function["inputs"]["code"]["hash"]


def copy_of_the_driver(folder: Path) -> None:
    """Install the distributions once more, elsewhere."""
    for name in POSTGRES_DRIVER:
        for file in importlib.metadata.distribution(name).files or []:
            if ".." not in file.parts and "__pycache__" not in file.parts:
                (folder / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(str(file.locate()), folder / file)


def test_another_checkout_with_other_times_has_the_same_hash(tmp_path: Path, ours: tuple[Project, str]) -> None:
    elsewhere = Project.create(tmp_path / "elsewhere" / "project")
    copy_of_the_driver(tmp_path / "site")
    for file in (*(tmp_path / "site").rglob("*"), *(elsewhere.path / "components").rglob("*")):
        os.utime(file, (10**9, 10**9))
    elsewhere.variables["PYTHONPATH"] = str(tmp_path / "site")
    project, hash = ours
    assert hash_of(elsewhere) == hash
    # All of them were other files.
    files = [set(each.outputs()["files"]) for each in (project, elsewhere)]
    assert len(files[0]) > 50
    assert not files[0] & files[1]


def test_an_edit_has_another_hash(project: Project, ours: tuple[Project, str]) -> None:
    with (project.path / "components" / "postgres" / "role.sql").open("a") as script:
        script.write("-- edited\n")
    assert hash_of(project) != ours[1]
