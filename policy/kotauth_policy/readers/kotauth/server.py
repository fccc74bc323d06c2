"""What rules know about Kotauth's environment and its secret files, in a container of Docker's or on a host of AWS."""

from __future__ import annotations

import base64
import binascii
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ...engine.resource import Resource, Stack
from ...engine.value import Value
from ...engine.verdict import MalformedError, UndecidableError
from ..aws.resources import DATABASE_INSTANCE, SECRET, SECRET_VERSION
from ..docker.containers import holder_of
from ..docker.mounts import volumes_of
from ..docker.parts import SERVER, is_part, parts_in
from ..docker.resources import CONTAINER
from ..hosts.host_containers import Deferred
from ..hosts.user_data import parameter_of, program_of
from ..secrets.names import words

SECRET_KEY_FILE = "KAUTH_SECRET_KEY_FILE"  # noqa: S105 - a variable's name

# A file of one secret, or of several, as its ending or its whole name says.
_SECRET_FILE = re.compile(
    r".+\.(key|p12|pfx|jks|keystore|kdbx|ppk)|id_(rsa|dsa|ecdsa|ed25519)|\.?pgpass(\.conf)?|[._]netrc|\.git-credentials"
    r"|\.docker(cfg|configjson)|kubeconfig(\.ya?ml)?",
    re.I,
)
_ENDING = re.compile(r"\.(json|txt|pem|ya?ml|ini|conf|cfg|toml|properties|env|csv)$", re.I)
_NOUNS = frozenset({
    "secret", "secrets", "password", "passwords", "passwd", "passphrase", "token", "tokens", "key", "keys",
    "credential", "credentials",
})  # fmt: skip
# What checks a signature or a password, opens nothing, or is no key to anything.
_OPEN = frozenset(
    {"public", "pub", "authorized", "trusted", "known", "allowed", "design", "ca", "cert", "chain", "bundle"}
)
_OPEN_ENDING = re.compile(r".*\.(pub|crt|cer)|(.*[._-])?(ca|cert|chain|fullchain|bundle)\.pem", re.I)
_SECRET_FOLDERS = re.compile(r"(/var)?/run/secrets/.+")

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

    Raises ``UndecidableError`` where an unknown entry could be it, ``MalformedError`` where two entries disagree.
    """
    same_name = [candidate for candidate in variables(container) if candidate.name == name]
    if len({candidate.text for candidate in same_name}) > 1:
        # The provider keeps them in no order.
        raise MalformedError(same_name[1].entry.path, f"the only entry for {name}")
    if same_name:
        return same_name[0]
    for entry in container.get("envs").items():
        if entry.is_unknown and (not isinstance(entry, Deferred) or entry.name == name):
            raise UndecidableError(entry.path, f"is unknown and could be {name}")
    return None


def comes_from_database(container: Resource, name: str) -> bool:
    """Whether a variable is fetched at boot from a parameter that is made of a database's address in the stack."""
    deferred = [each for each in container.get("envs").items() if isinstance(each, Deferred) and each.name == name]
    parameters = [each.parameter for each in deferred if each.parameter is not None]
    return any(source.type == DATABASE_INSTANCE for each in parameters for source in each.sources("value"))


def setting(container: Resource, name: str) -> str | None:
    """Return the text of a variable, ``None`` where it is not set."""
    set_variable = variable(container, name)
    return None if set_variable is None else set_variable.text


def is_secret_file(path: str) -> bool:
    """Whether a file's name says that it holds a secret, or its folder does."""
    name = file_name(path)
    name_words = words(_ENDING.sub("", name))
    if _OPEN_ENDING.fullmatch(name) or not _OPEN.isdisjoint(name_words[-2:-1]):
        return False
    if _SECRET_FILE.fullmatch(name) or _SECRET_FOLDERS.fullmatch(path):
        return True
    return bool(name_words) and name_words[-1] in _NOUNS


def file_name(path: str) -> str:
    """Return the last segment of a path."""
    return path.rpartition("/")[2]


@dataclass(frozen=True)
class Upload:
    """A file that the provider puts into a container or through it into a volume, or that a host fetches."""

    container: Resource
    """Resource that carries it: a container, or the version of a secret."""
    entry: Value
    content: Value
    property_name: str = "uploads"

    @property
    def file(self) -> str:
        """Path of the file."""
        return self.entry.field("file").text() or ""

    @property
    def is_of_machine(self) -> bool:
        """Whether the provider reads the file on the deploying machine."""
        return self.content.path.endswith(".source")

    @property
    def text(self) -> str:
        """The content, decoded; empty where it is unknown, or on the deploying machine."""
        text = "" if self.is_of_machine else self.content.known_text()
        if not self.content.path.endswith(".contentBase64"):
            return text
        try:
            return base64.b64decode(text).decode(errors="replace")
        except binascii.Error:
            return ""

    def sources(self) -> list[Resource]:
        """Return the resources that the content comes from, or something else of the carrier's."""
        return self.container.sources(self.property_name)


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
    host = holder_of(server)
    if host is not None:
        return _stored(host, server.name, file_name(path))
    by_volume = server.in_stack().once(_carriers)
    carriers = {each.urn: each for volume in sorted(volumes_of(server)) for each in by_volume.get(volume, ())}
    return [
        upload
        for carrier in {**carriers, server.urn: server}.values()
        for upload in uploads(carrier)
        if file_name(upload.entry.field("file").text() or "") == file_name(path)
    ]


def _carriers(stack: Stack) -> dict[str, list[Resource]]:
    """Return what uploads files, by the volumes that it has."""
    carriers: dict[str, list[Resource]] = defaultdict(list)
    for container in stack.of_type(CONTAINER):
        if not container.get("uploads").is_absent:
            for volume in volumes_of(container):
                carriers[volume].append(container)
    return carriers


def secret_key_sources(server: Resource, *types: str) -> list[Resource]:
    """Return the resources of these types that the uploads of a server's secret key come from."""
    sources = {
        source.urn: source
        for upload in secret_key_uploads(server)
        for source in upload.sources()
        if source.type in types
    }
    return list(sources.values())


def _stored(host: Resource, part: str, file: str) -> list[Upload]:
    """Return the versions of the secret that a host fetches as a file, known by the name that the secret has."""
    plan = program_of(host).plan
    parameter = parameter_of(host, plan.parameter)
    if parameter is None or file not in plan.secret_files.get(part, ()):
        return []
    secrets = [secret for secret in parameter.sources("value") if secret.type == SECRET and _is_named(secret, file)]
    return [
        Upload(version, version.properties, version.get("secretString"), "secretString")
        for secret in secrets
        for version, name in host.in_stack().consumers(secret, SECRET_VERSION)
        if name == "secretId"
    ]


def is_secret_named(version: Resource, files: Iterable[str]) -> bool:
    """Whether it is a version of a secret that is named like one of these files."""
    secrets = [secret for secret in version.sources("secretId") if secret.type == SECRET]
    return version.type == SECRET_VERSION and any(_is_named(each, file) for each in secrets for file in files)


def _is_named(secret: Resource, file: str) -> bool:
    wanted = file.partition(".")[0].replace("_", "-").lower()
    names = [
        secret.name,
        *(value.text() or "" for value in map(secret.get, ("name", "description")) if not value.is_unknown),
    ]
    return any(wanted in name.replace("_", "-").lower() for name in names)


def servers_of(resource: Resource) -> list[Resource]:
    """Return the Kotauth servers of the stack that a resource is in."""
    return parts_in(resource.in_stack(), SERVER)
