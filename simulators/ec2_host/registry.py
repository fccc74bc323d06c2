"""An image registry with TLS by the lab's authority.

Images are put into it over its API, with layers as `docker save` has them: `docker push` would spend half a minute on
compressing them, and the digests would depend on the machine's compressor.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import ssl
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from simulators.docker_command import docker
from simulators.ec2_host.authority import Authority
from simulators.ec2_host.containers import File, Network
from simulators.waiting import eventually

_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_CONFIG = "application/vnd.docker.container.image.v1+json"
_LAYER = "application/vnd.docker.image.rootfs.diff.tar"
_START_SECONDS = 300
_BLOCK = 1 << 20


@dataclass
class Registry:
    """A running registry that is known by several names."""

    network: Network
    container: str
    address: str
    name: str
    """The name to pull from where nothing else is asked for."""
    context: ssl.SSLContext

    @classmethod
    def start(cls, network: Network, image: str, authority: Authority, names: tuple[str, ...]) -> Registry:
        """Start it with a certificate for all its names; the first is the one in references that `push` returns."""
        address = network.next_address()
        certificate, key = authority.issue(*names, address)
        files = {"/run/tls/certificate.pem": File(certificate), "/run/tls/key.pem": File(key)}
        container = network.run(image, address=address, options=[], files=files)
        registry = cls(network, container, address, names[0], ssl.create_default_context(cadata=authority.pem))
        registry._wait()
        return registry

    def push(self, image: str, repository: str, tag: str = "latest", *, registry: str | None = None) -> str:
        """Copy an image of the machine's daemon; returns the reference with its digest, under one of the names."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "image.tar"
            docker("save", f"--output={file}", image)
            with tarfile.open(file) as archive:
                (listed,) = json.load(_member(archive, "manifest.json"))
                manifest = {
                    "schemaVersion": 2,
                    "mediaType": _MANIFEST,
                    "config": self._blob(repository, archive, listed["Config"], _CONFIG),
                    "layers": [self._blob(repository, archive, layer, _LAYER) for layer in listed["Layers"]],
                }
        body = json.dumps(manifest).encode()
        self._request("PUT", f"/v2/{repository}/manifests/{tag}", 201, body, {"Content-Type": _MANIFEST})
        return f"{registry or self.name}/{repository}:{tag}@sha256:{hashlib.sha256(body).hexdigest()}"

    def _blob(self, repository: str, archive: tarfile.TarFile, name: str, media_type: str) -> dict[str, Any]:
        content = _member(archive, name)
        digest = hashlib.sha256()
        while block := content.read(_BLOCK):
            digest.update(block)
        size = content.tell()
        described = {"mediaType": media_type, "size": size, "digest": f"sha256:{digest.hexdigest()}"}
        blob = f"/v2/{repository}/blobs/"
        if self._request("HEAD", blob + described["digest"], 0).status != 200:
            started = self._request("POST", f"{blob}uploads/", 202)
            location = started.getheader("Location", "")
            content.seek(0)
            headers = {"Content-Length": str(size), "Content-Type": "application/octet-stream"}
            self._request("PUT", f"{location}&digest={described['digest']}", 201, content, headers)
        return described

    def _request(
        self, method: str, path: str, expected: int, body: Any = None, headers: dict[str, str] | None = None
    ) -> http.client.HTTPResponse:
        connection = http.client.HTTPSConnection(self.address, timeout=60, context=self.context)
        connection.request(method, path.removeprefix(f"https://{self.address}"), body, headers or {})
        response = connection.getresponse()
        text = response.read()
        connection.close()
        assert expected in (0, response.status), f"{method} {path}: {response.status} {text.decode()}"
        return response

    def _wait(self) -> None:
        answers = lambda: self._request("GET", "/v2/", 0).status == 200  # noqa: E731
        eventually("the registry answers", answers, _START_SECONDS, lambda: docker("logs", self.container))


def _member(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    content = archive.extractfile(name)
    assert content, name
    return content
