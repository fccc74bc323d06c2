"""The repository of the backups: a volume on the host, a bucket, or a folder that is reached by SFTP."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pulumi

from ..inputs.problems import when_known
from .known_hosts import SSH_PORT, has_key

VOLUME, S3, SFTP = "volume", "s3", "sftp"
KINDS = (VOLUME, S3, SFTP)
FOLDER = "/repository"
"""Where a container finds the repository that is a volume."""

_PORT = r"(:(?P<port>[0-9]+))?"
_S3 = re.compile(rf"s3:(https?://)?(?P<host>[a-z0-9][a-z0-9.-]*){_PORT}(/[A-Za-z0-9._-]+)+")
_USER, _HOST = r"[A-Za-z0-9_][A-Za-z0-9._-]*", r"(?P<host>[A-Za-z0-9][A-Za-z0-9.-]*)"
_FOLDER = r"[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*/?"
_SFTP_URL = re.compile(rf"sftp://{_USER}@{_HOST}{_PORT}//?{_FOLDER}")
_SFTP = re.compile(rf"sftp:{_USER}@{_HOST}:/?{_FOLDER}")
_IPV6 = re.compile(r"s3:(https?://)?\[.*|sftp:(//)?[^/]*@\[.*")
_HIGHEST_PORT = 65535
_KEY_PAIR = re.compile(r"[A-Za-z0-9]+:[A-Za-z0-9/+=]+")
_PRIVATE_KEY = re.compile(r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----\n(.+)\n-----END \1-----\n?", re.DOTALL)
_NO_PASSPHRASE = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmU"  # noqa: S105 - the form of a key
"""What OpenSSH's own form begins with, up to the name of the cipher, which is none."""


@dataclass(frozen=True)
class Repository:
    """Where backups are stored."""

    kind: str
    address: str
    """As restic takes it."""
    host: str = ""
    """Name of the host, empty for a volume."""
    port: int | None = None
    """Port of the host, where the address has one."""

    def __str__(self) -> str:
        """Return it as a user writes it."""
        return VOLUME if self.kind == VOLUME else self.address

    @property
    def is_remote(self) -> bool:
        """Whether it is on another host, or can be."""
        return self.kind != VOLUME

    @property
    def is_encrypted_on_the_way(self) -> bool:
        """Whether the connection to it is encrypted. The content of a repository always is."""
        return not self.address.startswith(f"{S3}:http://")


def parse_repository(raw: object) -> Repository:
    """Parse the address of a repository; raise ``ValueError`` for one that contains credentials, too."""
    text = str(raw)
    if text == VOLUME:
        return Repository(VOLUME, FOLDER)
    for kind, form in ((S3, _S3), (SFTP, _SFTP_URL), (SFTP, _SFTP)):
        if match := form.fullmatch(text):
            port = match.groupdict().get("port")
            if port and not 1 <= int(port) <= _HIGHEST_PORT:
                raise ValueError(f"must have a port from 1 to {_HIGHEST_PORT}")
            return Repository(kind, text, match["host"], int(port) if port else None)
    if _IPV6.fullmatch(text):
        raise ValueError(
            "must not have an IPv6 address, because the network of the backups has IPv4 alone: "
            "name the host, or give its IPv4 address"
        )
    raise ValueError(
        "must be volume, s3:HOST/BUCKET/FOLDER or sftp:USER@HOST:/FOLDER (with a port: sftp://USER@HOST:PORT//FOLDER), "
        "without a password"
    )


DEFAULT_REPOSITORY = Repository(VOLUME, FOLDER)


def credentials_rule(repository: Repository) -> Callable[[object], object]:
    """Return the parser of the credentials for a kind of repository."""
    return {VOLUME: _unchanged, S3: _parse_s3_credentials, SFTP: _parse_sftp_credentials}[repository.kind]


def access_problems(
    repository: Repository, credentials: object, known_hosts: str | None
) -> Iterator[tuple[str, object, str]]:
    """Yield what is missing for the kind of repository, or too much: name of the value, the value, and the rule.

    In a rule, ``{repository}`` stands for the name of the repository's value.
    """
    if repository.is_remote and credentials is None:
        rule = f"is required for a repository with {repository.kind}: set the access key or the private key as a secret"
        yield "credentials", "", rule
    if not repository.is_remote and credentials is not None:
        yield "credentials", credentials, "is only for a repository with s3 or sftp: remove it, or change {repository}"
    port = repository.port or SSH_PORT
    if repository.kind == SFTP and not has_key(known_hosts or "", repository.host, port):
        scan = f"ssh-keyscan {'' if port == SSH_PORT else f'-p {port} '}{repository.host}"
        broken = (
            f"has no key of {repository.host}, port {port}" if known_hosts else "is required for a repository with sftp"
        )
        yield "known_hosts", (known_hosts or "").strip(), f"{broken}: set it to what `{scan}` prints, once compared"
    if repository.kind != SFTP and known_hosts:
        yield (
            "known_hosts",
            known_hosts.strip(),
            "is only for a repository with sftp: remove it, or change {repository}",
        )


def _parse_s3_credentials(raw: object) -> object:
    """Parse an access key; an Output is parsed when its value is known."""
    rule = "must be ACCESS_KEY_ID:SECRET_ACCESS_KEY, the access key of a user who may use only this bucket"
    return _parse_secret(raw, lambda text: bool(_KEY_PAIR.fullmatch(text.strip())), rule)


def _parse_sftp_credentials(raw: object) -> object:
    """Parse a private key of OpenSSH; an Output is parsed when its value is known."""
    rule = "must be a private key of OpenSSH without a passphrase, the whole text of its file"
    return _parse_secret(raw, lambda text: _is_open_key(text.strip() + "\n"), rule)


def _is_open_key(text: str) -> bool:
    key = _PRIVATE_KEY.fullmatch(text)
    if key is None or "ENCRYPTED" in text:
        return False
    return not key[1].startswith("OPENSSH") or key[2].startswith(_NO_PASSPHRASE)


def _unchanged(raw: object) -> object:
    """Return credentials that `access_problems` refuses."""
    return raw


def secret_files(repository: Repository, credentials: pulumi.Input[str] | None) -> dict[str, pulumi.Input[str]]:
    """Return the secret files for reaching the repository, by name: none for a volume."""
    if credentials is None:
        return {}
    (name,) = secret_file_names(repository)
    return {name: pulumi.Output.secret(credentials).apply(lambda text: secret_file(repository, text))}


S3_FILE, SFTP_FILE = "s3_credentials", "sftp_key"


def secret_file_names(repository: Repository) -> list[str]:
    """Return the names of these files."""
    return {VOLUME: list[str](), S3: [S3_FILE], SFTP: [SFTP_FILE]}[repository.kind]


def secret_file(repository: Repository, credentials: str) -> str:
    """Return the content of the secret file in the form of its program."""
    if repository.kind == S3:
        access_key, _, secret = credentials.strip().partition(":")
        return f"[default]\naws_access_key_id = {access_key}\naws_secret_access_key = {secret}\n"
    # OpenSSH refuses a key without a line end.
    return credentials.strip() + "\n"


def _parse_secret(raw: object, fits: Callable[[str], bool], rule: str) -> object:
    def parse(text: object) -> str:
        if not fits(str(text)):
            raise ValueError(rule)
        return str(text)

    return when_known(parse)(raw)
