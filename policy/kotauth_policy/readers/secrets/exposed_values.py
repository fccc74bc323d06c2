"""Values in readable properties: whether a value is a secret, or the name of a secret."""

from __future__ import annotations

from collections.abc import Iterator

from ...engine.resource import Resource
from ...engine.value import Value
from ...engine.verdict import Verdict, fail, undecidable
from ..aws.resources import KEY, PARAMETER, SECRET, SECRET_VERSION
from ..docker.resources import SECRET as DOCKER_SECRET
from .names import Meaning, meaning
from .randomness import RANDOM_BYTES, RANDOM_PASSWORD, RANDOM_STRING, is_suffix
from .text import has_secret

_SOURCES = {
    RANDOM_PASSWORD: "a random password",
    RANDOM_BYTES: "random bytes",
    RANDOM_STRING: "a random string",
    "aws:iam/accessKey:AccessKey": "an access key",
}
"""Types that generate a secret at update, with their name in a message."""
_STORES = (SECRET, SECRET_VERSION, PARAMETER, DOCKER_SECRET, KEY)
"""Types that keep a secret, and whose name is none."""


def exposed(
    resource: Resource, property_: str, value: Value, *, name: str = "", text: str | None = None
) -> Iterator[Verdict]:
    """Evaluate one string of a property that others read, by its mark, its origin, its form and the name that it has.

    The ``text`` that the name is for can be a part of the string.
    """
    if value.secret:
        yield fail(value.path, "is marked secret")
    elif value.is_unknown:
        sources = (each for each in resource.sources(property_) if not is_suffix(each))
        origin = next((_SOURCES[each.type] for each in sources if each.type in _SOURCES), None)
        if origin is not None:
            yield undecidable(value.path, f"is unknown, and can contain {origin}")
    else:
        text = value.text() or "" if text is None else text
        if has_secret(text):
            yield fail(value.path, "looks like a secret")
        elif meaning(name, text) is Meaning.SECRET and not is_stored_here(resource, text):
            yield fail(value.path, "is named like a secret")


def is_place_of_unknown_secret(resource: Resource, name: str, text: str) -> bool:
    """Whether a text looks like the name of a secret, and no secret of the stack is called so."""
    return meaning(name, text) is Meaning.PLACE and not is_stored_here(resource, text)


def is_stored_here(resource: Resource, text: str) -> bool:
    """Whether a text is the name, id or ARN of what keeps a secret in the stack."""
    stack = resource.in_stack()
    if any(resource_called_so.type in _STORES for resource_called_so in stack.called(text)):
        return True
    return any(text in stack.named(type_) for type_ in (SECRET, PARAMETER, DOCKER_SECRET))
