"""Make the images exist: nothing to do, else load from the cache, else build."""

from __future__ import annotations

from collections.abc import Iterable

from simulators.images import archive, daemon
from simulators.images.recipe import Recipe
from simulators.images.recipes import RECIPES
from toolchain.machine import cache, progress
from toolchain.machine.errors import EngineError

_BY_NAME = {recipe.name: recipe for recipe in RECIPES}

ALL: tuple[str, ...] = tuple(_BY_NAME)
"""All image names that `ensure` knows."""


def ensure(names: Iterable[str] = ALL) -> dict[str, str]:
    """Make sure that the Docker daemon has these images; returns name -> image reference.

    An image counts as present when it carries the label of its current recipe.

    Raises EngineError for an unknown name, a daemon that doesn't answer, and a failed build.
    """
    wanted = list(names)
    if unknown := [name for name in wanted if name not in _BY_NAME]:
        raise EngineError(f"unknown image {', '.join(unknown)}: choose from {', '.join(ALL)}")
    recipes = [_BY_NAME[name] for name in wanted]
    for recipe in _missing(recipes):
        _make(recipe)
    return {recipe.name: recipe.reference for recipe in recipes}


def _missing(recipes: list[Recipe]) -> list[Recipe]:
    present = daemon.present_keys(recipe.reference for recipe in recipes)
    return [recipe for recipe in recipes if present.get(recipe.reference) != recipe.key]


def _make(recipe: Recipe) -> None:
    # One lock for each image: a build takes minutes, and a process that needs another image does not wait for it.
    with cache.lock(f"image-{recipe.name}"):
        # While this process waited for the lock, another one may have made it.
        if not _missing([recipe]):
            return
        if archive.path(recipe).exists():
            with progress.step(f"Loading {recipe.reference} from the cache"):
                archive.load(recipe)
            return
        if recipe.parent and _missing([recipe.parent]):
            _make(recipe.parent)
        with progress.step(f"Building {recipe.reference}"):
            recipe.build(recipe)
        if recipe.saved:
            with progress.step(f"Saving {recipe.reference} in the cache"):
                archive.save(recipe)
