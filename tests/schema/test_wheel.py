"""The package as it is installed elsewhere: under its own name, with everything that it reads."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest
from packaging.metadata import Metadata

import components
from tests.code_blocks import code_blocks
from toolchain.machine.virtualenv import INTO_VIRTUALENV, site_packages

pytestmark = pytest.mark.thorough

ROOT = Path(__file__).parents[2]
COMPONENTS = ROOT / "components"
PAGE = (ROOT / "docs" / "library.md").read_text(encoding="utf-8")
README = (COMPONENTS / "README.md").read_text(encoding="utf-8")
RELEASE = (ROOT / "docs" / "adding.md").read_text(encoding="utf-8").partition("## Release a version")[2]
_MADE = re.compile(r"venv|build|__pycache__|.*\.egg-info|\..*")
NOT_HELD = {
    "LICENSE",
    "README.md",
    "aws/host/scripts/ruff.toml",
    "pyproject.toml",
    "requirements.in",
    "requirements.txt",
}
"""What only the making of the package, and the checks of its code, read; licence and README become metadata."""
_NOT_SOURCE = shutil.ignore_patterns("venv", "build", "__pycache__", "*.egg-info")
VERSION = "2.0.1"
RIGHT = """from pulumi_kotauth import AwsDeploymentArgs, AwsNetwork, DockerDeployment, DockerDeploymentArgs
import pulumi


def inputs(host: str) -> DockerDeploymentArgs:
    return {"base_url": f"https://{host}", "database_version": 17, "labels": {"team": "identity"}}


deployment = DockerDeployment("kotauth", inputs("auth.example.org"), pulumi.ResourceOptions(protect=True))
url: pulumi.Output[str] = deployment.url
network = AwsNetwork("network", {"zones": ["eu-central-1a", "eu-central-1b"]})
first: pulumi.Output[str] = network.private_subnet_ids[0]
stack: AwsDeploymentArgs = {"base_url": "https://auth.example.org"}
"""
WRONG = """from pulumi_kotauth import AwsDatabase, AwsDeployment, DockerDeployment
import pulumi

DockerDeployment("kotauth", {"base_url": 443})
DockerDeployment("kotauth", {"base_url": "https://auth.example.org", "memory": "512"})
DockerDeployment("kotauth", {"baseUrl": "https://auth.example.org"})
DockerDeployment("kotauth", {})
AwsDeployment("kotauth", {"base_url": pulumi.Output.from_input("https://auth.example.org")})
AwsDatabase("identity", {"vpc_id": ["vpc-1"], "subnet_ids": ["subnet-1", "subnet-2"]})
database = AwsDatabase("identity", {"vpc_id": "vpc-1", "subnet_ids": ["subnet-1", "subnet-2"], "version": 17})
text: str = database.host
text = database.hostname.get()
"""
"""Each line that makes a component or a text has a mistake."""


def run(*command: str | Path, cwd: Path, succeeds: bool = True) -> str:
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **INTO_VIRTUALENV},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert (done.returncode == 0) is succeeds, done.stdout + done.stderr
    return done.stdout


def commit(repository: Path, message: str) -> str:
    """Commit everything, and return the id."""
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.org")
    run("git", "add", "--all", cwd=repository)
    run("git", *identity, "commit", "--quiet", "--message", message, cwd=repository)
    return run("git", "rev-parse", "HEAD", cwd=repository).strip()


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository with the package as it is in this checkout, whose only commit has the tag of a version."""
    folder = tmp_path_factory.mktemp("repository")
    shutil.copytree(COMPONENTS, folder / "components", ignore=_NOT_SOURCE)
    shutil.copy(ROOT / ".gitignore", folder)
    run("git", "init", "--quiet", cwd=folder)
    commit(folder, "All of it")
    run("git", "tag", f"v{VERSION}", cwd=folder)
    return folder


@pytest.fixture(scope="module")
def wheel(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the source distribution, and from it the wheel, with the build tools that are installed here."""
    folder = tmp_path_factory.mktemp("wheel")
    copy = folder / "kotauth-infra"
    run("git", "clone", "--quiet", repository, copy, cwd=folder)
    (command,) = re.findall(r"^ *\.venv/bin/python (-m build .*)$", RELEASE, re.MULTILINE)
    run(sys.executable, *command.split(), "--no-isolation", cwd=copy)
    built = sorted(file.name for file in (copy / "dist").iterdir())
    assert built == [f"pulumi_kotauth-{VERSION}-py3-none-any.whl", f"pulumi_kotauth-{VERSION}.tar.gz"]
    return copy / "dist" / built[0]


def environment_of_a_user(folder: Path) -> Path:
    """Return the Python of a new virtualenv, to which other packages come from the one of this checkout.

    What a package needs is there already, as `pulumi install` of its user would bring it, or its installation fails.
    """
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    (packages_of(python) / "others.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


def packages_of(python: Path) -> Path:
    """Return the folder of a virtualenv's packages."""
    return site_packages(python.parents[1])


def install(python: Path, *what: str | Path) -> None:
    """Install as pip does by default, but with nothing from an index."""
    pip = (python, "-m", "pip", "install", "--quiet", "--no-index", "--no-build-isolation")
    run(*pip, *what, cwd=python.parent)


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the Python for which the wheel is installed, and nothing else of this checkout."""
    python = environment_of_a_user(tmp_path_factory.mktemp("installed"))
    install(python, wheel)
    return python


def test_it_holds_the_sources_and_the_data_and_nothing_else(wheel: Path) -> None:
    files = (file.relative_to(COMPONENTS) for file in COMPONENTS.rglob("*") if file.is_file())
    source = {str(file) for file in files if not any(_MADE.fullmatch(part) for part in file.parts)}
    names = zipfile.ZipFile(wheel).namelist()
    held = {name.removeprefix("pulumi_kotauth/") for name in names if name.startswith("pulumi_kotauth/")}
    assert held == source - NOT_HELD
    assert source > NOT_HELD
    assert {name.partition("/")[0].rpartition(".")[2] for name in names} <= {"pulumi_kotauth", "dist-info"}


def test_its_metadata(wheel: Path) -> None:
    """What an index asks for. The build itself refuses a classifier that PyPI does not know."""
    archive = zipfile.ZipFile(wheel)
    (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
    metadata = Metadata.from_email(archive.read(name), validate=True)
    assert (metadata.name, str(metadata.version)) == ("pulumi-kotauth", VERSION)
    assert str(metadata.requires_python) == ">=3.11"
    assert (metadata.license_expression, metadata.license_files) == ("Apache-2.0", ["LICENSE"])
    assert archive.read(name.replace("METADATA", "licenses/LICENSE")) == (ROOT / "LICENSE").read_bytes()
    assert metadata.description_content_type == "text/markdown"
    assert metadata.description == README
    # A relative link leads nowhere there.
    assert re.findall(r"\]\((?!https://)[^)]*\)", README) == []
    assert set(metadata.project_urls or {}) == {"Source", "Documentation", "Changelog", "Kotauth"}
    assert "Typing :: Typed" in (metadata.classifiers or [])
    requirements = {requirement.name: requirement for requirement in metadata.requires_dist or []}
    pinned = re.findall(r"^([\w-]+)==([^ ]+)", (COMPONENTS / "requirements.txt").read_text(), re.MULTILINE)
    allowed = {name for name, version in pinned if name in requirements and version in requirements[name].specifier}
    assert set(requirements) == allowed, "the plugin installs what is pinned"
    assert allowed == {
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
    printed = run(installed, "-c", check, cwd=tmp_path).split()
    names = [component.__name__ for component in components.COMPONENTS]
    assert printed == [str(packages_of(installed) / "pulumi_kotauth" / "__init__.py"), *names]


def test_our_modules_compile_without_warnings(installed: Path, tmp_path: Path) -> None:
    ours = packages_of(installed) / "pulumi_kotauth"
    run(installed, "-W", "error", "-m", "compileall", "-f", "-q", ours, cwd=tmp_path)


def test_a_type_checker_sees_the_types(installed: Path, tmp_path: Path) -> None:
    """The programs of the documents pass the strictest checks. Of the wrong ones, each line is refused."""
    programs = [*code_blocks(PAGE, "python"), *code_blocks(README, "python")]
    # Pulumi's decorator of tests and its mocks have no types of their own.
    for number, program in enumerate(program for program in programs if "@pulumi.runtime.test" not in program):
        (tmp_path / f"documented{number}.py").write_text(program)
    for example in (ROOT / "examples").glob("*/__main__.py"):
        shutil.copy(example, tmp_path / f"{example.parent.name}.py")
    (tmp_path / "typed.py").write_text(RIGHT)
    (tmp_path / "wrong.py").write_text(WRONG)
    where = {"venvPath": str(installed.parents[2]), "venv": installed.parents[1].name}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps({"typeCheckingMode": "strict", **where}))
    report = json.loads(run(sys.executable, "-m", "pyright", "--outputjson", cwd=tmp_path, succeeds=False))
    found = [(Path(each["file"]).name, each["range"]["start"]["line"]) for each in report["generalDiagnostics"]]
    refused = [number for number, line in enumerate(WRONG.splitlines()) if line.startswith(("Docker", "Aws", "text"))]
    assert sorted(set(found)) == [("wrong.py", number) for number in refused], report["generalDiagnostics"]


def test_it_is_installed_from_git(repository: Path, tmp_path: Path) -> None:
    """As the documents say, by a tag and by a commit. pip keeps what has the same version, whatever its commit."""
    line = code_blocks(PAGE, "text")[0].strip()
    for example in (ROOT / "examples").glob("*/requirements.txt"):
        assert line in example.read_text().splitlines() or "kotauth" not in example.read_text(), example
    requirements = tmp_path / "requirements.txt"
    copy = tmp_path / "kotauth-infra"
    run("git", "clone", "--quiet", repository, copy, cwd=tmp_path)
    python = environment_of_a_user(tmp_path / "user")

    def installed_from(reference: str) -> str:
        address = line.replace("https://github.com/example/kotauth-infra", f"file://localhost{copy}")
        assert address.endswith(f"{copy}#subdirectory=components")
        requirements.write_text(address.replace("#", f"@{reference}#"))
        install(python, "--requirement", requirements)
        show = "import importlib.metadata, pulumi_kotauth; print(importlib.metadata.version('pulumi-kotauth'))"
        return run(python, "-c", show, cwd=tmp_path).strip()

    assert installed_from(f"v{VERSION}") == VERSION
    changed = copy / "components" / "schema" / "tokens.py"
    changed.write_text(changed.read_text() + "CHANGED = True\n")
    later = commit(copy, "Another")
    assert installed_from(later) == f"2.0.2.dev1+g{later[:9]}"
    assert (packages_of(python) / "pulumi_kotauth" / "schema" / "tokens.py").read_text() == changed.read_text()


@pytest.mark.parametrize("folder", ["components", "policy"])
def test_what_is_copied_alone_has_the_licence(folder: str) -> None:
    assert (ROOT / folder / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
