"""Built images as files in the cache: one per image and key, so that a fresh daemon needs no second build."""

from __future__ import annotations

from pathlib import Path

from simulators.images import daemon
from simulators.images.recipe import Recipe
from toolchain.machine import cache

KEPT_PER_IMAGE = 2
"""Two, so that going back and forth between two branches costs no build."""


def path(recipe: Recipe) -> Path:
    """The file that holds (or will hold) this image."""
    return cache.folder() / "images" / f"{recipe.name}-{recipe.key}.tar"


def save(recipe: Recipe) -> None:
    """Copy the image from the daemon; the file appears complete or not at all."""
    final = path(recipe)
    final.parent.mkdir(parents=True, exist_ok=True)
    partial = final.with_suffix(".partial")
    daemon.save(recipe.reference, partial)
    partial.replace(final)
    others = final.parent.glob(f"{recipe.name}-{'[0-9a-f]' * 16}.tar")
    newest_first = sorted(others, key=lambda file: file.stat().st_mtime, reverse=True)
    for file in newest_first[KEPT_PER_IMAGE:]:
        file.unlink()


def load(recipe: Recipe) -> None:
    """Bring the image back into the daemon. The file becomes the newest of its image, so it is kept."""
    daemon.load(path(recipe))
    path(recipe).touch()
