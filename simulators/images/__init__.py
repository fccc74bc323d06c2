"""Images for the dev stack and the end-to-end tests, on machines that reach package registries but no image registry.

`ensure()` makes the images exist in the local Docker daemon and returns their references. Each image is a `Recipe`,
built once from pinned registry packages and kept in a cache outside the checkout. The names are honest: a locally built
image never carries the name of an official one. Callers ask `registry_reachable()` first and use the official image
where it can be pulled.

To add an image: a folder here with its `Dockerfile` and files, and in `recipes.py` a function that builds it, a
`Recipe` with that folder as source, and an entry in `RECIPES`. Where a setting names the image, `choice.py` says which
official image it replaces. A change of a source or a value changes the recipe's key, so the image is built anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulators.images.ensure import ALL, ensure
from simulators.images.registry import registry_reachable

if TYPE_CHECKING:
    from simulators.images.choice import choose, is_built_proxy, newer_database

__all__ = ["ALL", "choose", "ensure", "is_built_proxy", "newer_database", "registry_reachable"]


def __getattr__(name: str) -> Any:
    # Not imported above: it asks the components for their defaults, which need Pulumi, and the images are built before
    # any virtualenv exists.
    if name in ("choose", "is_built_proxy", "newer_database"):
        from simulators.images import choice  # noqa: PLC0415

        return getattr(choice, name)
    raise AttributeError(name)
