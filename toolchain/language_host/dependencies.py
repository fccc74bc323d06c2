"""Install a program's dependencies and list them."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from pulumi.runtime.proto import language_pb2

from . import child, output
from .output import Stream
from .virtualenv import Interpreter, RuntimeOptionError, ambient_python, interpreter_of, virtualenv_of

Responses = Iterator[language_pb2.InstallDependenciesResponse]

_LIST_DISTRIBUTIONS = """
import importlib.metadata as metadata, json, re
def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()
found = {canonical(d.metadata["Name"]): d for d in metadata.distributions() if d.metadata["Name"]}
needed = {
    canonical(re.match(r"[A-Za-z0-9._-]+", requirement).group())
    for d in found.values()
    for requirement in d.requires or ()
    if "extra ==" not in requirement
}
print(json.dumps([[d.metadata["Name"], d.version, name not in needed] for name, d in sorted(found.items())]))
"""


def install(info: language_pb2.ProgramInfo) -> Responses:
    """Make the virtualenv that the options name, if it is missing, and install `requirements.txt` into it."""
    virtualenv = virtualenv_of(info)
    if virtualenv is not None and not (virtualenv / "bin" / "python").exists():
        yield _say(f"Creating virtual environment {virtualenv} ...")
        yield from _run([ambient_python(), "-m", "venv", str(virtualenv)], info, Interpreter(ambient_python(), None))
    interpreter = interpreter_of(info)
    requirements = _requirements(info)
    if requirements is None:
        yield _say(f"No requirements.txt in {info.program_directory}: nothing to install.")
        return
    yield _say(f"Installing {requirements} ...")
    pip = [interpreter.executable, "-m", "pip", "--disable-pip-version-check"]
    yield from _run([*pip, "install", "-r", str(requirements)], info, interpreter)
    yield _say("Finished installing dependencies.")


def listed(info: language_pb2.ProgramInfo, *, transitive: bool) -> list[language_pb2.DependencyInfo]:
    """Return the distributions that the program can import; without `transitive`, those that no other one needs."""
    interpreter = interpreter_of(info)
    result = subprocess.run([interpreter.executable, "-I", "-c", _LIST_DISTRIBUTIONS], check=True, capture_output=True)
    return [
        language_pb2.DependencyInfo(name=name, version=version)
        for name, version, direct in json.loads(result.stdout)
        if transitive or direct
    ]


def _requirements(info: language_pb2.ProgramInfo) -> Path | None:
    for folder in (info.program_directory, info.root_directory):
        file = Path(folder, "requirements.txt")
        if file.is_file():
            return file
    return None


def _run(command: list[str], info: language_pb2.ProgramInfo, interpreter: Interpreter) -> Responses:
    process = child.start(command, cwd=info.program_directory, env=interpreter.environment(os.environ), capture=True)
    try:
        for stream, chunk in output.chunks(process):
            if stream is Stream.STDERR:
                yield language_pb2.InstallDependenciesResponse(stderr=chunk)
            else:
                yield language_pb2.InstallDependenciesResponse(stdout=chunk)
    finally:
        child.end(process)
        code = child.finished(process)
    if code:
        raise RuntimeOptionError(f"`{' '.join(command)}` exited with {code}")


def _say(text: str) -> language_pb2.InstallDependenciesResponse:
    return language_pb2.InstallDependenciesResponse(stdout=f"{text}\n".encode())
