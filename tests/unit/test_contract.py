"""What all components have in common, so that none can forget it."""

from __future__ import annotations

import ast
import functools
import inspect
import re
import subprocess
import sys
import typing
from collections.abc import Iterator
from pathlib import Path

import pulumi
import pytest

import components
from components import COMPONENTS

FOLDER = Path(components.__file__).parent
ROOT = FOLDER.parent
MODULES = sorted(
    file for file in FOLDER.rglob("*.py") if not {"venv", "build", "__pycache__"} & set(file.relative_to(FOLDER).parts)
)
COMPONENT_MODULES = sorted({Path(inspect.getfile(component)) for component in COMPONENTS})
ASK_THE_MACHINE = {
    "config/stack.py",
    "aws/preflight.py",
    "docker/preflight.py",
    "docker/daemon/address.py",
    "__main__.py",
}
"""Modules that ask the stack and the machine; components get these values as inputs."""
KNOW_THE_SETTINGS = {
    "settings.py",
    "target.py",
    "deployment.py",
    "preflight.py",
    "name_warnings.py",
    "known_early.py",
    "frontend.py",
}
"""Modules that read the settings or pass them on; parts get what they need as inputs."""
ON_THE_OTHER_SIDE = ("aws/functions/", "aws/host/scripts/")
"""What runs in Lambda and on hosts, without Pulumi."""

Component = type[pulumi.ComponentResource]
EACH = pytest.mark.parametrize("component", COMPONENTS, ids=lambda component: component.__name__)
EACH_MODULE = pytest.mark.parametrize("module", MODULES, ids=lambda file: str(file.relative_to(FOLDER)))


@functools.cache
def tree(module: Path) -> ast.Module:
    return ast.parse(module.read_text(), str(module))


@EACH
def test_a_component_registers_the_token_of_its_name(component: Component) -> None:
    (call,) = (
        node
        for node in ast.walk(ast.parse(inspect.getsource(component)))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "super().__init__"
    )
    assert ast.unparse(call.args[0]) == f"token('{component.__name__}')"
    assert ast.unparse(call.args[1]) == "name"
    assert isinstance(call.args[2], ast.Dict), "the inputs, so that policies see them"
    assert ast.unparse(call.args[3]) == "opts"


def test_no_component_is_forgotten() -> None:
    declared = {
        node.name
        for module in MODULES
        for node in ast.walk(tree(module))
        if isinstance(node, ast.ClassDef) and any("ComponentResource" in ast.unparse(base) for base in node.bases)
    }
    assert declared == {component.__name__ for component in COMPONENTS}
    assert declared | {f"{name}Args" for name in declared} <= set(components.__all__)


@EACH
def test_signature(component: Component) -> None:
    args = f"{component.__name__}Args"
    signature = inspect.signature(component.__init__)
    assert list(signature.parameters) == ["self", "name", "args", "opts"]
    assert signature.parameters["name"].annotation is str
    assert signature.parameters["args"].annotation.__name__ == args
    assert signature.parameters["opts"].annotation == pulumi.ResourceOptions | None
    assert signature.parameters["opts"].default is None
    defaults = {name: signature.parameters[name].default for name in ("name", "args")}
    assert set(defaults.values()) == {inspect.Parameter.empty}


@EACH
def test_the_inputs_are_a_typed_dict_right_above(component: Component) -> None:
    body = tree(Path(inspect.getfile(component))).body
    names = [node.name if isinstance(node, ast.ClassDef) else "" for node in body]
    assert names[names.index(component.__name__) - 1] == f"{component.__name__}Args"
    args = inspect.signature(component.__init__).parameters["args"].annotation
    assert typing.is_typeddict(args)


@EACH
def test_outputs_are_public_outputs(component: Component) -> None:
    for name, annotation in component.__annotations__.items():
        assert typing.get_origin(annotation) is pulumi.Output, name
        assert not name.startswith("_"), name


@pytest.mark.parametrize("module", COMPONENT_MODULES, ids=lambda file: str(file.relative_to(FOLDER)))
def test_annotations_are_types_and_no_text(module: Path) -> None:
    """Pulumi's schema inference reads them as they are."""
    futures = [
        node for node in ast.walk(tree(module)) if isinstance(node, ast.ImportFrom) and node.module == "__future__"
    ]
    assert futures == []
    assert "TYPE_CHECKING" not in module.read_text()


def imports(module: Path) -> Iterator[tuple[int, str]]:
    """Yield the level (0 is absolute) and the name of everything that a module imports."""
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            yield from ((0, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.level, node.module or ""


@EACH_MODULE
def test_only_relative_imports_of_its_own(module: Path) -> None:
    """The package has two names: a module that names one of them would load it twice."""
    absolute = {name.partition(".")[0] for level, name in imports(module) if level == 0}
    assert not absolute & {"cli", "components", "policy", "pulumi_kotauth", "simulators", "tests", "toolchain"}


@EACH_MODULE
def test_a_component_is_told_everything(module: Path) -> None:
    place = module.relative_to(FOLDER).as_posix()
    if place in ASK_THE_MACHINE or place.startswith(ON_THE_OTHER_SIDE):
        return
    names = {ast.unparse(node) for node in ast.walk(tree(module)) if isinstance(node, (ast.Attribute, ast.Name))}
    assert not names & {
        "pulumi.Config",
        "os.environ",
        "os.getenv",
        "pulumi.get_stack",
        "pulumi.get_project",
        "pulumi.Provider",
    }
    assert not {"boto3", "os"} & {name.partition(".")[0] for _, name in imports(module)}


@EACH_MODULE
def test_a_part_knows_no_settings(module: Path) -> None:
    imported = {
        name.rpartition(".")[2]
        for node in ast.walk(tree(module))
        if isinstance(node, (ast.ImportFrom, ast.Import))
        for name in [getattr(node, "module", None) or "", *(alias.name for alias in node.names)]
    }
    known = imported & {file.stem for file in MODULES if file.stem.endswith("settings")}
    assert module.name in KNOW_THE_SETTINGS or not known


@EACH_MODULE
def test_no_module_hides_one_of_the_standard_library(module: Path) -> None:
    relative = module.relative_to(FOLDER)
    names = {part.removesuffix(".py") for part in relative.parts} - {"__init__", "__main__"}
    assert not names & sys.stdlib_module_names


@EACH_MODULE
def test_each_module_says_what_it_holds(module: Path) -> None:
    assert ast.get_docstring(tree(module))


def test_the_two_names_of_the_package_never_meet() -> None:
    """The repository says `components`; `pulumi_kotauth` is only ever imported in a process of its own."""
    program = [ROOT / "__main__.py", *(ROOT / "policy").rglob("*.py"), *(ROOT / "tests").rglob("*.py")]
    importing = [file for file in program if re.search(r"^\s*(?:from|import) pulumi_kotauth\b", file.read_text(), re.M)]
    # The programs that tests write import it in a text.
    imported = {
        getattr(node, "module", None) or node.names[0].name
        for file in importing
        for node in ast.walk(tree(file))
        if isinstance(node, (ast.ImportFrom, ast.Import))
    }
    assert [name for name in imported if name.startswith("pulumi_kotauth")] == []
    assert "pulumi_kotauth" not in sys.modules


def test_no_test_module_imports_another() -> None:
    """What two of them need is a module named by what it holds."""
    importing = re.compile(r"^\s*(?:from|import) (?:tests[\w.]*)?\.(?:test_\w+|\w+ import [^#\n]*\btest_\w+)", re.M)
    files = (ROOT / "tests").rglob("*.py")
    assert {str(file.relative_to(ROOT)) for file in files if importing.search(file.read_text())} == set()


def test_the_plugin_has_one_name_for_its_modules() -> None:
    check = (
        "import runpy, sys; "
        f"module = runpy.run_path({str(FOLDER / '__main__.py')!r}, run_name='plugin'); "
        "names = sorted(c.__name__ for c in module['package'].COMPONENTS); "
        "assert all(c.__module__.startswith('pulumi_kotauth.') for c in module['package'].COMPONENTS); "
        "assert 'components' not in sys.modules; "
        "assert 'docker' not in sys.modules; "
        "print(*names)"
    )
    done = subprocess.run(
        [sys.executable, "-c", check], cwd=FOLDER, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.stdout.split() == sorted(component.__name__ for component in COMPONENTS), done.stderr


def test_every_public_name_can_be_imported() -> None:
    """They are looked up when they are first asked for, so a wrong module would show only then."""
    classes = set(components.__all__) - {"COMPONENTS", "PACKAGE"}
    assert {getattr(components, name).__name__ for name in classes} == classes
    assert set(components.__all__) <= set(dir(components))
    with pytest.raises(AttributeError, match="has no attribute 'AwsTypo'"):
        _ = components.AwsTypo  # pyright: ignore[reportAttributeAccessIssue]


def test_a_target_imports_nothing_of_the_other() -> None:
    """The SDK of AWS and the libraries for AWS and DNS cost more than a development stack's whole preview."""
    for target, foreign in {"docker": ["pulumi_aws", "boto3", "dns"], "aws": ["pulumi_docker", "docker"]}.items():
        program = (
            f"import sys; from components.config import stack, target; target.load({target!r}); print(*sys.modules)"
        )
        loaded = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True)
        assert not {name.partition(".")[0] for name in loaded.stdout.split()} & set(foreign), target
