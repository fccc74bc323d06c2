"""Which Python runs a program: the virtualenv that `runtime.options` of its Pulumi.yaml names, else `python3`."""

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pulumi.runtime.proto import language_pb2


class RuntimeOptionError(Exception):
    """The runtime options of a project or plugin cannot be honoured; the message is for the user."""


@dataclass(frozen=True)
class Interpreter:
    """A Python and, unless it is the ambient one, the virtualenv that it belongs to."""

    executable: str
    virtualenv: Path | None

    def environment(self, base: Mapping[str, str]) -> dict[str, str]:
        """Return `base` as it would be after the virtualenv was activated."""
        environment = dict(base)
        if self.virtualenv is not None:
            environment["VIRTUAL_ENV"] = str(self.virtualenv)
            environment["PATH"] = f"{self.virtualenv / 'bin'}{os.pathsep}{base.get('PATH', os.defpath)}"
            environment.pop("PYTHONHOME", None)
        return environment


def virtualenv_of(info: language_pb2.ProgramInfo) -> Path | None:
    """Return the folder of the virtualenv, which need not exist yet, or None for the ambient Python."""
    options = dict(info.options)
    toolchain = str(options.get("toolchain") or "pip").lower()
    if toolchain not in ("pip", "uv"):
        raise RuntimeOptionError(
            f"runtime option toolchain: {toolchain!r} needs Pulumi's own language host; this one knows 'pip' and 'uv'"
        )
    name = options.get("virtualenv") or (".venv" if toolchain == "uv" else None)
    return Path(info.root_directory, str(name)) if name else None


def interpreter_of(info: language_pb2.ProgramInfo) -> Interpreter:
    """Return the Python that runs the program; raise if its virtualenv has not been made."""
    virtualenv = virtualenv_of(info)
    if virtualenv is None:
        return Interpreter(ambient_python(), None)
    executable = virtualenv / "bin" / "python"
    if not executable.exists():
        raise RuntimeOptionError(
            f"the virtualenv {virtualenv} does not exist or is none;"
            f" `pulumi install` in {info.program_directory} makes it"
        )
    return Interpreter(str(executable), virtualenv)


def ambient_python() -> str:
    """Return the Python outside of any virtualenv option, found as Pulumi's own host finds it."""
    for name in (os.environ.get("PULUMI_PYTHON_CMD"), "python3", "python"):
        if name and (found := shutil.which(name)):
            return found
    return sys.executable
