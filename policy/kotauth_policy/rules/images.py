"""Which images run: exact, from an allowed registry, and Kotauth from its version floor on."""

from __future__ import annotations

from collections.abc import Iterator

from ..facts.aws import HOSTS
from ..facts.docker import CONTAINER, REMOTE_IMAGE, SERVER, part
from ..facts.image import Image, is_image_id, parse_image
from ..resource import Resource
from ..rule import Area, Kind, Parameter, References, Settings, Severity
from ..value import Value
from ..verdict import Verdict, fail, undecidable

AREA = Area("images")
_IMAGE = "docker:index/image:Image"
_IMAGE_RESOURCES = (REMOTE_IMAGE, _IMAGE)
_REFERENCES = {CONTAINER: "image", REMOTE_IMAGE: "name", _IMAGE: "imageName"}
_KOTAUTH = ("kotauth", "kotauth-stand-in")


def _reference(resource: Resource) -> Value:
    return resource.get(_REFERENCES[resource.type])


def _judged_elsewhere(resource: Resource) -> bool:
    """Whether the image comes from a resource of this stack, which the same rules judge."""
    return any(source.type in _IMAGE_RESOURCES for source in resource.sources("image"))


def _parsed(resource: Resource) -> Iterator[Image | Verdict]:
    """Yield the image to judge, or why there is none; nothing where it is judged at another resource."""
    value = _reference(resource)
    if value.is_unknown or is_image_id(value.text() or ""):
        if resource.type != CONTAINER or not _judged_elsewhere(resource):
            yield undecidable(value.path, "is unknown" if value.is_unknown else "is an id without its origin")
        return
    image = parse_image(value.text() or "")
    yield fail(value.path, "is not an image reference") if image is None else image


def _shown(resource: Resource) -> str:
    """Return the image's name for a message: it is public, unless the program marked it secret."""
    value = _reference(resource)
    return "" if value.secret else f" ({value.text()})"


@AREA.rule(
    "pin-image",
    Severity.HIGH,
    "Name every image by digest or exact tag.",
    remedy="Write the whole version, such as docker.io/library/redis:8.2.3, or add @sha256:….",
    types=(CONTAINER, *HOSTS, *_IMAGE_RESOURCES),
    references=References(cis=("5.28",)),
)
def pin_image(resource: Resource, _: Settings) -> Iterator[Verdict]:
    """`latest`, `1` and `1.22` mean another image after each release."""
    for image in _parsed(resource):
        if isinstance(image, Verdict):
            yield image
        elif not image.is_exact:
            yield fail(_reference(resource).path, f"names neither a digest nor an exact tag{_shown(resource)}")


@AREA.rule(
    "allow-image-registries",
    Severity.HIGH,
    "Take images only from the allowed registries.",
    remedy="Use the official image, or add your registry to the parameter `registries`.",
    types=(CONTAINER, *HOSTS, *_IMAGE_RESOURCES),
    references=References(cis=("5.28",)),
    parameters=(
        Parameter(
            "registries",
            Kind.TEXTS,
            ["ghcr.io/inumansoul", "docker.io/library", "public.ecr.aws/docker/library"],
            "Registries, or folders in them.",
        ),
        Parameter(
            "localImages",
            Kind.FLAG,
            default=False,
            meaning="Whether images that were built on the host (`localhost/…`) count.",
            relaxes=True,
        ),
    ),
)
def allow_image_registries(resource: Resource, settings: Settings) -> Iterator[Verdict]:
    """Anyone can publish an image with this name somewhere."""
    registries = [*settings.texts("registries"), *(["localhost"] if settings.flag("localImages") else [])]
    for image in _parsed(resource):
        if isinstance(image, Verdict):
            yield image
        elif not any(image.repository.startswith(f"{registry.rstrip('/')}/") for registry in registries):
            yield fail(_reference(resource).path, f"comes from none of {', '.join(registries)}{_shown(resource)}")


@AREA.rule(
    "require-kotauth-version",
    Severity.HIGH,
    "Run Kotauth at its version floor or newer.",
    remedy="Write ghcr.io/inumansoul/kotauth:1.22.0; beside a digest the tag stays: name:1.22.0@sha256:….",
    types=(CONTAINER, *HOSTS, *_IMAGE_RESOURCES),
    references=References(checklist=(1,)),
    parameters=(Parameter("minimum", Kind.TEXT, "1.21.0", "The oldest version that may run.", relaxes=True),),
)
def require_kotauth_version(resource: Resource, settings: Settings) -> Iterator[Verdict]:
    """1.21.0 is the first with the API that the production checklist asks, and has the `_FILE` secrets of 1.19.1."""
    minimum = tuple(int(number) for number in settings.text("minimum").split("."))
    path = _reference(resource).path
    for image in _parsed(resource):
        if isinstance(image, Verdict):
            if resource.type == CONTAINER and part(resource) == SERVER:
                yield image
        elif image.repository.rpartition("/")[2] not in _KOTAUTH:
            continue
        elif not image.version:
            # An inexact tag is pin-image's; with a digest the version can be anything.
            if image.digest:
                yield undecidable(path, "has a digest and no version")
        elif image.version < minimum or (image.version == minimum and image.is_pre_release):
            yield fail(path, f"is older than {settings.text('minimum')}{_shown(resource)}")
