"""The examples of docs/reference.md: one function for each component, whose body is the example.

They are code, so the type checker reads them and the tests run them.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable

from . import aws, docker

_IMPORTS = {"pulumi": "import pulumi", "aws": "import pulumi_aws as aws"}
_PACKAGE = "pulumi_kotauth"


def example(component: str) -> Callable[[], object]:
    """Return the function whose body is the example of a component; its name is that of the component."""
    for module in (docker, aws):
        if function := getattr(module, f"example_{component}", None):
            return function
    raise LookupError(f"cli/schema/examples has no function example_{component}")


def program(component: str) -> str:
    """Return the example of a component as a program of its own."""
    source = textwrap.dedent(inspect.getsource(example(component)))
    (function,) = ast.parse(source).body
    if not isinstance(function, ast.FunctionDef):
        raise TypeError(f"the example of {component} is no function")
    body = textwrap.dedent("\n".join(source.splitlines()[function.body[0].lineno - 1 :]))
    names = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
    imports = [line for name, line in _IMPORTS.items() if name in names]
    return "\n".join([*imports, f"from {_PACKAGE} import {component}", "", body, ""])
