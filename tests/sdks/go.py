"""Programs in Go. Their modules have the versions of the engine's, so that most of them are compiled already."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

from toolchain.pulumi import go_toolchain
from toolchain.sdks import generator

MODULE = "example.com/pulumi-kotauth/sdk/go"
_RECORD = Path(__file__).parent / "programs" / "record_test.go"


def run(folder: Path, sdk: Path, program: Path | str) -> dict[str, Any]:
    """Compile a program, a file or its text, with the SDK; return what it registers (`resources`)."""
    folder.mkdir()
    pins = (generator.GO_MODULE / "go.mod").read_text(encoding="utf-8")
    own = f"require {MODULE} v0.0.0\nreplace {MODULE} => {sdk}\n"
    (folder / "go.mod").write_text(re.sub(r"^module .*", "module program", pins) + own, encoding="utf-8")
    shutil.copy(generator.GO_MODULE / "go.sum", folder)
    shutil.copy(_RECORD, folder)
    text = program.read_text(encoding="utf-8") if isinstance(program, Path) else program
    (folder / "main.go").write_text(text, encoding="utf-8")
    file = folder / "recorded.json"
    done = subprocess.run(
        [go_toolchain.ensure(), "test", "-vet=off", "."],
        cwd=folder,
        env={**generator.go_environment(), "RECORDED": str(file)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(file.read_text(encoding="utf-8"))
