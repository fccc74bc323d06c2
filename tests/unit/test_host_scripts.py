"""What the host's own Python, 3.9 without a package, asks of the scripts."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from components.aws.host import scripts

FOLDER = Path(scripts.__file__).parent
EACH = pytest.mark.parametrize("script", sorted(FOLDER.glob("*.py")), ids=lambda script: script.stem)


@EACH
def test_python_3_9_reads_it(script: Path) -> None:
    ast.parse(script.read_text(), feature_version=(3, 9))


@EACH
def test_only_the_standard_library_and_each_other(script: Path) -> None:
    for node in ast.walk(ast.parse(script.read_text())):
        if isinstance(node, ast.Import):
            assert all(alias.name.partition(".")[0] in sys.stdlib_module_names for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            assert str(node.module).partition(".")[0] in sys.stdlib_module_names
        elif isinstance(node, ast.ImportFrom):
            modules = [node.module] if node.module else [alias.name for alias in node.names]
            assert all((FOLDER / f"{module}.py").exists() for module in modules)


@EACH
def test_commands_are_lists_and_each_is_a_constant(script: Path) -> None:
    """So that the list of what the host needs can't miss one."""
    for node in ast.walk(ast.parse(script.read_text())):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            assert name not in {"os.system", "os.popen"}
            assert not any(keyword.arg == "shell" for keyword in node.keywords)
            if name == "run":
                assert isinstance(node.args[0], ast.Constant)
            if name.startswith("subprocess."):
                assert script.stem in {"command", "ship_logs"}


def test_every_name_of_the_library_is_known_to_3_9() -> None:
    """Against the library's own stubs, by version: a newer function fails here and not on the host."""
    command = [sys.executable, "-m", "pyright", "--pythonversion", "3.9", "--outputjson", str(FOLDER)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    report = json.loads(done.stdout)
    assert report["summary"]["filesAnalyzed"] == len(list(FOLDER.glob("*.py")))
    assert [d["message"] for d in report["generalDiagnostics"] if d["severity"] == "error"] == []
