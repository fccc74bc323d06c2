"""Names of variables, keys and flags that hold a secret, and which texts under such a name are no secret.

A name counts by its last words, so that `PASSWORD_MIN_LENGTH` and `TOKEN_ENDPOINT` are names of something else. Words
are compared without case and separators: `DB_PASSWORD`, `dbPassword` and `spring.datasource.password` are one name.
"""

from __future__ import annotations

import base64
import functools
import re
from enum import Enum

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_LONGEST_NAME = 200
# What may stand behind the noun: which of several it is, or in which form.
_SUFFIXES = frozenset({
    "old", "new", "previous", "next", "current", "primary", "secondary", "value", "plain", "plaintext", "text",
    "string", "base", "raw", "hex", "b64", "base64", "v", "prod", "production", "dev", "development", "test", "testing",
    "stage", "staging", "live", "default", "override",
})  # fmt: skip
_NOUNS = (
    *("password", "passwords", "passwd", "passphrase", "passcode", "pword", "secret", "secrets", "token", "tokens"),
    *("credential", "credentials", "creds", "mnemonic", "psk"),
    *("apikey", "apikeys", "secretkey", "accesskey", "privatekey", "masterkey", "signingkey", "encryptionkey"),
    "authkey",
)
"""Also at the end of a word that is written in one, as `PGPASSWORD` and `requirepass` are."""
_SHORT_NOUNS = ("pass", "pwd", "pw")
# A short noun alone, or at the end of another word.
_NO_SHORT_NOUN = re.compile(r"(old)?pwd|pw|(by|com|tres|over|under|sur|multi|first|encom|proxy|fastcgi|uwsgi|grpc)pass")
_KEY_KINDS = frozenset({
    "api", "private", "secret", "access", "encryption", "decryption", "crypto", "cipher", "signing", "sign", "jwt",
    "jwe", "jws", "master", "auth", "authentication", "license", "licence", "fernet", "aes", "hmac", "rsa", "gpg",
    "pgp", "ssl", "tls", "account", "shared", "preshared", "deploy", "webhook", "recaptcha", "unseal", "wireguard",
})  # fmt: skip
"""Words that make a key a secret: a key of a cache, a table or a bucket is none."""
_KINDS = {
    "key": _KEY_KINDS,
    "keys": _KEY_KINDS,
    "cookie": frozenset({"erlang", "release"}),
    "auth": frozenset({"redis", "rediscli", "basic", "http", "registry", "docker"}),
    "signature": frozenset({"access"}),
}
"""Nouns, and the words before them that make them secrets."""
_WEAK_NOUNS = frozenset({
    "key", "keys", "auth", "pat", "cookie", "salt", "pepper", "seed", "license", "licence", "authorization",
    "encrypt",
})  # fmt: skip
"""Words that may name a secret; the text decides, by its look."""
_NO_SECRET_KIND = frozenset({"public", "publishable", "pub", "pull", "load", "import"})
_OPEN_NOUNS = ("key", "token", "secret", "credential")
_STORED_KEY_KINDS = frozenset({"encryption", "kms", "master"})
"""Keys that can be named by their id at AWS."""
_WHOLE_NAMES = re.compile(
    r"(.+_)?root_token_id|secret_key_base|neo4j_auth|(?:master|primary)auth"
    # Of WordPress, Strapi and Phoenix.
    r"|(.+_)?(?:(?:secure_)?auth|logged_in|nonce)_(?:key|salt)|app_keys|(?:api|transfer)_token_salt|(.+_)?signing_salt",
    re.I,
)


class Meaning(Enum):
    """The meaning of a text by the name of its variable."""

    HARMLESS = "no secret"
    PLACE = "what can be the name of a secret, kept elsewhere"
    SECRET = "a secret"  # noqa: S105 - no password


# Nothing, a switch, or what stands in for a text that is shown nowhere.
_SWITCH = re.compile(
    r"[\s\"']*|(?i:true|false|yes|no|on|off|[01]|none|null|nil|undefined|enabled?|disabled?|always|never|required|"
    r"optional|auto|redacted|\[redacted\]|\[secret\]|\*{2,}|x{3,}|\.{3}|…|<[^<>]*>)"
)
_PATH_WORD = r"[A-Za-z0-9._-]+"
_PATH = re.compile(
    rf"(?:[.~]{{0,2}}|[A-Za-z]:)(?:[/\\]{_PATH_WORD}){{2,}}[/\\]?|/[a-z]+(?:-[a-z]+)*|[.~]{{1,2}}[/\\]{_PATH_WORD}"
    rf"|(?:{_PATH_WORD}/)*{_PATH_WORD}\.(?i:pem|key|json|ya?ml|txt|crt|cer|p12|pfx|jks|asc|gpg|env|conf|pub)"
)
# A variable of a shell, of Windows or of a template, and a command whose output it is.
_VARIABLE = re.compile(
    r"\$(?:env:)?[A-Za-z_]\w*|\$\{[\w.-]+(?::?[?+][^{}]*)?\}|%\w{2,}%|%\([\w.]+\)s|%s|\{[\w.]*\}",
)
_FETCHED = ("$(", "`", "{{", "${{", "<%")
_DEFAULT = re.compile(r"\$\{[\w.-]+:(?![?+])-?(?P<text>[^{}]*)\}")
# A reference to the place of a secret: at AWS, in another store, or in a file that a tool encrypts.
_STORED = re.compile(
    r"arn:\S+|alias/\S+|rds![\w-]+|projects/[\w-]+/secrets/\S+|https://[\w-]+\.vault\.azure\.net/\S*"
    r"|(?i:file|op|vault|ssm|awssm|secretsmanager|parameterstore|aws-?secretsmanager|gcp-?sm|gcpsecretmanager|gsm|sm"
    r"|akv|azkv|azurekeyvault|keyvault|bao|doppler|infisical|sops|ref\+\w+|env|docker-secret|secret-manager):\S+"
    r"|@Microsoft\.KeyVault\(.*|ENC[\[(].*|AQ[IE]CA[\w+/=]{40,}|AWS(?:CURRENT|PREVIOUS|PENDING)|v\d+"
    r"|(?:type=\w+,)?id=[\w.-]+(?:,.*)?"
)
_PUBLIC = re.compile(r"(?:ssh-\w+|ecdsa-\S+) \S+.*|-----BEGIN (?:[A-Z ]{0,20}PUBLIC KEY|CERTIFICATE)-----.*", re.DOTALL)
# What a password can be checked with, and not read from.
_HASH = re.compile(
    r"\$(?:\d[abxy]?|apr1|y|sha1|argon2\w{1,2}|scrypt|pbkdf2\S{0,20}|5|6)\$\S+|SCRAM-SHA-256\$\S+|\{S?SHA\d{0,3}\}\S+"
)
_URL = re.compile(r"[a-z][a-z0-9+.-]{1,20}://[^\s?#]*", re.I)
_FINGERPRINT = re.compile(r"(?:0x)?(?:[0-9a-f]{40}|[0-9a-f]{16}|[0-9a-f]{8})", re.I)
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.I)
# Words with slashes between them; what is random has another mixture of letters and digits.
_PLACE_WORD = r"(?:[A-Z]?[a-z]+(?:[A-Z][a-z]+){0,3}\d{0,4}|\d{1,4})"
_SEGMENT = rf"(?!\d){_PLACE_WORD}(?:[._-]{_PLACE_WORD}){{0,8}}"
_PLACE = re.compile(rf"{_SEGMENT}(?:/{_SEGMENT}){{1,8}}")
# A key as generators of frameworks print it: 16 bytes or more, with what only base64 has.
_ENCODED_KEY = re.compile(r"base64:[A-Za-z0-9+/]{20,}={0,2}|(?=[^+=]*[+=])[A-Za-z0-9+/]{22,}={0,2}")
_RUN = re.compile(r"[A-Za-z0-9]{16,}")
_OF_USER = re.compile(r"[\w.@-]+:[^\s:/]\S*|neo4j/\S+")


@functools.lru_cache(maxsize=4096)
def words(name: str) -> tuple[str, ...]:
    """Return the words of a name in lower case, without what tells one of several from another at its end."""
    lower_words = [word.lower() for word in _WORD.findall(name[-_LONGEST_NAME:])]
    while len(lower_words) > 1 and (lower_words[-1].isdigit() or lower_words[-1] in _SUFFIXES):
        lower_words.pop()
    return tuple(lower_words)


@functools.lru_cache(maxsize=4096)
def is_secret_name(name: str) -> bool:
    """Whether a name is always that of a secret, for any value."""
    if _WHOLE_NAMES.fullmatch(name.replace("-", "_")):
        return True
    name_words = words(name)
    if not name_words or _is_public(name_words):
        return False
    *before, last = name_words
    kind = before[-1] if before else ""
    if last in _KINDS:
        return kind in _KINDS[last]
    if last in _SHORT_NOUNS:
        # The shell's PWD, and what proxies call a server behind them.
        return not _NO_SHORT_NOUN.fullmatch(f"{kind}{last}")
    return last.endswith(_NOUNS) or (last.endswith(_SHORT_NOUNS[:2]) and not _NO_SHORT_NOUN.fullmatch(last))


def _is_public(found: tuple[str, ...]) -> bool:
    """Whether a name is that of a public value, or of a secret's location."""
    is_kind = not _NO_SECRET_KIND.isdisjoint(found[-2:-1]) and found[-1].startswith(_OPEN_NOUNS)
    return is_kind or found[:2] == ("next", "public")


@functools.lru_cache(maxsize=4096)
def can_be_secret(name: str) -> bool:
    """Whether a name is that of a secret or of a possible secret."""
    name_words = words(name)
    return is_secret_name(name) or (bool(name_words) and name_words[-1] in _WEAK_NOUNS and not _is_public(name_words))


def is_reference(text: str) -> bool:
    """Whether a text refers to a secret, or says that there is none."""
    text = text.strip()
    default = _DEFAULT.fullmatch(text)
    if default:
        return is_reference(default["text"])
    if _PATH.fullmatch(text):
        return not any(map(_is_mixed, re.split(r"[/\\]", text)))
    if text.startswith(_FETCHED) or any(form.fullmatch(text) for form in (_SWITCH, _STORED, _PUBLIC, _HASH)):
        return True
    rest, count = _VARIABLE.subn("", text)
    return count > 0 and not any(map(str.isalnum, rest))


def looks_random(text: str) -> bool:
    """Whether a text has a long sequence of letters and digits that is not a word."""
    if _UUID.fullmatch(text):
        return False
    return any(
        sum(map(str.isdigit, run)) > 1 and not run.isdigit() and (len(run) > 23 or _is_mixed(run) or _is_hex(run))
        for run in _RUN.findall(text[:2000])
    )


def _is_user_in_base64(text: str) -> bool:
    try:
        return _OF_USER.fullmatch(base64.b64decode(text, validate=True).decode()) is not None
    except ValueError:
        return False


def _is_hex(text: str) -> bool:
    return not set(text.lower()) - set("0123456789abcdef")


def _is_mixed(text: str) -> bool:
    return len(text) > 15 and all(any(map(kind, text)) for kind in (str.isupper, str.islower, str.isdigit))


def meaning(name: str, text: str) -> Meaning:
    """Return what a text is by the name of its variable, key or flag."""
    if not can_be_secret(name) or is_reference(text):
        return Meaning.HARMLESS
    is_strong = is_secret_name(name)
    name_words = words(name)
    if not (_is_strong_text(name_words, text) if is_strong else _is_weak_text(name_words, text)):
        return Meaning.HARMLESS
    is_place = is_strong and name_words[-1] != "auth" and _PLACE.fullmatch(text)
    return Meaning.PLACE if is_place else Meaning.SECRET


def _is_strong_text(found: tuple[str, ...], text: str) -> bool:
    """Whether a text can be a secret under the name of one."""
    if found[-1].startswith(("token", "key")) and text.isdigit() and len(text) < 8:
        return False  # How many, or for how long.
    if found[-1] == "auth" and not found[-2].startswith("redis"):
        return _OF_USER.fullmatch(text) is not None
    is_key = found[-1] == "key"
    is_key_id = is_key and _UUID.fullmatch(text) and not _STORED_KEY_KINDS.isdisjoint(found[-2:-1])
    is_fingerprint = is_key and found[-2:-1] in (("gpg",), ("pgp",)) and _FINGERPRINT.fullmatch(text)
    return not is_key_id and not is_fingerprint and not _URL.fullmatch(text)


def _is_weak_text(found: tuple[str, ...], text: str) -> bool:
    """Whether a text looks like a secret, under a name that can be one of something else."""
    if found[-1] == "auth" and _is_user_in_base64(text.removeprefix("Basic ")):
        return True
    if _ENCODED_KEY.fullmatch(text) and len(text.removeprefix("base64:")) % 4 == 0:
        return True
    return looks_random(text) and ("/" not in text or text.endswith("="))
