"""The fingerprint of the secret key: 64 bits of a hash, which the job that creates database roles gets."""

from __future__ import annotations

import hashlib
import json
import re
from typing import cast

from ...engine.resource import Resource, Stack
from ...engine.value import Value
from ..aws.resources import INVOCATION
from ..docker.parts import SERVER, parts_in
from ..docker.resources import CONTAINER
from .server import file_name, secret_key_uploads, uploads

_FORM = re.compile(r"[0-9a-f]{16}")
_NAME = "key_fingerprint"
_ON_DOCKER, _ON_AWS = "kotauth:index:DockerDatabaseRole", "kotauth:index:AwsDatabaseRole"


def is_fingerprint_only(resource: Resource, property_: str) -> bool:
    """Whether a property uses the secret key only for its fingerprint.

    A property that is unknown at preview counts if one of our components passes on an input that it accepts only in the
    form of a fingerprint, and adds nothing else that could come from the key. A known value is compared with the key.
    """
    if resource.type == INVOCATION and property_ == "input" and _is_below(resource, _ON_AWS):
        value = resource.get("input")
        if value.is_unknown:
            return True
        keys = resource.in_stack().once(_keys)
        return _is_fingerprint(resource, _member(value)) and not any(key in (value.text() or "") for key in keys)
    if resource.type != CONTAINER or property_ != "uploads" or not _is_below(resource, _ON_DOCKER):
        return False
    if resource.get("uploads").is_unknown:
        return False
    carried = list(uploads(resource))
    names = {file_name(upload.entry.field("file").text() or "") for upload in carried}
    contents = [upload.content for upload in carried]
    return names == {_NAME} and all(
        content.is_unknown or _is_fingerprint(resource, content.text()) for content in contents
    )


def _is_below(resource: Resource, component: str) -> bool:
    return component in resource.urn.split("::")[2].split("$")[:-1]


def _member(value: Value) -> str | None:
    try:
        members = json.loads(value.text() or "")
    except ValueError:
        return None
    return cast("dict[str, str]", members).get(_NAME) if isinstance(members, dict) else None


def _is_fingerprint(resource: Resource, text: str | None) -> bool:
    if text is None or not _FORM.fullmatch(text):
        return False
    fingerprints = resource.in_stack().once(_fingerprints)
    return not fingerprints or text in fingerprints


def _fingerprints(stack: Stack) -> set[str]:
    """Return the fingerprints of all known keys."""
    keys = stack.once(_keys)
    return {hashlib.sha256(f"kotauth-infra/key/v1|{key}".encode()).hexdigest()[:16] for key in keys}


def _keys(stack: Stack) -> set[str]:
    contents = [upload.content for server in parts_in(stack, SERVER) for upload in secret_key_uploads(server)]
    return {text for content in contents if not content.is_unknown and (text := (content.text() or "").strip())}
