"""The host keys of an SFTP repository, in the form of OpenSSH's file `known_hosts` (`man sshd`)."""

from __future__ import annotations

import base64
import binascii
import hmac
import re

SSH_PORT = 22

_REVOKED = "@revoked"
_LINE = re.compile(rf"((@cert-authority|{_REVOKED})\s+)?(\S+)\s+(ssh-|ecdsa-|sk-)\S+\s+([A-Za-z0-9+/=]+)(\s.*)?")
_HASHED = "|1|"


def parse_known_hosts(raw: object) -> str:
    """Parse lines of a file `known_hosts`."""
    stripped = (line.strip() for line in str(raw).splitlines())
    lines = [line for line in stripped if line and not line.startswith("#")]
    if not lines or not all(map(_LINE.fullmatch, lines)):
        raise ValueError("must be lines of a known_hosts file, such as `ssh-keyscan HOST` prints them")
    return "".join(f"{line}\n" for line in lines)


def has_key(known_hosts: str, host: str, port: int) -> bool:
    """Return whether ssh finds a key of a host there, or of an authority that certifies it, and it isn't revoked."""
    host = host.lower()
    # ssh falls back to the name without the port.
    names = [host] if port == SSH_PORT else [f"[{host}]:{port}", host]
    trusted, revoked = set[str](), set[str]()
    for line in filter(None, map(_LINE.fullmatch, known_hosts.splitlines())):
        if any(_matches(line[3], name) for name in names):
            (revoked if line[2] == _REVOKED else trusted).add(line[5])
    return not trusted <= revoked


def _matches(patterns: str, name: str) -> bool:
    if patterns.startswith(_HASHED):
        return _is_hash_of(name, patterns)
    listed = patterns.lower().split(",")
    if any(_fits(pattern[1:], name) for pattern in listed if pattern.startswith("!")):
        return False
    return any(_fits(pattern, name) for pattern in listed)


def _fits(pattern: str, name: str) -> bool:
    return bool(re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), name))


def _is_hash_of(name: str, hashed: str) -> bool:
    try:
        salt, digest = map(base64.b64decode, hashed.removeprefix(_HASHED).split("|"))
    except (ValueError, binascii.Error):
        return False
    return hmac.digest(salt, name.encode(), "sha1") == digest
