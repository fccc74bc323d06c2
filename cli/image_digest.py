"""The digests of a stack's container images, pinned in the stack's file beside their tags.

A tag can be moved to another image, and each new host pulls. Digests are requested by the OCI distribution
specification, without credentials, as hosts pull; from private repositories in Amazon ECR through AWS, with the user's.
"""

from __future__ import annotations

import hashlib
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPResponse
from typing import TYPE_CHECKING

from components.aws.host.ecr import PrivateRepository, private_repository

from .aws_client import AwsError, call

if TYPE_CHECKING:
    from components.inputs.image import Image

_MANIFESTS = (
    # Indexes first: their digest is the same for every architecture.
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_ANSWER_SECONDS = 20
_LARGEST_BYTES = 4 << 20
"""The least that a registry must take as a manifest."""


def images(setting: Callable[[str], str]) -> dict[str, Image]:
    """Return what hosts of a stack on AWS pull, by the name of the setting; ``setting`` is empty for a default.

    Raises ``InvalidInputError`` with every setting that names no image.
    """
    from components.aws.settings import AwsSettings  # noqa: PLC0415 - loads the SDK of AWS
    from components.config.stack import camel_case  # noqa: PLC0415
    from components.inputs.parsing import parse_some  # noqa: PLC0415
    from components.inputs.problems import Problems  # noqa: PLC0415

    names = ("database_version", "image", "frontend", "frontend_image", "tools_image")
    values = {name: setting(name) for name in map(camel_case, names)}
    parsed: AwsSettings = parse_some(
        AwsSettings, names, values, Problems("the stack's file", named=camel_case, prefix="kotauth:")
    )
    return {
        "image": parsed.server.image,
        "frontendImage": parsed.frontend_image,
        "toolsImage": parsed.tools_image,
    }


class UnresolvedError(Exception):
    """A registry returned no digest."""


@dataclass
class Registries:
    """Container registries, asked with the tokens that they give to every client."""

    _tokens: dict[str, str] = field(default_factory=dict[str, str])

    def pinned(self, image: Image) -> str:
        """Return the reference of an image with the digest that its tag has now; its own if it is on this machine.

        Raises:
            UnresolvedError: The registry can't be reached, doesn't know the image, or answers nonsense.
        """
        host, _, path = image.repository.partition("/")
        if host == "localhost" or not image.tag:
            return image.reference
        url = f"https://{'registry-1.docker.io' if host == 'docker.io' else host}/v2/{path}/manifests/{image.tag}"
        named = f"{image.repository}:{image.tag}"
        private = private_repository(image.repository)
        try:
            digest = _digest_from_ecr(private, image.tag) if private else self._digest(url, f"repository:{path}:pull")
        except (OSError, ValueError, AwsError) as error:
            raise UnresolvedError(f"{named} is not resolved: {error}") from None
        if not _DIGEST.fullmatch(digest):
            raise UnresolvedError(f'{named} is not resolved: the registry returns the invalid digest "{digest}"')
        return f"{named}@{digest}"

    def _digest(self, url: str, scope: str) -> str:
        with self._ask("HEAD", url, scope) as answer:
            if digest := answer.headers.get("Docker-Content-Digest"):
                return digest
        with self._ask("GET", url, scope) as answer:
            return f"sha256:{hashlib.sha256(answer.read(_LARGEST_BYTES)).hexdigest()}"

    def _ask(self, method: str, url: str, scope: str) -> HTTPResponse:
        try:
            return _open(method, url, self._tokens.get(scope))
        except urllib.error.HTTPError as error:
            challenge = error.headers.get("WWW-Authenticate", "")
            if error.code != 401 or not challenge.lower().startswith("bearer "):
                raise
            self._tokens[scope] = _token(challenge, scope)
        return _open(method, url, self._tokens[scope])


def _digest_from_ecr(repository: PrivateRepository, tag: str) -> str:
    request = {"registryId": repository.account, "repositoryName": repository.name, "imageIds": [{"imageTag": tag}]}
    (image,) = call("ecr", repository.region, "describe_images", **request)["imageDetails"]
    return str(image["imageDigest"])


def _open(method: str, url: str, token: str | None) -> HTTPResponse:
    headers = {"Accept": ", ".join(_MANIFESTS), **({"Authorization": f"Bearer {token}"} if token else {})}
    request = urllib.request.Request(url, headers=headers, method=method)  # noqa: S310 - https, by the callers
    # An opener of its own: the shared one keeps the proxy that was set when it was first used.
    return urllib.request.build_opener().open(request, timeout=_ANSWER_SECONDS)


def _token(challenge: str, scope: str) -> str:
    """Return the token that a registry's authority gives to every client."""
    parameters = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
    realm = parameters.get("realm", "")
    if not realm.startswith("https://"):
        raise ValueError(f'the registry requests a token from "{realm}", which must be an https URL')
    query = {
        "scope": parameters.get("scope", scope),
        **({"service": parameters["service"]} if "service" in parameters else {}),
    }
    with _open("GET", f"{realm}?{urllib.parse.urlencode(query)}", None) as answer:
        granted = json.load(answer)
    return str(granted.get("token") or granted.get("access_token") or "")
