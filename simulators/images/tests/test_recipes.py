"""Recipes name folders that exist, and images that are not taken for official ones."""

from __future__ import annotations

import pytest

from simulators.images.recipe import HERE, Recipe
from simulators.images.recipes import RECIPES


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_an_image_is_made_of_folders_that_hold_no_tests(recipe: Recipe) -> None:
    folders = [HERE / source for source in recipe.sources]
    assert all(folder.is_dir() for folder in folders)
    assert [path for folder in folders for path in folder.rglob("test*")] == []


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_an_image_is_called_local_and_stands_on_another_of_these(recipe: Recipe) -> None:
    assert recipe.reference.startswith("localhost/")
    assert recipe.parent is None or recipe.parent in RECIPES
