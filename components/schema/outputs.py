"""The outputs of a component, which its class declares by annotations."""

from __future__ import annotations

from typing import Any

import pulumi


def declared_outputs(component: pulumi.ComponentResource, declared_by: type[Any]) -> dict[str, Any]:
    """Return what a component registers: the value of each output that the class ``declared_by`` annotates.

    The class is not always the component's own: a program may declare more in a subclass.
    """
    return {name: getattr(component, name) for name in declared_by.__annotations__}
