"""The commands that host scripts may call, the Amazon Linux package of each, and a search for commands in scripts.

`simulators/images/ec2_host/packages.txt` lists the packages, with the sources that show that they are on the
ECS-optimized image. The simulated host is made from the same table.
"""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator, Set
from typing import Any

import yaml

from simulators.images.recipe import HERE

PACKAGES = {
    "blkid": "util-linux",
    "docker": "docker",
    "journalctl": "systemd",
    "mkfs.xfs": "xfsprogs",
    "mount": "util-linux",
    "python3": "python3",
    "sh": "bash",
    "systemctl": "systemd",
}
"""Command to the package of Amazon Linux 2023 that brings it."""

_RUNNERS = {"run", "Popen", "call", "check_call", "check_output", "execv", "execvp"}
_MODULES = {"subprocess", "os"}
_SHELLS = {"sh", "bash"}
_EXEC = re.compile(r"^Exec\w+=[-@:+!|]*(.*)$", re.MULTILINE)
_OPENING = {"if", "then", "else", "elif", "do", "while", "until", "!", "{", "time", "exec", "fi", "done", "}"}
_BUILT_IN = {"set", "cd", "echo", "printf", "test", "[", "exit", "export", "trap", "read", "wait", ":", "true", "false"}


def available() -> dict[str, str]:
    """Return Amazon Linux's packages on the ECS-optimized image, and why they are there (see the table)."""
    rows = (line.split() for line in (HERE / "ec2_host" / "packages.txt").read_text().splitlines() if line[0] != "#")
    return {package: reason for _, package, reason in rows if reason != "dependency"}


def called_by_user_data(text: str, known: Set[str]) -> dict[str, set[str]]:
    """Return where a cloud-config calls what: runcmd, and each file that it writes."""
    document: dict[str, Any] = yaml.safe_load(text)
    commands = {"runcmd": {name for command in document.get("runcmd", []) for name in _of_command(command)}}
    for file in document.get("write_files", []):
        if "encoding" not in file:
            commands[file["path"]] = called_by_file(file["path"], file["content"], known)
    return commands


def called_by_file(path: str, content: str, known: Set[str]) -> set[str]:
    """Return the commands that a unit, a Python program or a shell script calls.

    `known` are the names of commands: a list in Python that begins with one is taken for a command line.
    """
    if path.endswith(".py"):
        return set(_of_python(content, known))
    if re.search(r"\.(service|timer|socket|mount|path)$", path):
        lines = _EXEC.findall(content.replace("\\\n", " "))
        return {name for line in lines if line for name in _of_command(shlex.split(line))}
    return set(_of_shell(content)) if content.startswith("#!") else set()


def _of_command(command: str | list[str]) -> Iterator[str]:
    if isinstance(command, str):
        yield from _of_shell(command)
        return
    name = command[0].rpartition("/")[2]
    yield name
    if name in _SHELLS and "-c" in command:
        yield from _of_shell(command[command.index("-c") + 1])


def _of_python(source: str, known: Set[str]) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and _is_runner(node.func) and node.args:
            first = node.args[0]
            yield from _heads(first.elts if isinstance(first, ast.List | ast.Tuple) else node.args)
        elif isinstance(node, ast.List | ast.Tuple):
            yield from (name for name in _heads(node.elts) if name in known)


def _is_runner(function: ast.expr) -> bool:
    if isinstance(function, ast.Attribute):
        return function.attr in _RUNNERS and isinstance(function.value, ast.Name) and function.value.id in _MODULES
    return isinstance(function, ast.Name) and function.id in _RUNNERS


def _heads(words: list[ast.expr]) -> Iterator[str]:
    if words and isinstance(words[0], ast.Constant) and isinstance(words[0].value, str):
        yield words[0].value.rpartition("/")[2]


def _of_shell(text: str) -> Iterator[str]:
    lexer = shlex.shlex(text.replace("\\\n", " ").replace("$(", " ; "), posix=True, punctuation_chars=";|&()\n{}")
    lexer.whitespace = " \t"
    lexer.whitespace_split = True
    first = True
    for word in lexer:
        if set(word) <= set(";|&()\n{}") or word in _OPENING:
            first = True
        elif first and not re.match(r"\w+=", word):
            first = False
            if word not in _BUILT_IN:
                yield word.rpartition("/")[2]
