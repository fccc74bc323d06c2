"""Rules of the area `images`."""

import pulumi
import pulumi_aws as aws
import pulumi_docker as docker
import pulumi_docker_build as docker_build

from policy.testing.change import ABSENT, UNKNOWN, From, add, put
from policy.testing.docker_program import CADDY, IMAGE

from ..mutation import NOTHING, REQUIRED, Case, Found, Row, found, spelled, table

_ORIGIN = found("pin-image@frontend", "allow-image-registries@frontend")
_DIGEST = "sha256:" + "a" * 64
_LIBRARY = "docker.io/library"

ROWS = (
    Row("pin-image", "frontend", "frontend/image", "docker.io/library/caddy:2.11", unknown=_ORIGIN, absent=REQUIRED),
    Row(
        "allow-image-registries",
        "frontend",
        "frontend/image",
        "ghcr.io/someone/caddy:2.11.9",
        unknown=_ORIGIN,
        absent=REQUIRED,
    ),
    Row(
        "require-kotauth-version",
        "server",
        "server/image",
        "ghcr.io/inumansoul/kotauth:1.20.3",
        unknown=found("pin-image@server", "allow-image-registries@server", "require-kotauth-version@server"),
        absent=REQUIRED,
    ),
)

EXACT_TAGS = (
    "2.11.9",
    "v2.11.9",
    "2.11.9-alpine3.20",
    "2.11.9-debian-12-r5",
    "2.11.9-alpine",
    "2.11.9-devel-ubuntu22.04",
    "9.4-1227.1726694542",
    "2.11-5-g1a2b3c4",
    "jdk-21.0.2_13",
    "version-2.11.9",
    "sha-1a2b3c4",
    "main-1a2b3c4",
    "0123456789abcdef0123456789abcdef01234567",
    "2.11.9-SNAPSHOT-1a2b3c4",
    "bookworm-20251117-slim",
    "20251117",
    "20240605.1",
    "2025.11.17",
    "nightly-2025-11-17",
    "RELEASE.2025-04-22T22-12-26Z",
    "build-457",
    "server-b4567",
)
INEXACT_TAGS = (
    "latest",
    "stable",
    "2",
    "2-alpine",
    "2.11",
    "2.11-alpine3.20.3",
    "alpine-3.20.3",
    "stable-alpine3.20",
    "22-jdk-21.0.2",
    "jdk-21",
    "bookworm",
    "main",
    "pr-12",
    "feature-facade",
    "2.11.9-SNAPSHOT",
    "latest-2.11.9",
    "2025.11",
    "202511",
)


def _resource(kind: type, output: str, of: str = "frontend", **inputs: object) -> tuple:
    """Return changes that have a container start from an image of a resource of the stack."""
    return (add("image", kind, inputs, first=True), put(of, "image", From("image", output)))


def _remote(name: object, output: str = "image_id", of: str = "frontend") -> tuple:
    return _resource(docker.RemoteImage, output, of, name=name)


def _built(*tags: object, push: bool = False, of: str = "frontend") -> tuple:
    return _resource(docker_build.Image, "ref", of, tags=list(tags), push=push)


def _from(case: str, changes: tuple, expected: Found = NOTHING, /, **outputs: object) -> Case:
    return Case(case, changes, expected, {"image": outputs} if outputs else None)


TAGS = (
    *spelled(
        "pin-image",
        "frontend",
        lambda tag: put("frontend", "image", f"{_LIBRARY}/caddy:{tag}"),
        caught=INEXACT_TAGS,
        passed=EXACT_TAGS,
    ),
    Case("no tag", (put("frontend", "image", "caddy"),), found("pin-image@frontend")),
    Case("a digest", (put("frontend", "image", f"caddy@{_DIGEST}"),), NOTHING),
    Case("no third number: PostgreSQL", (put("database", "image", "postgres:14.23"),), NOTHING),
    Case("no third number: Debian", (put("backup-dump", "image", "debian:12.8-slim"),), NOTHING),
    *(
        Case(f"one number too few: {image}", (put("backup-dump", "image", image),), found("pin-image@backup-dump"))
        for image in (f"{_LIBRARY}/redis:7.4", f"{_LIBRARY}/mypostgres:14.23", "postgres:14", "alpine:3.20")
    ),
    Case("the base is the image itself", (put("backup-dump", "image", f"{_LIBRARY}/alpine:alpine-3.20.3"),), NOTHING),
)

REGISTRIES = (
    *spelled(
        "allow-image-registries",
        "frontend",
        lambda image: put("frontend", "image", image),
        caught=(
            "someone/caddy:2.11.9",
            "index.docker.io/someone/caddy:2.11.9",
            "docker.io/library-of-mine/caddy:2.11.9",
            "quay.io/library/caddy:2.11.9",
            "GHCR.io/someone/caddy:2.11.9",
            "localhost:5000/caddy:2.11.9",
            "library.docker.io/caddy:2.11.9",
            "123456789012.dkr.ecr.eu-central-1.amazonaws.com/caddy:2.11.9",
        ),
        passed=(
            "caddy:2.11.9",
            "library/caddy:2.11.9",
            "docker.io/caddy:2.11.9",
            "index.docker.io/library/caddy:2.11.9",
            "registry-1.docker.io/library/caddy:2.11.9",
            "DOCKER.IO/library/caddy:2.11.9",
            "public.ecr.aws/docker/library/caddy:2.11.9",
        ),
    ),
    Case("no reference", (put("frontend", "image", "Caddy Server"),), _ORIGIN),
    Case("upper case in the path", (put("frontend", "image", "docker.io/library/Caddy:2.11.9"),), _ORIGIN),
    Case(
        "a local image",
        (put("server", "image", "localhost/kotauth-simulator:1.22.0"),),
        found("allow-image-registries@server"),
    ),
)

VERSIONS = (
    *spelled(
        "require-kotauth-version",
        "server",
        lambda tag: put("server", "image", f"ghcr.io/inumansoul/kotauth{tag}"),
        caught=(
            ":1.20.3",
            ":v1.20.9",
            ":1.21.0-rc1",
            ":0.9.0-alpine",
            f":1.20.3@{_DIGEST}",
            f"@{_DIGEST}",
            ":sha-1a2b3c4",
            ":20251117",
            ":9a1b2c3",
        ),
        passed=(":1.21.0", ":v1.22.0", ":1.22.0-alpine", ":1.22.0-rc1", ":1.100.0", f":1.22.0@{_DIGEST}"),
    ),
    # Which one it is, nothing says; that is another rule's.
    Case(
        "one number of a version", (put("server", "image", "ghcr.io/inumansoul/kotauth:1"),), found("pin-image@server")
    ),
)

_REPO_DIGEST = f"ghcr.io/inumansoul/kotauth@{_DIGEST}"
_OLD = "ghcr.io/inumansoul/kotauth:1.20.9"
_OWN = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/app-1a2b3c"
_NO_LABEL = put("server", "labels", ABSENT)
_REF = f"{_LIBRARY}/caddy:2.11.9@{_DIGEST}"

ORIGINS = (
    _from("remote image, at the first preview", _remote(CADDY)),
    _from("remote image, by its id", _remote(CADDY), imageId=_DIGEST),
    _from("remote image, by its digest", _remote(IMAGE, "repo_digest", "server"), repoDigest=_REPO_DIGEST),
    _from("remote image, by its name", _remote(IMAGE, "name", "server"), name=IMAGE),
    _from("remote image, of a server without a label", (*_remote(IMAGE, of="server"), _NO_LABEL), imageId=_DIGEST),
    _from(
        "remote image, what the server of it lacks",
        (*_remote(IMAGE, of="server"), _NO_LABEL, put("server", "memory", 256), put("server", "memory_swap", 256)),
        found("reserve-server-memory@server"),
        imageId=_DIGEST,
    ),
    Case("an id from nowhere", (put("frontend", "image", _DIGEST),), _ORIGIN),
    _from("remote image, inexact", _remote(f"{_LIBRARY}/caddy:latest"), found("pin-image@image")),
    _from("remote image, unknown", _remote(UNKNOWN), found("pin-image@image", "allow-image-registries@image")),
    _from("remote image, old", _remote(_OLD), found("require-kotauth-version@image")),
    _from(
        "remote image, old, by its digest",
        _remote(_OLD, "repo_digest", "server"),
        found("require-kotauth-version@image"),
        repoDigest=_REPO_DIGEST,
    ),
    _from(
        "an image of Docker's own builder",
        _resource(docker.Image, "repo_digest", image_name=CADDY),
        repoDigest=f"{_LIBRARY}/caddy@{_DIGEST}",
    ),
    _from(
        "an image of Docker's own builder, inexact",
        _resource(docker.Image, "repo_digest", image_name="caddy:latest"),
        found("pin-image@image"),
    ),
    _from("a built image, at the first preview", _built(CADDY)),
    _from("a built image, pushed", _built(CADDY, f"{_LIBRARY}/caddy:latest", push=True), ref=_REF),
    _from(
        "a built image, one of its tags inexact", _built(CADDY, f"{_LIBRARY}/caddy:latest"), found("pin-image@image")
    ),
    _from("a built image, pushed, inexact", _built("caddy:latest", push=True), found("pin-image@image"), ref=_REF),
    _from(
        "a built image, from elsewhere",
        _built("ghcr.io/acme/app:1.0.0", push=True),
        found("allow-image-registries@image"),
        ref=f"ghcr.io/acme/app:1.0.0@{_DIGEST}",
    ),
    _from("a built server", _built(IMAGE, of="server")),
    _from("a built server, old", _built(_OLD, of="server"), found("require-kotauth-version@image")),
    _from("a built index", _resource(docker_build.Index, "ref", tag=CADDY, sources=[CADDY])),
    _from(
        "a built index, inexact",
        _resource(docker_build.Index, "ref", tag="caddy:2", sources=[CADDY]),
        found("pin-image@image"),
    ),
)


class AwsxImage(pulumi.CustomResource):
    """The component of awsx, as far as an image comes from it."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("awsx:ecr:Image", name, {"imageUri": None}, opts)


def _own(tag: str, **repository: object) -> tuple:
    """Return changes that start the alarm from a repository of the stack in ECR."""
    return (
        add("image", aws.ecr.Repository, repository, first=True),
        put("alarm", "image", From("image", "repository_url", f"{{}}{tag}".format)),
    )


_TAGGED = {"repositoryUrl": _OWN}
ECR = (
    _from("a repository of the stack", _own(":1.0.0"), **_TAGGED),
    _from("a repository of the stack, inexact", _own(":latest"), found("pin-image@alarm"), **_TAGGED),
    _from("a repository of the stack, not known yet", _own(":1.0.0"), found("pin-image@alarm")),
    _from("a repository of the stack that keeps tags", _own(":1.0.0", image_tag_mutability="IMMUTABLE")),
    _from(
        "an image of awsx", (add("image", AwsxImage, {}, first=True), put("alarm", "image", From("image", "imageUri")))
    ),
)

TABLE = table(*ROWS, *TAGS, *REGISTRIES, *VERSIONS, *ORIGINS, *ECR)
