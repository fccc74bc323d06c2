"""Container images: exact versions, allowed registries and Kotauth's minimum version."""

from __future__ import annotations

from collections.abc import Iterator

from ...engine.resource import Resource
from ...engine.rule import Area, Kind, Parameter, References, Settings, Severity
from ...engine.value import Value
from ...engine.verdict import Verdict, fail, undecidable
from ...readers.docker.image import Image, is_image_id, parse_image
from ...readers.docker.parts import SERVER, part
from ...readers.docker.resources import BUILT_IMAGE, CONTAINER, IMAGES, references

AREA = Area("images")
_KOTAUTH = ("kotauth", "kotauth-simulator")
_AWSX_IMAGE = "awsx:ecr:Image"
_ECR = ("aws:ecr/repository:Repository", "awsx:ecr:Repository", _AWSX_IMAGE)
"""Registries of the stack itself."""


def _is_evaluated_elsewhere(resource: Resource, value: Value) -> bool:
    """Whether the image comes from a resource of this stack, which the same rules evaluate."""
    if resource.type != CONTAINER:
        return False
    text = value.known_text()
    image = parse_image(text)
    if value.is_unknown or is_image_id(text) or (image and image.digest and not image.tag):
        return any(source.type in IMAGES for source in resource.sources("image"))
    return bool(image and image.digest and resource.origins_of(value, *IMAGES))


def _parsed(resource: Resource) -> Iterator[tuple[Value, Image | Verdict]]:
    """Yield each image to evaluate, or the verdict why there is none; skip images that are evaluated elsewhere."""
    for value in references(resource):
        if _is_evaluated_elsewhere(resource, value):
            continue
        if value.is_unknown or is_image_id(value.text() or ""):
            yield (
                value,
                undecidable(
                    value.path,
                    "is unknown"
                    if value.is_unknown
                    else "is an image id, and no resource of this stack builds that image",
                ),
            )
            continue
        image = parse_image(value.text() or "")
        yield value, fail(value.path, "is not an image reference") if image is None else image


def _own_repositories(resource: Resource, value: Value) -> list[Resource]:
    """Return the ECR repositories of the stack from whose address an image name can be built."""
    if not value.is_unknown and ".dkr.ecr." not in (value.text() or "").partition("/")[0]:
        return []
    return [source for source in resource.sources(value.root) if source.type in _ECR]


def _shown(value: Value) -> str:
    """Return the image's name for a message: it is public, unless the program marked it secret."""
    return "" if value.secret else f" ({value.text()})"


@AREA.rule(
    "pin-image",
    Severity.HIGH,
    "Pin every image to a digest or an exact tag.",
    remedy="Write the complete version, for example docker.io/library/redis:8.2.3, or add @sha256:….",
    types=(CONTAINER, *IMAGES),
    references=References(cis=("5.28",)),
)
def pin_image(resource: Resource, _: Settings) -> Iterator[Verdict]:
    """The tags `latest`, `1` and `1.22` mean another image after each release."""
    images = list(_parsed(resource))
    if _is_pushed(resource) and any(isinstance(image, Image) and image.is_exact for _, image in images):
        # A container that uses the built image can get its digest, so an inexact tag beside the exact one does no harm.
        return
    for value, image in images:
        if isinstance(image, Verdict):
            if not value.is_unknown or not any(map(_keeps_tags, _own_repositories(resource, value))):
                yield image
        elif not image.is_exact:
            yield fail(value.path, f"names neither a digest nor an exact tag{_shown(value)}")


def _is_pushed(image: Resource) -> bool:
    return image.type == BUILT_IMAGE and not image.get("push").is_unknown and bool(image.get("push").flag())


def _keeps_tags(repository: Resource) -> bool:
    """Whether a repository never moves a tag to another image; the component of awsx names its image by digest."""
    if repository.type == _AWSX_IMAGE:
        return True
    return repository.get("imageTagMutability").known_text() == "IMMUTABLE"


@AREA.rule(
    "allow-image-registries",
    Severity.HIGH,
    "Pull images only from allowed registries.",
    remedy="Use the official image, or add your registry to the rule's parameter `registries`.",
    types=(CONTAINER, *IMAGES),
    references=References(cis=("5.28",)),
    parameters=(
        Parameter(
            "registries",
            Kind.TEXTS,
            [
                "ghcr.io/inumansoul",
                "docker.io/library",
                "public.ecr.aws/docker/library",
                "docker.io/restic/restic",
                "docker.io/otel/opentelemetry-collector-contrib",
            ],
            "Allowed registries, folders in them, or single repositories.",
        ),
        Parameter(
            "localImages",
            Kind.FLAG,
            default=False,
            meaning="Whether images that were built on the host (`localhost/…`) are allowed.",
            relaxes=True,
        ),
    ),
)
def allow_image_registries(resource: Resource, settings: Settings) -> Iterator[Verdict]:
    """Anyone can publish an image with the same name in another registry."""
    registries = [*settings.texts("registries"), *(["localhost"] if settings.flag("localImages") else [])]
    for value, image in _parsed(resource):
        allowed = isinstance(image, Image) and any(
            f"{image.repository}/".startswith(f"{registry.rstrip('/')}/") for registry in registries
        )
        if allowed or _own_repositories(resource, value):
            continue
        yield (
            image
            if isinstance(image, Verdict)
            else fail(value.path, f"comes from none of {', '.join(registries)}{_shown(value)}")
        )


@AREA.rule(
    "require-kotauth-version",
    Severity.HIGH,
    "Run a version of Kotauth that supports the production checklist.",
    remedy="Use the image ghcr.io/inumansoul/kotauth:1.22.0. If you add a digest, keep the tag before it: "
    "ghcr.io/inumansoul/kotauth:1.22.0@sha256:….",
    types=(CONTAINER, *IMAGES),
    references=References(checklist=(1,)),
    parameters=(Parameter("minimum", Kind.TEXT, "1.21.0", "The oldest version that may run.", relaxes=True),),
)
def require_kotauth_version(resource: Resource, settings: Settings) -> Iterator[Verdict]:
    """Version 1.21.0 is the first with the API that the production checklist needs.

    It also reads secrets from files (`_FILE`), as all versions since 1.19.1 do.
    """
    minimum = tuple(int(number) for number in settings.text("minimum").split("."))
    for value, image in _parsed(resource):
        if isinstance(image, Verdict):
            if resource.type == CONTAINER and part(resource) == SERVER:
                yield image
        elif image.repository.rpartition("/")[2] not in _KOTAUTH:
            continue
        elif not image.version:
            # The rule pin-image refuses an inexact tag. An exact tag without a number can be any version.
            if image.is_exact:
                yield undecidable(
                    value.path, f"names {'a digest' if image.digest else 'a tag'} without a version number"
                )
        elif image.version < minimum[: len(image.version)] or (image.version == minimum and image.is_pre_release):
            yield fail(value.path, f"is older than {settings.text('minimum')}{_shown(value)}")
