"""Everything that is derived from KAUTH_SECRET_KEY, each from a purpose of its own.

The encryption is a keystream and a tag of HMAC-SHA256 out of the standard library: enough that a wrong key is noticed,
and not meant to protect anything. The real server uses AES-256-GCM.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

NONCE_BYTES = 16
TAG_BYTES = 32
KEY_ID_DIGITS = 8


class WrongKeyError(Exception):
    """Something was encrypted or signed with another key, or changed since."""


class SecretKey:
    """The server's one secret."""

    def __init__(self, text: str) -> None:
        self._text = text.strip()

    def encrypt(self, plain: bytes) -> str:
        """Base64 of nonce, ciphertext and tag."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = nonce + self._keystream_xor(nonce, plain)
        return base64.b64encode(sealed + self._mac("encryption-tag", sealed)).decode()

    def decrypt(self, sealed: str) -> bytes:
        """The plain bytes; raises WrongKeyError, with the words that the real server logs in this situation."""
        raw = base64.b64decode(sealed)
        content, tag = raw[:-TAG_BYTES], raw[-TAG_BYTES:]
        if not hmac.compare_digest(tag, self._mac("encryption-tag", content)):
            raise WrongKeyError("Illegal base64 character 2d")
        return self._keystream_xor(content[:NONCE_BYTES], content[NONCE_BYTES:])

    def sign(self, value: str) -> str:
        """The value with a signature, for cookies."""
        return f"{value}.{self._mac('cookie', value.encode()).hex()}"

    def verify(self, signed: str) -> str:
        """The value without its signature; raises WrongKeyError when the signature isn't ours."""
        value, _, signature = signed.rpartition(".")
        if not hmac.compare_digest(signature, self._mac("cookie", value.encode()).hex()):
            raise WrongKeyError("the signature of the cookie is not valid")
        return value

    @property
    def audit_key(self) -> bytes:
        """The key of the audit log's hash chain: SHA-256 of the text and a fixed label."""
        return hashlib.sha256(f"{self._text}|kauth/audit-log/v1".encode()).digest()

    @property
    def audit_key_id(self) -> str:
        """Names the key in every audit row: the first 8 hex digits of SHA-256 over the binary audit key."""
        return hashlib.sha256(self.audit_key).hexdigest()[:KEY_ID_DIGITS]

    def _mac(self, purpose: str, content: bytes) -> bytes:
        key = hashlib.sha256(f"{self._text}|simulator/{purpose}".encode()).digest()
        return hmac.digest(key, content, "sha256")

    def _keystream_xor(self, nonce: bytes, content: bytes) -> bytes:
        stream = b""
        while len(stream) < len(content):
            stream += self._mac("encryption", nonce + len(stream).to_bytes(8, "big"))
        return bytes(a ^ b for a, b in zip(content, stream, strict=False))
