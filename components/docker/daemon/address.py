"""Where the stack's Docker daemon is, found as the Docker provider finds it.

The rules are those of `configure` and `MakeClient` in terraform-provider-docker, which `pulumi-docker` bridges. A
setting is a key of `docker` in the stack's configuration, else an environment variable. A context wins over a host, and
client certificates win over ssh. What the provider does not read (`DOCKER_TLS_VERIFY`, `DOCKER_CONFIG`, a context's
certificates) is not read here either; the error names it where no daemon answers.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pulumi

from ...inputs.addresses import without_passwords

DEFAULT_URL = "unix:///var/run/docker.sock"
_CONTEXTS = ".docker/contexts"


class AddressError(Exception):
    """The settings name no daemon; the message says which of them, and what to do."""


@dataclass(frozen=True)
class Certificates:
    """PEM texts by which client and daemon authenticate each other."""

    authority: str
    """Certificate authority of the daemon; empty where the daemon's certificate is not verified."""
    certificate: str = field(repr=False)
    key: str = field(repr=False)


@dataclass(frozen=True)
class Address:
    """A daemon's address and what a connection to it needs."""

    url: str = field(repr=False)
    ssh_options: tuple[str, ...] = field(default=(), repr=False)
    certificates: Certificates | None = None
    remarks: tuple[str, ...] = ()
    """Messages about settings that the provider ignores."""

    def __str__(self) -> str:
        """Return the address without a password."""
        return without_passwords(self.url)

    @property
    def scheme(self) -> str:
        """How the daemon is reached, such as `ssh`."""
        return self.url.partition("://")[0]

    @property
    def is_local(self) -> bool:
        """Whether the daemon runs on this machine."""
        return self.scheme == "unix"


@dataclass(frozen=True)
class _Setting:
    name: str
    """Name that the user knows: a key of the configuration, or an environment variable."""
    value: str


@dataclass(frozen=True)
class Configuration:
    """What a Docker provider is configured with, beside the environment: the stack's by default."""

    get: Callable[[str], str | None] = lambda key: pulumi.Config("docker").get(key)
    """Returns the value of a key such as `certPath`, lists as JSON."""
    prefix: str = "docker:"
    """What stands before a key in messages."""

    def read(self, key: str, variable: str) -> _Setting:
        """Return a value of the configuration, or else of the environment variable."""
        configured = self.get(key)
        if configured is not None:
            return _Setting(self.prefix + key, configured)
        value = os.environ.get(variable, "")
        return _Setting(variable if value else self.prefix + key, value)


STACK = Configuration()


def find(configuration: Configuration = STACK) -> Address:
    """Return the daemon's address; raise ``AddressError`` where the provider would refuse the settings."""
    prefix = configuration.prefix
    context = configuration.read("context", "DOCKER_CONTEXT")
    host = configuration.read("host", "DOCKER_HOST")
    certificates, given_by = _certificates(configuration)
    remarks = list(_ignored(configuration, bool(certificates)))
    if context.value:
        url, its_certificates = _of_context(context, prefix)
        if host.value:
            remarks.append(
                f'{host.name} is ignored because {context.name} is "{context.value}" and a context takes precedence: '
                "unset one of the two"
            )
        if its_certificates and not certificates:
            remarks.append(
                f"the provider does not read the certificates of a context: set {prefix}certPath to {its_certificates}"
            )
    else:
        url = host.value or DEFAULT_URL
        if "://" not in url:
            shown = re.sub(r":\S+@", ":[secret]@", url)
            raise AddressError(
                f'{host.name} = "{shown}" has no scheme, and the provider refuses it only during an update: set '
                "ssh://USER@HOST, tcp://HOST:PORT or unix:///PATH"
            )
    address = Address(url, _ssh_options(configuration), certificates, tuple(remarks))
    if certificates and address.scheme in ("unix", "npipe", "ssh"):
        raise AddressError(
            f"{given_by} sets client certificates, which need an address that begins with tcp://, but the address of "
            f"the daemon is {address}. Unset {given_by}, or choose a daemon with such an address"
        )
    return address


def _ignored(configuration: Configuration, has_certificates: bool) -> Iterator[str]:
    if has_certificates:
        return
    prefix = configuration.prefix
    if (authority := configuration.read("caMaterial", "DOCKER_CA_MATERIAL")).value:
        yield (
            f"{authority.name} is ignored without {prefix}certMaterial and {prefix}keyMaterial: "
            f"set these two, or unset {authority.name}"
        )
    if os.environ.get("DOCKER_TLS_VERIFY"):
        yield (
            f"the provider does not read DOCKER_TLS_VERIFY: to use TLS, set {prefix}certPath or DOCKER_CERT_PATH to "
            "the folder of the client certificates"
        )


def _certificates(configuration: Configuration) -> tuple[Certificates | None, str]:
    """Return the client certificates and the setting that gives them."""
    certificate = configuration.read("certMaterial", "DOCKER_CERT_MATERIAL")
    key = configuration.read("keyMaterial", "DOCKER_KEY_MATERIAL")
    folder = configuration.read("certPath", "DOCKER_CERT_PATH")
    if certificate.value or key.value:
        given, missing = (certificate, key) if certificate.value else (key, certificate)
        if not missing.value:
            raise AddressError(
                f"{given.name} is set without {missing.name}: the provider needs both. Set {missing.name}, or unset "
                f"{given.name}"
            )
        if folder.value:
            raise AddressError(
                f"{given.name} and {folder.name} are both set: the provider accepts only one of them. Unset one"
            )
        authority = configuration.read("caMaterial", "DOCKER_CA_MATERIAL")
        return Certificates(authority.value, certificate.value, key.value), given.name
    if not folder.value:
        return None, ""
    ca, cert, pem = (_read(folder, name) for name in ("ca.pem", "cert.pem", "key.pem"))
    return Certificates(ca, cert, pem), folder.name


def _read(folder: _Setting, name: str) -> str:
    file = Path(folder.value) / name
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a PEM file"
        raise AddressError(
            f'{folder.name} = "{folder.value}": {name} can\'t be read: {reason}. The folder must contain ca.pem, '
            f"cert.pem and key.pem: add the file, or set {folder.name} to another folder"
        ) from error


def _ssh_options(configuration: Configuration) -> tuple[str, ...]:
    configured = configuration.get("sshOpts")
    if configured is None:
        return tuple(os.environ.get("DOCKER_SSH_OPTS", "").split())
    try:
        options = cast("list[Any]", json.loads(configured))
    except ValueError:
        options = None
    if not isinstance(options, list) or not all(isinstance(option, str) for option in options):
        raise AddressError(
            f"{configuration.prefix}sshOpts must be a list of strings, one for each argument of ssh. "
            "To set it to `-i key`: "
            "`pulumi config set --path 'docker:sshOpts[0]' -- -i`, then "
            "`pulumi config set --path 'docker:sshOpts[1]' key`"
        )
    return tuple(options)


def _of_context(context: _Setting, prefix: str) -> tuple[str, str]:
    """Return a context's address and its folder of certificates, empty where it has none."""
    import pwd  # noqa: PLC0415 - Windows, which has contexts elsewhere, doesn't have it

    # The home folder of the password file, like the provider, which ignores HOME and DOCKER_CONFIG.
    contexts = Path(pwd.getpwuid(os.getuid()).pw_dir) / _CONTEXTS
    for file in sorted(contexts.glob("meta/*/meta.json")):
        try:
            meta: Any = json.loads(file.read_text(encoding="utf-8"))
            name, url = meta["Name"], meta["Endpoints"]["docker"]["Host"]
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if name == context.value:
            folder = contexts / "tls" / file.parent.name / "docker"
            return str(url), str(folder) if folder.is_dir() else ""
    raise AddressError(
        f'{context.name} = "{context.value}": there is no such context in {contexts}. The provider reads contexts only '
        "from this folder, so it finds neither `default` nor a context in DOCKER_CONFIG. Create the context there, or "
        f"unset {context.name} and set {prefix}host"
    )
