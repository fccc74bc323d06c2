"""Finds a secret in a heap of bytes, in any form in which a program may have written it.

A secret is looked for by its halves, so that a shortened one is found too.
"""

from __future__ import annotations

import base64
import binascii
import re
import string
import zlib
from collections.abc import Callable, Iterator, Mapping

_DEPTH = 3
"""How many wrappings (compressed, base64) are opened within each other."""
_LARGEST = 1 << 25
_COMPRESSED = re.compile(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{24,}")
_FROM_URL_SAFE = bytes.maketrans(b"-_", b"+/")


def forms(secret: bytes) -> dict[str, list[bytes]]:
    """Return the forms in which this may be written, each with what to look for."""
    plain = {"plain": [secret]}
    text = secret.decode("latin-1")
    if len(text) % 2 == 0 and not set(text) - set(string.hexdigits):
        plain["bytes"] = [bytes.fromhex(text)]
    found: dict[str, list[bytes]] = {}
    for name, (value,) in plain.items():
        prefix = "" if name == "plain" else f"{name} in "
        found |= {
            name: [value],
            f"{prefix}hex": [value.hex().encode()],
            f"{prefix}upper-case hex": [value.hex().upper().encode()],
            f"{prefix}base64": _base64(value, base64.b64encode),
            f"{prefix}url-safe base64": _base64(value, base64.urlsafe_b64encode),
        }
    percent = "".join(f"%{byte:02x}" for byte in secret)
    return {
        **found,
        "upper case": [secret.upper()],
        "lower case": [secret.lower()],
        "url-encoded": [percent.encode(), percent.upper().encode()],
    }


def _base64(secret: bytes, encode: Callable[[bytes], bytes]) -> list[bytes]:
    """Return the digits that depend on the secret alone, for each place it may have in a group of three bytes."""
    digits: list[bytes] = []
    for before in range(3):
        whole = encode(b"\0" * before + secret)
        digits.append(whole[-(-before * 8 // 6) : (before + len(secret)) * 8 // 6])
    return digits


class Search:
    """Looks for some secrets, by name."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._needles: list[tuple[str, str, bytes]] = []
        for name, value in secrets.items():
            half = len(value) // 4 * 2  # even, so that half of a hex number is a number of whole bytes
            for part in (value[:half], value[half:]):
                for form, needles in forms(part.encode()).items():
                    self._needles += [(name, form, needle) for needle in needles]

    def find(self, heap: bytes) -> set[tuple[str, str]]:
        """Return name and form of each secret in the heap."""
        return set(self._find(heap, "", _DEPTH))

    def _find(self, heap: bytes, path: str, depth: int) -> Iterator[tuple[str, str]]:
        for name, form, needle in self._needles:
            if needle in heap:
                yield name, path + form
        if depth:
            for kind, content in _unwrapped(heap):
                yield from self._find(content, f"{path}{kind} of ", depth - 1)


def _unwrapped(heap: bytes) -> Iterator[tuple[str, bytes]]:
    for match in _COMPRESSED.finditer(heap):
        gzip = match[0].startswith(b"\x1f")
        try:
            content = zlib.decompressobj(31 if gzip else 15).decompress(heap[match.start() :], _LARGEST)
        except zlib.error:
            continue
        if content:
            yield "gzip" if gzip else "zlib", content
    for match in _BASE64.finditer(heap):
        digits = match[0].translate(_FROM_URL_SAFE)
        for skipped in range(4):
            group = digits[skipped : skipped + (len(digits) - skipped) // 4 * 4]
            content = binascii.a2b_base64(group)
            # Without compression in between, the digits themselves have been looked at.
            if _COMPRESSED.search(content):
                yield "base64", content
