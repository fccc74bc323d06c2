"""The real CLI runs Python: programs, policy packs and component packages, and leaves nothing behind.

These hold for Pulumi's own language host, too: where the official CLI is installed, they run against that one.
"""

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import toolchain
from toolchain.language_host import child
from toolchain.language_host.virtualenv import Interpreter
from toolchain.pulumi import selection

pytestmark = pytest.mark.engine

RANDOM_ONLY = """
import pulumi
import pulumi_random as random

pulumi.export("password", random.RandomPassword("password", length=20).result)
"""

POLICY_PACK = """
import pulumi
from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy


def tell(args, report):
    if args.resource_type == "pulumi:pulumi:Stack":
        kind = pulumi.Config("fruit").get("kind")
        report(f"seen: {[pulumi.get_project(), pulumi.get_stack(), pulumi.runtime.is_dry_run(), kind]}")


PolicyPack(
    "pack",
    enforcement_level=EnforcementLevel.ADVISORY,
    policies=[ResourceValidationPolicy(name="tell", description="Tells what it sees.", validate=tell)],
)
"""

COMPONENT = """
from typing import TypedDict

import pulumi
from pulumi.provider.experimental import component_provider_host


class ShelfArgs(TypedDict):
    boards: int
    \"\"\"How many.\"\"\"


class Shelf(pulumi.ComponentResource):
    def __init__(self, name: str, args: ShelfArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("furniture:index:Shelf", name, dict(args), opts)


component_provider_host(name="furniture", components=[Shelf])
"""

SLEEPER = """
import pathlib, time

pathlib.Path("running").touch()
time.sleep(600)
"""


@dataclass(frozen=True)
class Cli:
    """The CLI in a folder of its own; every process that it leads to can be told by a variable in its environment."""

    folder: Path
    environment: dict[str, str]
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)

    def start(self, *arguments: str, cwd: Path | None = None) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            ["pulumi", *arguments, "--color", "never"],
            cwd=cwd or self.folder,
            env={**self.environment, "KOTAUTH_TEST_MARK": self.mark},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # An interrupt is meant for the CLI alone, as it would be from a process manager.
            start_new_session=True,
        )

    def run(self, *arguments: str, cwd: Path | None = None, code: int | None = 0) -> str:
        process = self.start(*arguments, cwd=cwd)
        output, _ = process.communicate(timeout=300)
        assert code is None or process.returncode == code, output
        return output

    def left_behind(self, seconds: float = 300.0) -> list[str]:
        """Return the command lines of its processes that are still there after a while."""
        needle = f"KOTAUTH_TEST_MARK={self.mark}".encode()
        deadline = time.monotonic() + seconds
        while True:
            found: list[str] = []
            for process in Path("/proc").glob("[0-9]*"):
                try:
                    if needle in (process / "environ").read_bytes():
                        found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
                except OSError:
                    continue
            if not found or time.monotonic() > deadline:
                return found
            time.sleep(0.1)


MakeProject = Callable[[str], Cli]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, str]]]:
    """A folder with a local state, and the environment for it: what `make env` prints, and nothing of the user's."""
    folder = tmp_path_factory.mktemp("with a space")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("PULUMI_")]:
            patch.delenv(name)
        selection.ensure()
        yield folder, {**os.environ, **toolchain.environment(folder)}


@pytest.fixture
def make_project(home: tuple[Path, dict[str, str]]) -> MakeProject:
    """Makes a project of one program, with a stack, that runs in the virtualenv of the tests."""

    def make(program: str) -> Cli:
        name = f"fruit{uuid.uuid4().hex[:8]}"
        folder = home[0] / name
        write(folder, "Pulumi.yaml", {"name": name, "runtime": runtime(), "config": {"fruit:kind": {"value": "apple"}}})
        (folder / "__main__.py").write_text(program)
        cli = Cli(folder, home[1])
        cli.run("stack", "init", "dev")
        return cli

    return make


def runtime(virtualenv: str = sys.prefix) -> dict[str, object]:
    return {"name": "python", "options": {"toolchain": "pip", "virtualenv": virtualenv}}


def write(folder: Path, name: str, content: object) -> None:
    """Write a YAML file, for which JSON is good enough."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(json.dumps(content))


def test_create_and_then_nothing_to_do(make_project: MakeProject) -> None:
    cli = make_project(RANDOM_ONLY)
    assert "+ 2 to create" in cli.run("preview")
    assert "+ 2 created" in cli.run("up", "--yes", "--skip-preview")
    assert "2 unchanged" in cli.run("preview", "--expect-no-changes")
    password = cli.run("stack", "output", "password", "--show-secrets").strip()
    assert len(password) == 20
    assert password not in cli.run("stack", "export"), "the secret is in the state as it is"
    assert cli.left_behind() == []


def test_an_exception_is_told_once(make_project: MakeProject) -> None:
    output = make_project('raise ValueError("boom")').run("preview", code=None)
    assert "ValueError: boom" in output
    assert "unhandled error" not in output
    assert output.count("Traceback") == 1


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("raise SystemExit(7)", "exit code: 7"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "signal"),
    ],
)
def test_other_ends_have_no_traceback(make_project: MakeProject, program: str, message: str) -> None:
    output = make_project(program).run("preview", code=None)
    assert message in output
    assert "Traceback" not in output


def test_a_missing_virtualenv_is_named(make_project: MakeProject) -> None:
    cli = make_project(RANDOM_ONLY)
    write(cli.folder, "Pulumi.yaml", {"name": cli.folder.name, "runtime": runtime("nowhere")})
    output = cli.run("preview", code=None)
    assert str(cli.folder / "nowhere") in output.replace("\n", "")
    assert "Traceback" not in output


def test_a_policy_pack_sees_the_stack_that_it_judges(make_project: MakeProject) -> None:
    cli = make_project(RANDOM_ONLY)
    pack = cli.folder / "pack"
    write(pack, "PulumiPolicy.yaml", {"runtime": runtime()})
    (pack / "__main__.py").write_text(POLICY_PACK)
    for dry_run, command in ((True, ["preview"]), (False, ["up", "--yes", "--skip-preview"])):
        output = cli.run(*command, "--policy-pack", "pack")
        assert f"seen: ['{cli.folder.name}', 'dev', {dry_run}, 'apple']" in output
    assert cli.left_behind() == []


@pytest.mark.parametrize(
    ("program", "message"),
    [("import no_such_module", "No module named 'no_such_module'"), ("print('hello')", "must not print")],
)
def test_a_broken_policy_pack_stops_the_preview_and_says_why(
    make_project: MakeProject, program: str, message: str
) -> None:
    cli = make_project(RANDOM_ONLY)
    pack = cli.folder / "pack"
    write(pack, "PulumiPolicy.yaml", {"runtime": runtime()})
    (pack / "__main__.py").write_text(program)
    assert message in cli.run("preview", "--policy-pack", "pack", code=1)
    assert cli.left_behind() == []


def test_a_component_in_a_yaml_program(make_project: MakeProject) -> None:
    cli = make_project("")
    package = cli.folder / "furniture"
    write(package, "PulumiPlugin.yaml", {"runtime": runtime()})
    (package / "__main__.py").write_text(COMPONENT)
    resources = {
        "shelf": {"type": "furniture:index:Shelf", "properties": {"boards": 3}},
        "password": {"type": "random:RandomPassword", "properties": {"length": 9}},
        "volume": {"type": "docker:Volume", "properties": {"driver": "local"}},
    }
    packages = {"furniture": "./furniture"}
    write(
        cli.folder,
        "Pulumi.yaml",
        {"name": cli.folder.name, "runtime": "yaml", "packages": packages, "resources": resources},
    )
    assert "+ 4 to create" in cli.run("preview")
    assert cli.left_behind() == []


def test_install_makes_the_virtualenv(make_project: MakeProject) -> None:
    cli = make_project("")
    write(cli.folder, "Pulumi.yaml", {"name": cli.folder.name, "runtime": runtime("venv")})
    (cli.folder / "requirements.txt").write_text("# nothing that would have to be downloaded\n")
    output = cli.run("install")
    assert (cli.folder / "venv" / "bin" / "python").exists()
    assert "virtual environment" in output
    (cli.folder / "requirements.txt").write_text("./no-such-package\n")
    assert "no-such-package" in cli.run("install", code=None)


def test_about_names_the_python_of_the_program(make_project: MakeProject) -> None:
    about = json.loads(make_project("").run("about", "--json"))
    assert about["runtime"]["version"] == ".".join(map(str, sys.version_info[:3]))
    assert "pulumi_random" in {dependency["name"].replace("-", "_") for dependency in about["dependencies"]}


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_an_end_in_the_middle_leaves_neither_processes_nor_a_traceback(
    make_project: MakeProject, end: signal.Signals
) -> None:
    cli = make_project(SLEEPER)
    process = cli.start("preview")
    deadline = time.monotonic() + 300
    while not (cli.folder / "running").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(end)
    output, _ = process.communicate(timeout=300)
    assert cli.left_behind() == []
    assert "Traceback" not in output


def test_a_child_leaves_the_interrupt_to_its_host(tmp_path: Path) -> None:
    program = "import time; print('ready', flush=True); time.sleep(60)"
    process = child.start([sys.executable, "-c", program], cwd=str(tmp_path), env=os.environ, capture=True)
    assert process.stdout
    assert process.stderr
    with process.stdout, process.stderr:
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.3)
        child.end(process)
        assert child.finished(process) == -signal.SIGTERM
        assert process.stderr.read() == b""


def test_a_program_runs_as_in_its_activated_virtualenv(tmp_path: Path) -> None:
    base = {"PATH": "/usr/bin", "PYTHONHOME": "/elsewhere", "OTHER": "stays"}
    expected = {"PATH": f"{tmp_path}/bin:/usr/bin", "VIRTUAL_ENV": str(tmp_path), "OTHER": "stays"}
    assert Interpreter(f"{tmp_path}/bin/python", tmp_path).environment(base) == expected
    assert Interpreter("/usr/bin/python3", None).environment(base) == base
