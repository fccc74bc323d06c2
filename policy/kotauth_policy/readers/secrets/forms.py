"""Forms of secrets in texts: tokens with a known prefix, and values beside the name of a secret.

All patterns are linear in the length of a text: names and values are bounded, and no repetition holds another.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from .names import Meaning, can_be_secret, is_reference, meaning

_TOKENS = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"gh[pousr]_[A-Za-z0-9]{16,}|github_pat_\w{20,}|glpat-[\w-]{16,}|gl[a-z]{2,6}t-[\w-]{20,}"
    r"|xox[abeoprs]-[\w-]{10,}|xapp-[\w-]{20,}"
    r"|(?:AKIA|ASIA)[0-9A-Z]{16}(?![0-9A-Za-z])"
    r"|[sr]k_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[\w+/=]{16,}|sq0csp-[\w-]{20,}"
    r"|AIza[\w-]{30,}|ya29\.[\w-]{20,}|GOCSPX-[\w-]{20,}"
    r"|SG\.[\w-]{16,}\.[\w-]{16,}|key-[0-9a-f]{32}|xkeysib-[0-9a-f]{32,}"
    r"|eyJ[\w-]{8,600}\.eyJ[\w-]{8,}\.[\w-]{8,}"
    r"|npm_\w{30,}|pypi-[\w-]{40,}|rubygems_[0-9a-f]{40,}|dckr_pat_[\w-]{20,}"
    r"|hf_[A-Za-z0-9]{20,}|sk-(?:proj|ant|svcacct)-[\w-]{16,}|sk-[A-Za-z0-9]{32,}|gsk_[A-Za-z0-9]{32,}"
    r"|do[op]_v1_[0-9a-f]{40,}|dor_v1_[0-9a-f]{40,}|dapi[0-9a-f]{32}|dp\.(?:pt|st)\.[\w.-]{20,}"
    r"|hv[sbr]\.[\w-]{20,}|NRAK-[A-Z0-9]{20,}|glsa_\w{32,}|ATATT3[\w=-]{20,}|shp(?:at|ca|pa|ss)_[0-9a-f]{32}"
    r"|lin_api_\w{20,}|AGE-SECRET-KEY-1[0-9A-Z]{20,}"
    r"|tskey-[\w-]{16,}|pul-[0-9a-f]{40}|sbp_[0-9a-f]{40}|pscale_(?:tkn|pw|oauth)_[\w-]{20,}|fm[12]_[\w+/=]{50,}"
    r"|sntry[us]_[\w+/=-]{40,}|phx_[A-Za-z0-9]{40,}|glc_eyJ[\w+/=]{20,}|ops_eyJ[\w+/=-]{40,}|dckr_oat_[\w-]{20,}"
    r"|PMAK-[\w-]{40,}|figd_[\w-]{30,}|ntn_[A-Za-z0-9]{40,}|CFPAT-[\w-]{40,}|r8_[A-Za-z0-9]{30,}|xai-[A-Za-z0-9]{40,}"
    r"|re_[A-Za-z0-9]{8}_[A-Za-z0-9]{20,}"
    r")"
)
"""Prefixes that issuers give their secrets, so that they are found: GitHub, GitLab, Slack, AWS, Stripe, Square, Google,
mail services, JWT, registries of packages, models, DigitalOcean, Databricks, Doppler, Vault, New Relic, Grafana,
Atlassian, Shopify, Linear, age, Tailscale, Pulumi, Supabase, PlanetScale, Fly, Sentry, PostHog, 1Password, Docker,
Postman, Figma, Notion, Contentful, Replicate, xAI, Resend."""
_WHOLE = re.compile(
    r"-----BEGIN (?:[A-Z]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----|PuTTY-User-Key-File-\d"
    r"|hooks\.slack\.com/(?:services|workflows)/[\w/]{12,}|discord(?:app)?\.com/api/webhooks/\d{6,}/[\w-]{20,}"
    r"|(?<!\d)\d{8,10}:AA[\w-]{30,}"
)
# A word that is in each text of the form, and the form, with the secret itself as `value`, which can be a reference.
_FORMS = tuple(
    (hint, re.compile(form, re.I))
    for hint, form in {
        # What comes before `://` would be tried at each letter of a long text. A digest is no host.
        "://": r"[a-z0-9]://[^/\s:@\"'<>]{0,200}:(?P<value>[^/\s@\"'?]{1,400})@(?!sha\d{3}:)",
        "authorization": r"authorization[\"']?\s{0,4}[:=]\s{0,4}[\"']?(?:bearer|basic|token|apikey)\s{1,4}"
        r"(?P<value>[^\s\"']{1,400})",
        "bearer": r"\bbearer\s(?P<value>[\w.~+/-]{0,60}\d[\w.~+/=-]{7,400})",
        "password '": r"\bpassword '(?P<value>[^'\n]{1,400})'",
        "identified": r"\bidentified\s{1,4}by\s{1,4}'(?P<value>[^'\n]{1,400})'",
        "login": r"\blogin\s{1,4}\S{1,100}\s{1,4}password\s{1,4}(?P<value>\S{1,400})",
        "jdbc:oracle": r"jdbc:oracle:thin:[^/\s@]{1,100}/(?P<value>[^@\s]{1,100})@",
        "sig=": r"[?&;]sig=(?P<value>[\w%+/-]{20,400})",
        # Data sources of Go, users of Redis, sessions of PHP, PowerShell, and cloud-init's list of users.
        "@tcp(": r"(?<![\w.-])[\w.-]{1,64}:(?P<value>[^\s:@\"'/]{1,200})@tcp\(",
        "@unix(": r"(?<![\w.-])[\w.-]{1,64}:(?P<value>[^\s:@\"'/]{1,200})@unix\(",
        "on >": r"\bon >(?P<value>[^\s\"']{1,200})(?=\s{1,4}(?:~\S|&[^&\s]|\+[@\w]|all(?:keys|commands|channels)\b))",
        "auth=": r"\b(?:tcp|tls|unix|rediss?)://[^\s?\"']{1,200}\?(?:[^\s\"'&]{1,100}&){0,6}auth(?:\[\]|%5b%5d)?=(?P<value>[^&\s\"']{1,200})",
        "convertto-securestring": r"\bconvertto-securestring\s{1,4}(?:-string\s{1,4})?[\"'](?P<value>[^\"'\n]{1,200})",
        "chpasswd:": r"\bchpasswd:[ \t]*\n(?:[ \t]+expire:[^\n]{0,20}\n)?[ \t]+list:[ \t]*[|>]?-?[ \t]*\n?"
        r"[ \t]*(?:-[ \t]+)?[\"']?[\w.-]{1,64}:(?!R(?:ANDOM)?\b)(?P<value>[^\s\"']{1,200})",
        "chpasswd": r"\b[\w.-]{1,64}:(?P<value>[^\s:\"'|]{1,200})[\"']?\s{0,4}\|\s{0,4}(?:sudo\s{1,4})?chpasswd\b",
    }.items()
)
_HINTS = re.compile(
    r"pass|pwd|pw|secret|token|key|cred|auth|cookie|encrypt|salt|pepper|seed|pat|psk|mnemonic|licen[sc]e", re.I
)
"""One of these is in each name of a secret."""
_PAIR = re.compile(
    r"(?P<before>^[ \t]*(?:-[ \t]+)?(?:(?:export|set|ENV|ARG)[ \t]+|\$)?|(?<![\w.$%{/\\^-]))"
    r"(?P<flag>--?)?(?P<name>[A-Za-z_][\w.-]{0,200}+)(?P<quote>[\"']?)(?P<index>(?<=[\"'])\])?"
    r"(?P<sign>[ \t]{0,4}(?:=(?!=)>?|:)[ \t]{0,4})",
    re.MULTILINE,
)
_TEXT = re.compile(r"\"(?P<double>[^\"\n]{0,400})|'(?P<single>[^'\n]{0,400})|(?P<plain>[^\s\"';&|,]{0,400})")
_CALL = re.compile(r"[({\[\\]|[A-Za-z_][\w.]*[(\[]")
_TYPES = frozenset({"str", "string", "bytes", "text", "secretstr", "any", "object", "int", "bool", "varchar"})
_COMMENT = re.compile(r"^[ \t]*(?:#|//|--[ \t]).*$", re.MULTILINE)
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{16,}+={0,2}+(?![A-Za-z0-9+/_=-])")
_BASE64_LIMIT = 64 * 1024
_ENCODED = ("%3a%2f%2f", "%3A%2F%2F")


def has_secret_form(text: str, *, is_decoded: bool = False) -> bool:
    """Whether a text contains a secret that its form reveals."""
    if any(not _is_public_token(token[0]) for token in _TOKENS.finditer(text)) or _WHOLE.search(text):
        return True
    lower = text.lower()
    forms = (form for hint, form in _FORMS if hint in lower)
    if any(not is_reference(match["value"]) for form in forms for match in form.finditer(text)):
        return True
    if is_decoded:
        return False
    if any(mark in text for mark in _ENCODED) and has_secret_form(unquote(text), is_decoded=True):
        return True
    return any(has_secret_form(inner, is_decoded=True) or has_secret_value(inner) for inner in _decoded(text))


def _is_public_token(token: str) -> bool:
    """Whether a token is a public JWT for clients of a website, such as Supabase's key for anonymous users."""
    return any(
        '"role":"anon"' in inner.replace(" ", "") for inner in _decoded(token.partition(".")[2].partition(".")[0])
    )


def _decoded(text: str) -> Iterator[str]:
    """Yield what a text holds in base64."""
    for match in _BASE64.finditer(text):
        encoded = match[0].rstrip("=").replace("-", "+").replace("_", "/")[:_BASE64_LIMIT]
        try:
            inner = base64.b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
        except (binascii.Error, ValueError):
            continue
        if inner.isprintable() or "\n" in inner:
            yield inner


def has_secret_value(text: str, *, is_code: bool = False, members: bool = True) -> bool:
    """Whether a text gives a secret a name, as an assignment, as a flag or as a member of JSON or YAML.

    In a program a name in lower case can be one of its own variables: there it counts only where a text in clear is
    assigned. Without `members` JSON's don't count.
    """
    if not _HINTS.search(text):
        return False
    source = text.replace('\\"', '"')
    for found in _PAIR.finditer(_COMMENT.sub("", source) if is_code else source):
        value = _TEXT.match(found.string, found.end()) if can_be_secret(found["name"]) else None
        if value is None or not value.lastgroup:
            continue
        is_quoted, said = value.lastgroup != "plain", value[value.lastgroup]
        if found["quote"] and not is_quoted:
            # A member's number, list or object, up to the end of what holds it.
            said = "" if said.startswith(("[", "{")) else said.rstrip("]}")
        pair = _Pair(found, said, is_quoted, found.string[value.end() : value.end() + 1])
        if pair.counts(is_code=is_code, members=members) and meaning(found["name"], pair.text) is Meaning.SECRET:
            return True
    return False


@dataclass(frozen=True)
class _Pair:
    """A name and the text that stands beside it."""

    found: re.Match[str]
    text: str
    is_quoted: bool
    follows: str
    """The letter behind the text."""

    def counts(self, *, is_code: bool, members: bool) -> bool:
        """Whether the text is a value, and not more of a program."""
        found, sign = self.found, self.found["sign"]
        if self.text.lower().rstrip("),;]}") in (found["name"].lower(), *_TYPES):
            return False
        before = found.string[max(found.start() - 8, 0) : found.start()]
        is_line = bool(found["before"]) or not before or before.endswith("\n")
        if is_code and not self.is_quoted and not self._is_literal():
            return False
        if not self.is_quoted and (found["index"] or (found["before"] or "").endswith("$")):
            # What a program gives to a member, or to a variable of PowerShell or PHP.
            return False
        if ":" not in sign:
            is_member = found["index"] is not None and self.is_quoted
            is_own = is_line or is_member or found["flag"] or found["name"].isupper()
            return bool(not is_code or is_own or before.endswith(("?", "&", ";", "-e ", "--env ", "--env=")))
        if found["quote"]:
            return members
        is_header = before.endswith(("'", '"')) and not is_code
        return sign[-1] in " \t" and (is_line or is_header)

    def _is_literal(self) -> bool:
        """Whether a text without quotes is no expression of a program."""
        sign, text = self.found["sign"], self.text
        if _CALL.match(text) or self.follows in (",", ")"):
            return False
        if ":" in sign:
            # A member of JSON has quotes. A line of YAML ends with the value; a type begins with a capital.
            is_type = text[:1].isupper() and text.isalpha() and not self.found["name"].isupper()
            return not self.found["quote"] and self.follows in ("", "\n", "\r") and not is_type
        # With blanks around the sign a word is another variable; hunter2 is none.
        is_word = text.replace(".", "").isidentifier() and (text.isalpha() or "." in text or "_" in text)
        return sign == "=" or not is_word
