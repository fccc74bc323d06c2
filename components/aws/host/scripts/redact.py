"""Takes out of a log line what would let its reader in: codes, tokens, passwords.

Kotauth's access lines carry the Location of each redirect, with authorization code and state; links of its mails carry
tokens in their query. A line stays the JSON that it was: what is put in has no character that JSON escapes.
"""

from __future__ import annotations

import re

REDACTED = "[redacted]"

# With every backslash before it: JSON within one of the line's texts escapes the escape once more.
_COLOURS = re.compile(r"(?:\x1b|(?<!\\)\\+u001[bB])\[[0-9;]*[A-Za-z]")

_QUERY_KEYS = (
    "code|state|nonce|(?:[a-z]+_)*token(?:_hint)?|session_state|code_verifier|(?:[a-z]+_)?password|(?:client_)?secret|"
    "(?:client_)?assertion|api_key|otp|device_code|user_code|SAMLResponse|RelayState|X-Amz-Signature|signature"
)
# An equals sign or an ampersand also as an address within an address has it (%3D), and as JSON may escape it (\u003d).
_BEFORE = r"(?:(?<![A-Za-z0-9_])|(?<=%3F)|(?<=%26)|(?<=%23)|(?<=u0026)|(?<=u003f))"
_VALUE = r"(?:(?!%26|%23|\\u0026|\\[\"nrt\\])[^&\s\"'#<>])+"
_IN_QUERIES = re.compile(rf"{_BEFORE}({_QUERY_KEYS})(=|%3D|\\u003d){_VALUE}", re.IGNORECASE)

_FIELDS = "(?:[a-z]+_)*token|(?:[a-z]+_)?password|(?:client_)?secret|authorization|(?:set-)?cookie|(?:x-)?api[-_]key"
# As a field of the line itself, and of JSON within one of its texts, where every escape is escaped once more.
_IN_JSON = re.compile(rf'("(?:{_FIELDS})"\s*:\s*\[?\s*")(?:[^"\\]|\\.)*', re.IGNORECASE)
_IN_JSON_TEXT = re.compile(rf'(\\"(?:{_FIELDS})\\"\s*:\s*\[?\s*\\")(?:[^"\\]|\\\\(?:\\"|.)|\\[^"\\])*', re.IGNORECASE)

_HEADERS = re.compile(r"\b(Bearer|Basic)(\s+|%20)[A-Za-z0-9._~+/=-]{6,}", re.IGNORECASE)
_COOKIES = re.compile(r"\b(KOTAUTH_[A-Z_]+=)[^;\s\"'\\,]+")
_TOKENS = re.compile(
    r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?|\bkauth_[a-z0-9-]+_[A-Za-z0-9_-]{16,}"
)


def redact(line: str) -> str:
    """Return the line without colours and without secrets."""
    line = _COLOURS.sub("", line)
    line = _IN_JSON.sub(rf"\1{REDACTED}", line)
    line = _IN_JSON_TEXT.sub(rf"\1{REDACTED}", line)
    line = _HEADERS.sub(rf"\1 {REDACTED}", line)
    line = _COOKIES.sub(rf"\1{REDACTED}", line)
    line = _TOKENS.sub(REDACTED, line)
    return _IN_QUERIES.sub(rf"\1\2{REDACTED}", line)
