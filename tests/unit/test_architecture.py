"""The structure that keeps the code easy to find: small modules, small folders, and imports without a circle."""

from __future__ import annotations

import ast
import functools
import operator
import subprocess
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PRODUCT = ("cli", "components", "policy", "simulators", "toolchain")
IMPORT_PATHS = (".", "policy", "simulators/kotauth")
"""Where an absolute import starts: the policy pack and the simulated Kotauth run with a path of their own."""
MOST_LINES = 300
MOST_MODULES = 15

Arrow = tuple[str, str]


@dataclass(frozen=True)
class Import:
    """One import statement of one module, and the module that it names."""

    importer: str
    line: int
    imported: str

    @property
    def modules(self) -> Arrow:
        """The module that imports and the module that is imported."""
        return self.importer, self.imported

    @property
    def folders(self) -> Arrow:
        """The folder that imports and the folder that is imported; a parent and its child are two."""
        return str(Path(self.importer).parent), str(Path(self.imported).parent)

    def __str__(self) -> str:
        """Where the statement stands, and what it imports."""
        return f"  {self.importer}:{self.line} imports {self.imported}"


@functools.cache
def modules() -> frozenset[str]:
    """Return the product's modules, as git knows them."""
    patterns = [f"{folder}/**.py" for folder in PRODUCT]
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return frozenset(file for file in listed if (ROOT / file).exists())


@functools.cache
def imports() -> tuple[Import, ...]:
    """Return every import of one module of the product by another, those in functions and for types too."""
    return tuple(
        Import(importer, statement.lineno, imported)
        for importer in sorted(modules())
        for statement in ast.walk(ast.parse((ROOT / importer).read_text(encoding="utf-8")))
        if isinstance(statement, ast.Import | ast.ImportFrom)
        for imported in dict.fromkeys(imported_modules(importer, statement))
        if imported != importer
    )


def imported_modules(importer: str, statement: ast.stmt) -> Iterator[str]:
    """Yield the product's modules that a statement imports."""
    # Each of the names that a statement may mean: a module of a package, or else what the package itself defines.
    candidates: list[list[list[str]]] = []
    if isinstance(statement, ast.Import):
        candidates = [[alias.name.split(".")] for alias in statement.names]
    elif isinstance(statement, ast.ImportFrom):
        parts = list(Path(importer).parts[: -statement.level]) if statement.level else []
        parts += statement.module.split(".") if statement.module else []
        candidates = [[[*parts, alias.name], parts] for alias in statement.names]
    for names in candidates:
        if module := next(filter(None, (module_file(parts, importer) for parts in names)), None):
            yield module


def module_file(parts: list[str], importer: str) -> str | None:
    """Return the file of a module or package by its name; scripts and functions import what lies beside them."""
    folders = (*IMPORT_PATHS, str(Path(importer).parent))
    paths = [str(Path(folder, *parts)) for folder in folders]
    return next((file for path in paths for file in (f"{path}.py", f"{path}/__init__.py") if file in modules()), None)


def circles(arrows: Iterable[Arrow]) -> list[set[str]]:
    """Return the groups of nodes that can all be reached from each other."""
    targets: dict[str, set[str]] = defaultdict(set)
    for start, end in arrows:
        if start != end:
            targets[start].add(end)

    def reachable(start: str) -> set[str]:
        reached: set[str] = set()
        waiting = [start]
        while waiting:
            added = targets.get(waiting.pop(), set()) - reached
            reached |= added
            waiting += added
        return reached

    reach = {start: reachable(start) for start in targets}
    groups = {frozenset(end for end in ends if start in reach.get(end, ())) for start, ends in reach.items()}
    return [set(group) for group in sorted(groups, key=sorted) if group]


def described_circles(arrow_of: Callable[[Import], Arrow]) -> list[str]:
    """Return a text for each circle, with the imports that make it."""
    statements: dict[Arrow, list[Import]] = defaultdict(list)
    for statement in imports():
        start, end = arrow = arrow_of(statement)
        if start != end:
            statements[arrow].append(statement)
    return [
        f"circle of {', '.join(sorted(circle))}:\n"
        + "\n".join(str(line) for arrow in sorted(statements) if circle.issuperset(arrow) for line in statements[arrow])
        for circle in circles(statements)
    ]


@pytest.mark.parametrize(
    ("arrows", "expected"),
    [
        ([("a", "b"), ("b", "c"), ("a", "c"), ("a", "a")], []),
        ([("a", "b"), ("b", "a"), ("b", "c")], [{"a", "b"}]),
        ([("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("d", "e"), ("e", "d")], [{"a", "b", "c"}, {"d", "e"}]),
    ],
)
def test_circles_are_found(arrows: list[Arrow], expected: list[set[str]]) -> None:
    assert circles(arrows) == expected


@pytest.mark.parametrize(
    ("importer", "statement", "expected"),
    [
        ("cli/__main__.py", "import toolchain.variables", ["toolchain/variables.py"]),
        ("cli/__main__.py", "import os", []),
        ("components/docker/files.py", "from ..inputs.error import InvalidInputError", ["components/inputs/error.py"]),
        ("policy/bench/preview.py", "from . import budget, packs", ["policy/bench/budget.py", "policy/bench/packs.py"]),
        ("policy/__main__.py", "from kotauth_policy.engine import rule", ["policy/kotauth_policy/engine/rule.py"]),
        ("components/aws/host/scripts/boot.py", "import aws", ["components/aws/host/scripts/aws.py"]),
    ],
)
def test_imports_are_found(importer: str, statement: str, expected: list[str]) -> None:
    assert list(imported_modules(importer, ast.parse(statement).body[0])) == expected


def test_no_module_is_long() -> None:
    lengths = {file: len((ROOT / file).read_text(encoding="utf-8").splitlines()) for file in sorted(modules())}
    too_long = {file: lines for file, lines in lengths.items() if lines > MOST_LINES}
    assert not too_long, f"modules of more than {MOST_LINES} lines: {too_long}"


def test_no_folder_is_full() -> None:
    counted = Counter(str(Path(file).parent) for file in modules() if not Path(file).stem.startswith("__"))
    too_full = {folder: count for folder, count in counted.items() if count > MOST_MODULES}
    assert not too_full, f"folders with more than {MOST_MODULES} modules: {too_full}"


@pytest.mark.parametrize("kind", ["folders", "modules"])
def test_imports_run_one_way(kind: str) -> None:
    found = described_circles(operator.attrgetter(kind))
    assert not found, "\n".join(found)
