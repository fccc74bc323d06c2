"""The digests that `make image` gets from registries, asked of one on this machine."""

from __future__ import annotations

import hashlib
import http.server
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest

from cli import image_digest
from components.aws.settings import mirrored
from components.config.frontends import DEFAULT as FRONTEND
from components.inputs.image import Image, image
from components.postgres.server import IMAGES
from simulators.ec2_host.authority import Authority

INDEX = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json"}).encode()
DIGEST = f"sha256:{hashlib.sha256(INDEX).hexdigest()}"
TOKEN = "of-any-client"


@dataclass
class Registry:
    """A registry that knows one image, and what it was asked."""

    port: int = 0
    says_digest: str | None = DIGEST
    wants_token: bool = False
    realm: str = ""
    asked: list[str] = field(default_factory=list[str])

    def image(self, tag: str = "1.22.0") -> Image:
        return image(3)(f"127.0.0.1:{self.port}/kotauth/kotauth:{tag}")


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    known, authority = Registry(), Authority("registries")

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._manifest(b"")

        def do_GET(self) -> None:
            if self.path.startswith("/token?"):
                known.asked.append(self.path)
                self._answer(200, json.dumps({"token": TOKEN}).encode(), {})
            else:
                self._manifest(INDEX)

        def _manifest(self, body: bytes) -> None:
            known.asked.append(f"{self.command} {self.path}")
            realm = known.realm or f"https://127.0.0.1:{known.port}/token"
            if known.wants_token and self.headers["Authorization"] != f"Bearer {TOKEN}":
                self._answer(401, b"", {"WWW-Authenticate": f'Bearer realm="{realm}",service="registry"'})
            elif self.path != "/v2/kotauth/kotauth/manifests/1.22.0" or "index" not in self.headers["Accept"]:
                self._answer(404, b"", {})
            else:
                digest = {"Docker-Content-Digest": known.says_digest} if known.says_digest is not None else {}
                self._answer(200, body, digest)

        def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = authority.context("127.0.0.1").wrap_socket(server.socket, server_side=True)
        known.port = server.server_port
        (tmp_path / "authority.pem").write_text(authority.pem)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield known
        server.shutdown()


@pytest.mark.parametrize("says_digest", [DIGEST, None], ids=["in a header", "by its content"])
@pytest.mark.parametrize("wants_token", [False, True], ids=["open", "with a token"])
def test_the_tag_stays_beside_the_digest(registry: Registry, says_digest: str | None, wants_token: bool) -> None:
    registry.says_digest, registry.wants_token = says_digest, wants_token
    given = registry.image()
    pinned = image_digest.Registries().pinned(given)
    assert pinned == f"{given.reference}@{DIGEST}"
    # What is written is accepted, with its version, and stays the same when it is asked for again.
    again = image(3, (1, 21, 0))(pinned)
    assert (again.version, again.digest) == ((1, 22, 0), DIGEST)
    assert image_digest.Registries().pinned(again) == pinned


def test_the_right_to_pull_is_all_that_is_asked_for(registry: Registry) -> None:
    registry.wants_token = True
    image_digest.Registries().pinned(registry.image())
    (asked,) = [each for each in registry.asked if "/token" in each]
    assert asked == "/token?scope=repository%3Akotauth%2Fkotauth%3Apull&service=registry"


@pytest.mark.parametrize(
    ("tag", "says_digest", "realm", "error"),
    [
        ("1.23.0", DIGEST, "", "HTTP Error 404"),
        ("1.22.0", "sha256:abc", "", 'invalid digest "sha256:abc"'),
        ("1.22.0", DIGEST, "http://token.example.org", "must be an https URL"),
    ],
)
def test_without_an_answer_there_is_no_digest(
    registry: Registry, tag: str, says_digest: str, realm: str, error: str
) -> None:
    registry.says_digest, registry.realm, registry.wants_token = says_digest, realm, bool(realm)
    with pytest.raises(image_digest.UnresolvedError, match=rf"kotauth:{tag} is not resolved: .*{error}"):
        image_digest.Registries().pinned(registry.image(tag))


def test_a_registry_that_does_not_answer_is_named() -> None:
    with pytest.raises(
        image_digest.UnresolvedError, match=r"127\.0\.0\.1:9/kotauth/kotauth:1\.22\.0 is not resolved: "
    ):
        image_digest.Registries().pinned(image(3)("127.0.0.1:9/kotauth/kotauth:1.22.0"))


def test_an_image_of_this_machine_keeps_its_name() -> None:
    built = image(3)("localhost/kotauth-simulator:1.22.0")
    assert image_digest.Registries().pinned(built) == built.reference


@pytest.fixture
def ecr(emulated_aws: None) -> Any:
    """Return a client of an account that has a private repository."""
    client = boto3.client("ecr", "eu-west-1")
    client.create_repository(repositoryName="mirror/kotauth")
    return client


def test_a_private_registry_is_asked_through_aws(ecr: Any) -> None:
    manifest = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json"})
    put = ecr.put_image(repositoryName="mirror/kotauth", imageManifest=manifest, imageTag="1.22.0")["image"]
    private = f"{put['registryId']}.dkr.ecr.eu-west-1.amazonaws.com/mirror/kotauth"
    pinned = image_digest.Registries().pinned(image(3)(f"{private}:1.22.0"))
    assert pinned == f"{private}:1.22.0@{put['imageId']['imageDigest']}"
    error = rf"^{private}:1\.23\.0 is not resolved: .*ImageNotFoundException"
    with pytest.raises(image_digest.UnresolvedError, match=error):
        image_digest.Registries().pinned(image(3)(f"{private}:1.23.0"))


def test_what_hosts_pull() -> None:
    settings = {"databaseVersion": "17", "image": "ghcr.io/acme/kotauth:1.23.0"}
    found = image_digest.images(lambda name: settings.get(name, ""))
    assert {name: each.reference for name, each in found.items()} == {
        "image": "ghcr.io/acme/kotauth:1.23.0",
        "frontendImage": mirrored(FRONTEND.default_image),
        "toolsImage": mirrored(IMAGES[17]),
    }
