"""The type tokens of the components: changing one replaces everybody's resources, so they come from one place."""

PACKAGE = "kotauth"


def token(name: str) -> str:
    """Return the type token of a component class."""
    return f"{PACKAGE}:index:{name}"
