"""The archive of a function: what is in it, and that it is the same on every machine."""

from __future__ import annotations

import ast
import os
import re
import shutil
import sys
from pathlib import Path

import pulumi
import pytest

from components.aws.functions import archive
from components.aws.functions.archive import POSTGRES_DRIVER, FunctionCode, function_code

COMPONENTS = Path(archive.__file__).parents[2]
BROUGHT_BY_LAMBDA = {"boto3", "botocore"}


def role(ca_bundle: str = "a bundle") -> FunctionCode:
    return function_code(
        "database_role",
        shared=["postgres/role.py", "postgres/role.sql"],
        texts={"ca.pem": ca_bundle},
        distributions=POSTGRES_DRIVER,
    )


def contents(code: FunctionCode) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, asset in code.archive.assets.items():
        assert isinstance(asset, pulumi.StringAsset | pulumi.FileAsset)
        found[name] = asset.text if isinstance(asset, pulumi.StringAsset) else Path(asset.path).read_text()
    return found


def test_it_holds_the_very_files_of_the_components() -> None:
    found = contents(role())
    own = {name: text for name, text in found.items() if name.startswith("kotauth/")}
    assert own.pop("kotauth/aws/functions/database_role/ca.pem") == "a bundle"
    assert {"kotauth/postgres/role.py", "kotauth/postgres/role.sql"} <= set(own)
    assert own == {name: (COMPONENTS / name.removeprefix("kotauth/")).read_text() for name in own}


def test_its_handler_is_in_it() -> None:
    module, _, function = role().handler.rpartition(".")
    assert f"def {function}(" in contents(role())[module.replace(".", "/") + ".py"]


def test_it_imports_only_what_it_carries_and_what_lambda_brings() -> None:
    found = contents(role())
    there = {name.partition("/")[0].removesuffix(".py") for name in found} | BROUGHT_BY_LAMBDA | sys.stdlib_module_names
    for name, text in found.items():
        if name.startswith("kotauth/") and name.endswith(".py"):
            imported = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import | ast.ImportFrom)]
            names = {alias.name for node in imported if isinstance(node, ast.Import) for alias in node.names}
            names |= {str(node.module) for node in imported if isinstance(node, ast.ImportFrom) and not node.level}
            assert {each.partition(".")[0] for each in names} <= there, name


def test_there_is_nothing_compiled_and_nothing_from_elsewhere() -> None:
    names = role().archive.assets
    assert [name for name in names if not re.fullmatch(r"[\w./-]+(\.py|\.sql|\.pem|/METADATA)", name)] == []
    assert not [name for name in role().archive.assets if ".." in name or name.startswith("/")]


def test_the_pinned_versions_are_those_of_the_requirements() -> None:
    pinned = re.findall(r"^([\w-]+)==(\S+)", (COMPONENTS / "requirements.txt").read_text(), re.MULTILINE)
    assert set(POSTGRES_DRIVER.items()) <= set(pinned)


def test_another_checkout_at_another_time_makes_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = role()
    shutil.copytree(COMPONENTS, tmp_path / "elsewhere", ignore=shutil.ignore_patterns("venv", "__pycache__"))
    for file in (tmp_path / "elsewhere").rglob("*"):
        os.utime(file, (0, 0))
    monkeypatch.setattr(archive, "_PACKAGE", tmp_path / "elsewhere")
    there = role()
    assert there.sha256 == here.sha256
    assert contents(there) == contents(here)
    assert list(there.archive.assets) == list(here.archive.assets)


@pytest.mark.parametrize("changed", ["postgres/role.sql", "postgres/role.py", "aws/functions/database_role/session.py"])
def test_an_edit_makes_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: str) -> None:
    here = role()
    shutil.copytree(COMPONENTS, tmp_path / "edited", ignore=shutil.ignore_patterns("venv", "__pycache__"))
    with (tmp_path / "edited" / changed).open("a") as file:
        file.write("-- edited\n")
    monkeypatch.setattr(archive, "_PACKAGE", tmp_path / "edited")
    assert role().sha256 != here.sha256


def test_other_authorities_make_another() -> None:
    assert role("another").sha256 != role().sha256


def test_another_version_of_a_distribution_is_refused() -> None:
    with pytest.raises(pulumi.RunError, match=r"carries pg8000 1\.0\.0, but 1\.31\.6 is installed: install the requ"):
        function_code("database_role", distributions={"pg8000": "1.0.0"})


def test_a_missing_distribution_is_named() -> None:
    with pytest.raises(pulumi.RunError, match=r"no-such-thing 1\.0 is needed for the code of a function"):
        function_code("database_role", distributions={"no-such-thing": "1.0"})
