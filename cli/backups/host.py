"""Requests to the Docker daemon of a stack, over the same connection as the provider: socket, TCP, TLS or ssh."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import struct
import tarfile
import urllib.parse
from collections.abc import Generator, Mapping
from typing import Any

from components.docker.daemon.address import AddressError, find
from components.docker.daemon.connection import end, explain, open_connection

_CREATED_OR_OK = (200, 201, 204, 304)
_ANSWER_SECONDS = 120.0
"""How long the daemon may take to answer once it is reached: it may be busy with other containers."""
_PULL_SECONDS = 600.0
_REMEDY = "Start Docker there, or choose another daemon with `pulumi config set docker:host` or DOCKER_HOST"


class HostError(Exception):
    """The daemon doesn't answer, or refuses a request; the text says why."""


class Host:
    """The Docker host of a stack."""

    def __init__(self, connection: http.client.HTTPConnection, base: str, shown: str) -> None:
        """Send requests by ``connection``; ``shown`` is the address for messages."""
        self._connection, self._base, self._shown = connection, base, shown

    def get(self, path: str, **query: object) -> Any:  # noqa: ANN401 - JSON
        """Return what the daemon answers to a GET."""
        return json.loads(self._ask("GET", path, query) or b"null")

    def post(self, path: str, body: object = None, **query: object) -> Any:  # noqa: ANN401 - JSON
        """Send a POST with a JSON body and return the answer."""
        text = json.dumps(body).encode() if body is not None else b""
        return json.loads(self._ask("POST", path, query, text) or b"null")

    def stop(self, container: str, *, seconds: int) -> None:
        """Stop a container, which has ``seconds`` to end by itself, and wait for its end."""
        self._ask("POST", f"/containers/{container}/stop", {"t": seconds}, seconds=_ANSWER_SECONDS + seconds)

    def delete(self, path: str, **query: object) -> None:
        """Remove something; that it is gone already is no error."""
        with contextlib.suppress(_GoneError):
            self._ask("DELETE", path, query)

    def put(self, container: str, path: str, contents: Mapping[str, bytes | None], owner: str) -> None:
        """Put files that only ``owner`` can read into a volume of a container that has not started.

        A name without a content becomes a folder. The volume itself stays root's: the daemon skips it.
        """
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            for name, content in sorted(contents.items()):
                member = tarfile.TarInfo(name)
                member.uid, member.gid = map(int, owner.split(":"))
                if content is None:
                    member.type, member.mode = tarfile.DIRTYPE, 0o700
                else:
                    member.size, member.mode = len(content), 0o400
                tar.addfile(member, io.BytesIO(content or b""))
        query = {"path": path, "noOverwriteDirNonDir": 1}
        self._ask("PUT", f"/containers/{container}/archive", query, archive.getvalue())

    def read_file(self, container: str, path: str) -> bytes:
        """Return the content of a file in a volume of a container, which need not run."""
        archive = self._ask("GET", f"/containers/{container}/archive", {"path": path})
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            for member in tar:
                if content := tar.extractfile(member):
                    return content.read()
        raise HostError(f"{path} is no file")

    def log(self, container: str) -> str:
        """Return all that a container printed, on both streams."""
        raw = self._ask("GET", f"/containers/{container}/logs", {"stdout": 1, "stderr": 1})
        return _without_frames(raw).decode(errors="replace")

    def pull(self, image: str) -> None:
        """Pull an image that the host doesn't have."""
        name, _, tag = (image, "", "") if "@" in image else image.rpartition(":")
        wanted = {"fromImage": name, **({"tag": tag} if tag else {})}
        lines = self._ask("POST", "/images/create", wanted, seconds=_PULL_SECONDS)
        for line in lines.decode(errors="replace").splitlines():
            if error := json.loads(line).get("error"):
                raise HostError(f"the image {image} can't be pulled: {error}")

    def _ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, object],
        body: bytes = b"",
        *,
        seconds: float = _ANSWER_SECONDS,
    ) -> bytes:
        url = f"{self._base}{path}" + (f"?{urllib.parse.urlencode(query)}" if query else "")
        headers = {"Content-Type": "application/x-tar" if method == "PUT" else "application/json"} if body else {}
        to_reach = self._connection.timeout
        try:
            self._connection.request(method, url, body or None, headers)
            self._connection.timeout = seconds
            self._connection.sock.settimeout(seconds)
            answer = self._connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            why = explain(self._connection, error)
            raise HostError(f"no Docker daemon answers at {self._shown}: {why}. {_REMEDY}") from error
        except BaseException:
            # The answer may still come, and is not the answer to the requests that clean up.
            end(self._connection)
            raise
        finally:
            self._connection.timeout = to_reach
        if answer.status in _CREATED_OR_OK:
            return content
        try:
            message = json.loads(content)["message"]
        except (ValueError, KeyError, TypeError):
            message = content[:200].decode(errors="replace")
        kind = _GoneError if answer.status == http.HTTPStatus.NOT_FOUND else HostError
        raise kind(f"the Docker daemon at {self._shown} refuses {method} {path}: {message}")


class _GoneError(HostError):
    """The daemon knows nothing under this name."""


def is_gone(error: HostError) -> bool:
    """Return whether the daemon refused a request because it doesn't know what the request names."""
    return isinstance(error, _GoneError)


@contextlib.contextmanager
def connect() -> Generator[Host]:
    """Yield the host of the stack whose configuration Pulumi's runtime holds."""
    try:
        address = find()
        connection = open_connection(address)
    except (AddressError, ValueError, OSError) as error:
        raise HostError(f"the settings of the Docker daemon are not valid: {error}") from error
    base = urllib.parse.urlsplit(address.url).path.rstrip("/") if address.scheme == "tcp" else ""
    try:
        yield Host(connection, base, str(address))
    finally:
        end(connection)


def _without_frames(log: bytes) -> bytes:
    text, rest = b"", log
    while len(rest) >= 8:
        (length,) = struct.unpack(">xxxxL", rest[:8])
        text, rest = text + rest[8 : 8 + length], rest[8 + length :]
    return text
