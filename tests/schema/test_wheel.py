"""The package as it is installed elsewhere: under its own name, with everything that it reads."""

from __future__ import annotations

import email.parser
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import components

pytestmark = pytest.mark.thorough

ROOT = Path(__file__).parents[2]
COMPONENTS = ROOT / "components"
_MADE = re.compile(r"venv|build|__pycache__|.*\.egg-info|\..*")
NOT_HELD = {"pyproject.toml", "requirements.in", "requirements.txt", "aws/host/scripts/ruff.toml"}
"""What only the making of the package, and the checks of its code, read."""
_NOT_SOURCE = shutil.ignore_patterns("venv", "build", "__pycache__", "*.egg-info")


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from a copy, with the build tools that are installed here: nothing is downloaded."""
    folder = tmp_path_factory.mktemp("wheel")
    shutil.copytree(COMPONENTS, folder / "source", ignore=_NOT_SOURCE)
    run(
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        folder / "dist",
        folder / "source",
        cwd=folder,
    )
    (built,) = (folder / "dist").iterdir()
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("installed")
    run(
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--target",
        target,
        wheel,
        cwd=target,
    )
    return target


def test_it_holds_the_sources_and_the_data_and_nothing_else(wheel: Path) -> None:
    files = (file.relative_to(COMPONENTS) for file in COMPONENTS.rglob("*") if file.is_file())
    source = {str(file) for file in files if not any(_MADE.fullmatch(part) for part in file.parts)}
    names = zipfile.ZipFile(wheel).namelist()
    held = {name.removeprefix("pulumi_kotauth/") for name in names if name.startswith("pulumi_kotauth/")}
    assert held == source - NOT_HELD
    assert source > NOT_HELD
    assert {name.partition("/")[0].rpartition(".")[2] for name in names} <= {"pulumi_kotauth", "dist-info"}


def test_its_metadata(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
    metadata = email.parser.Parser().parsestr(archive.read(name).decode())
    assert metadata["Name"] == "pulumi-kotauth"
    assert metadata["Requires-Python"] == ">=3.11"
    required = " ".join(metadata.get_all("Requires-Dist") or [])
    names = set(re.findall(r"(?:^| )([\w-]+)(?=[<>~=])", required))
    pinned = re.findall(r"^([\w-]+)==", (COMPONENTS / "requirements.txt").read_text(), re.MULTILINE)
    assert names <= set(pinned), "the plugin installs what is pinned"
    assert names == {
        "pulumi",
        "pulumi-aws",
        "pulumi-docker",
        "pulumi-random",
        "dnspython",
        "typing-extensions",
        "cryptography",
        "pg8000",
        "scramp",
        "asn1crypto",
        "python-dateutil",
        "six",
    }


def test_it_imports_elsewhere_without_warnings(installed: Path, tmp_path: Path) -> None:
    check = (
        "import pulumi, pulumi_docker, pulumi_random, docker, warnings\n"  # whose warnings are theirs
        "warnings.simplefilter('error')\n"
        "warnings.filterwarnings('ignore', module='pulumi_aws')\n"  # loaded part by part, with warnings of their own
        "import importlib, pkgutil, pulumi_kotauth\n"
        "for module in pkgutil.walk_packages(pulumi_kotauth.__path__, 'pulumi_kotauth.'):\n"
        "    if not module.name.endswith('__main__'):\n"
        "        importlib.import_module(module.name)\n"
        "import sys\n"
        "assert 'components' not in sys.modules\n"
        "print(pulumi_kotauth.__file__)\n"
        # And its `__main__`, the plugin, serves from wherever it lies.
        "import os, runpy\n"
        "module = runpy.run_path(os.path.join(*pulumi_kotauth.__path__, '__main__.py'), run_name='plugin')\n"
        "print(*(c.__name__ for c in module['package'].COMPONENTS))\n"
    )
    printed = run(sys.executable, "-c", check, cwd=tmp_path, PYTHONPATH=str(installed)).split()
    names = [component.__name__ for component in components.COMPONENTS]
    assert printed == [str(installed / "pulumi_kotauth" / "__init__.py"), *names]


def test_our_modules_compile_without_warnings(installed: Path, tmp_path: Path) -> None:
    run(sys.executable, "-W", "error", "-m", "compileall", "-f", "-q", installed / "pulumi_kotauth", cwd=tmp_path)
