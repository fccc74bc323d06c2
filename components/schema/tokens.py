"""The type tokens of the components. A changed token replaces the resources of every user."""

PACKAGE = "kotauth"


def token(name: str) -> str:
    """Return the type token of a component class."""
    return f"{PACKAGE}:index:{name}"
