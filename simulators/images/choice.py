"""Which images a development stack runs: the official ones, or what is built here where those can't be pulled."""

from __future__ import annotations

from components.backups import store as restic
from components.config.frontends import DEFAULT, FRONTENDS
from components.kotauth import server as kotauth
from components.postgres import server as postgres
from simulators.images.ensure import ensure
from simulators.images.recipes import RECIPES
from simulators.images.registry import registry_reachable

SIMULATOR = "kotauth-simulator"

_OFFICIAL = {
    "image": (kotauth.DEFAULT_IMAGE, SIMULATOR),
    "databaseImage": (postgres.IMAGES[14], "postgres"),
}
"""Setting to the official image and the name of its replacement."""


def choose(frontend: str = "", *, backups: bool = False) -> dict[str, str]:
    """Return setting -> image that exists in the daemon or can be pulled; builds what is missing.

    An image of a proxy is built under the proxy's name. An empty ``frontend`` is the default one; a name that is none
    leaves its image to the preview. The image of the backups is only chosen with ``backups``.
    """
    official_images = dict(_OFFICIAL)
    if backups:
        official_images["backupImage"] = (restic.DEFAULT_IMAGE, "restic")
    if proxy := FRONTENDS.get(frontend or DEFAULT.name):
        official_images["frontendImage"] = (proxy.default_image, proxy.name)
    pulled = {setting: official for setting, (official, _) in official_images.items() if registry_reachable(official)}
    names = {setting: name for setting, (_, name) in official_images.items() if setting not in pulled}
    built = ensure(names.values()) if names else {}
    return {**pulled, **{setting: built[name] for setting, name in names.items()}}


def is_built_proxy(reference: str) -> bool:
    """Tell whether this is the image of a proxy that `choose` builds."""
    return reference in {recipe.reference for recipe in RECIPES if recipe.name in FRONTENDS}


def newer_database(version: int) -> str:
    """Return an image of a major version of PostgreSQL above 14, likewise."""
    official, name = postgres.IMAGES[version], f"postgres-{version}"
    return official if registry_reachable(official) else ensure([name])[name]
