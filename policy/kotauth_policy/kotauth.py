"""What rules know about Kotauth's environment and its secret files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .docker import CONTAINER, SERVER, is_part, parts_in, volumes_of
from .resource import Resource
from .value import Value
from .verdict import UndecidableError

SECRET_KEY_FILE = "KAUTH_SECRET_KEY_FILE"  # noqa: S105 - a variable's name

# Ends in the noun, as secret_key, api_keys.json and database_password do and key_guard.sh does not.
_SECRET_FILE = re.compile(
    r"(.*[_.-])?(secret|password|passwd|passphrase|token|keys?|credentials?)(\.(json|txt|pem|ya?ml|key))?", re.I
)

is_server = is_part(SERVER)


@dataclass(frozen=True)
class Variable:
    """One entry of `envs`, split."""

    entry: Value
    name: str
    text: str


def variables(container: Resource) -> Iterator[Variable]:
    """Yield the entries of a container's environment that are known."""
    for entry in container.get("envs").items():
        if not entry.is_unknown:
            name, _, text = (entry.text() or "").partition("=")
            yield Variable(entry, name, text)


def variable(container: Resource, name: str) -> Variable | None:
    """Return a variable, ``None`` where it is not set.

    Raises ``UndecidableError`` where an unknown entry could be it.
    """
    for found in variables(container):
        if found.name == name:
            return found
    for entry in container.get("envs").items():
        if entry.is_unknown:
            raise UndecidableError(entry.path, f"is unknown and could be {name}")
    return None


def setting(container: Resource, name: str) -> str | None:
    """Return the text of a variable, ``None`` where it is not set."""
    found = variable(container, name)
    return None if found is None else found.text


def is_secret_file(path: str) -> bool:
    """Whether a file's name says that it holds a secret."""
    return _SECRET_FILE.fullmatch(file_name(path)) is not None


def file_name(path: str) -> str:
    """Return the last segment of a path."""
    return path.rpartition("/")[2]


@dataclass(frozen=True)
class Upload:
    """A file that the provider puts into a container, or through it into a volume."""

    container: Resource
    entry: Value
    content: Value


def uploads(container: Resource) -> Iterator[Upload]:
    """Yield the files that are uploaded into a container."""
    for entry in container.get("uploads").items():
        given = (entry.field(name) for name in ("content", "contentBase64", "source"))
        content = next((value for value in given if not value.is_absent), entry.field("content"))
        yield Upload(container, entry, content)


def secret_key_uploads(server: Resource) -> list[Upload]:
    """Return the uploads that become a server's secret key file, none where it comes from elsewhere."""
    path = setting(server, SECRET_KEY_FILE)
    if not path:
        return []
    seen = volumes_of(server)
    carriers = [c for c in server.in_stack().of_type(CONTAINER) if not c.get("uploads").is_absent]
    return [
        upload
        for carrier in carriers
        if carrier.urn == server.urn or volumes_of(carrier) & seen
        for upload in uploads(carrier)
        if file_name(upload.entry.field("file").text() or "") == file_name(path)
    ]


def secret_key_sources(server: Resource, *types: str) -> list[Resource]:
    """Return the resources of these types that the uploads of a server's secret key come from."""
    found = {
        source.urn: source
        for upload in secret_key_uploads(server)
        for source in upload.container.sources("uploads")
        if source.type in types
    }
    return list(found.values())


def servers_of(resource: Resource) -> list[Resource]:
    """Return the Kotauth servers of the stack that a resource is in."""
    return parts_in(resource.in_stack(), SERVER)
