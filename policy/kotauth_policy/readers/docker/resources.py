"""Docker resources: type tokens, labels and names of images."""

from __future__ import annotations

from ...engine.resource import Naming, Resource
from ...engine.value import Value
from ...engine.verdict import MalformedError
from .image import Image, parse_image

CONTAINER = "docker:index/container:Container"
NETWORK = "docker:index/network:Network"
VOLUME = "docker:index/volume:Volume"
REMOTE_IMAGE = "docker:index/remoteImage:RemoteImage"
IMAGE = "docker:index/image:Image"
BUILT_IMAGE = "docker-build:index:Image"
BUILT_INDEX = "docker-build:index:Index"
_REFERENCES = {CONTAINER: "image", REMOTE_IMAGE: "name", IMAGE: "imageName", BUILT_IMAGE: "tags", BUILT_INDEX: "tag"}
IMAGES = (REMOTE_IMAGE, IMAGE, BUILT_IMAGE, BUILT_INDEX)
"""Types that pull or build an image of a container."""
SECRET = "docker:index/secret:Secret"  # noqa: S105 - a type token
NAMING = Naming(outputs=("repoDigest", "imageId", "ref"))

NETWORK_LABEL = "kotauth.network"
HOST_MOUNT_LABEL = "kotauth.host-mount"
"""Folders of the host that a container declares to mount, with colons between them."""
DIGEST_LABELS = ("kotauth.content", "kotauth.trigger")
"""Labels that hold a digest, which may come from a secret."""


def label(resource: Resource, name: str) -> Value | None:
    """Return the value of a label, ``None`` where there is none of this name.

    Raises ``MalformedError`` where there are two: the provider keeps them in no order.
    """
    entries = resource.get("labels").items()
    named = [
        entry for entry in entries if not (entry_name := entry.field("label")).is_unknown and entry_name.text() == name
    ]
    if len(named) > 1:
        raise MalformedError(named[1].path, f"the only label {name}")
    return named[0].field("value") if named else None


def references(resource: Resource) -> list[Value]:
    """Return the names of the image that a container runs, or that a resource pulls or builds."""
    value = resource.get(_REFERENCES[resource.type])
    return value.items() if resource.type == BUILT_IMAGE and not value.is_unknown else [value]


def known_image(value: Value) -> Image | None:
    """Return the image reference, ``None`` where it is unknown or none."""
    return None if value.is_unknown else parse_image(value.text() or "")
