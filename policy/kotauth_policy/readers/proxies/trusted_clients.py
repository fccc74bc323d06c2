"""Settings by which proxies trust X-Forwarded-For: directives in files, flags, variables and labels.

A proxy that believes every address lets each client choose its own. One that appends to the header is right for servers
that read it from the end, and wrong for Kotauth, which takes the first entry.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Any, cast

import yaml

from ..hosts.loose_data import as_list, as_object
from ..networks import is_nearly_all, parse_network

# libyaml's is twenty times as fast.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_LIMIT_PARTS = 10_000
"""More parts than any configuration has; aliases of YAML can make a text of a few lines endless."""
_COMMENT = re.compile(r"(?:^|(?<=\s))#.*", re.M)
_STRUCTURED = re.compile(r"forwardedheaders|proxyprotocol|trusted_proxies|httpconnectionmanager", re.I)

_TRUSTED = (
    ("set_real_ip_from", re.compile(r"\bset_real_ip_from\s+([^;\n]*)")),
    ("RemoteIPTrustedProxy", re.compile(r"^[ \t]*RemoteIP(?:Internal|Trusted)Proxy[ \t]+(.*)$", re.I | re.M)),
    ("trusted_proxies", re.compile(r"^[ \t]*trusted_proxies[ \t]+(.*)$", re.M)),
)
"""Directives of nginx, Apache and Caddy, and the addresses that each names."""
_PASSED_ON = (
    re.compile(r"^.*\bx-forwarded-for[\"' \t]{1,9}[^;\n]{0,99}\$http_x_forwarded_for", re.I | re.M),
    re.compile(r"\bheader_up[ \t]+\+?x-forwarded-for\b[^\n]{0,99}\{(?:http\.request\.)?header\.x-forwarded-for", re.I),
    re.compile(r"\bset-header[ \t]+x-forwarded-for[ \t]+(?!.{0,400} if )[^\n]{0,99}hdr\(x-forwarded-for", re.I),
)
"""nginx, Caddy and HAProxy passing on what the client sent."""
_FORWARDFOR = re.compile(r"^[ \t]*option[ \t]+forwardfor\b(.*)$", re.M)
_REPLACED = re.compile(r"\bhttp-request[ \t]+(?:del-header|set-header)[ \t]+x-forwarded-for\b", re.I)
_APPENDED = re.compile(r"\$proxy_add_x_forwarded_for|\b(?:header_up[ \t]+\+|add-header[ \t]+)x-forwarded-for\b", re.I)

_FLAG = re.compile(
    r"(?<!\S)[\"']?--?(entrypoints?\.[^\s.=]+\.(?:forwardedheaders|proxyprotocol)\.(?:(insecure)|trustedips(?:\[\d+\])?))"
    r"(?![\w.])(?:(=)|[ \t]+)?([^\s]*)",
    re.I,
)
_VARIABLE = re.compile(
    r"TRAEFIK_ENTRYPOINTS_\w+_(?:FORWARDEDHEADERS|PROXYPROTOCOL)_(?:(INSECURE)|TRUSTEDIPS(?:_\d+)?)", re.I
)
_TRUE = ("1", "t", "true")


def believed_in_command(words: list[str]) -> str | None:
    """Return the flag with which Traefik trusts every client, ``None`` if no flag does."""
    for flag, insecure, equals, value in _FLAG.findall(" ".join(words)):
        # A switch takes no next word: alone it is true.
        if (_is_true(value) if equals else True) if insecure else _names_all_addresses(value):
            return str(flag)
    return None


def is_believed_by_variable(name: str, text: str) -> bool:
    """Whether a variable makes Traefik or nginx-proxy trust every client."""
    if name == "TRUST_DOWNSTREAM_PROXY":
        return _is_true(text)
    match = _VARIABLE.fullmatch(name)
    return match is not None and (_is_true(text) if match[1] else _names_all_addresses(text))


def is_believed_by_label(name: str, text: str) -> bool:
    """Whether a label makes Caddy, configured by labels, trust every client."""
    return re.fullmatch(r"caddy(_\d+)?\..*\btrusted_proxies", name) is not None and _names_all_addresses(text)


def believed_in_file(text: str) -> str | None:
    """Return the directive with which a proxy trusts every client, ``None`` if no directive does."""
    plain = _COMMENT.sub("", text)
    for name, pattern in _TRUSTED:
        if any(map(_names_all_addresses, pattern.findall(plain))):
            return name
    if any(pattern.search(plain) for pattern in _PASSED_ON):
        return "X-Forwarded-For"
    if any("if-none" in rest for rest in _FORWARDFOR.findall(plain)) and not _REPLACED.search(plain):
        return "option forwardfor if-none"
    if not _STRUCTURED.search(plain):
        return None
    return next(_believed_in_document(text), None)


def is_appended_in_file(text: str) -> bool:
    """Whether a configuration makes a proxy append the client's address to the header that the client sent."""
    plain = _COMMENT.sub("", text)
    if _APPENDED.search(plain):
        return True
    if _FORWARDFOR.search(plain) and not _REPLACED.search(plain):
        return True
    return "HttpConnectionManager" in plain and "x-forwarded-for" not in plain.lower()


def _believed_in_document(text: str) -> Iterator[str]:
    for key, value in _members(_loaded(text)):
        members = {name.lower(): each for name, each in as_object(value).items()}
        if key.lower() in ("forwardedheaders", "proxyprotocol"):
            if _is_true(str(members.get("insecure"))):
                yield f"{key}.insecure"
            if _names_all_addresses(_joined(members.get("trustedips"))):
                yield f"{key}.trustedIPs"
        elif key == "trusted_proxies":
            ranges = members.get("ranges") if isinstance(value, dict) else value
            if _names_all_addresses(_joined(ranges)):
                yield key
        elif "HttpConnectionManager" in str(members.get("@type")) and "x-forwarded-for" not in text.lower():
            trusted = members.get("use_remote_address", members.get("useremoteaddress"))
            if not _is_true(str(trusted)):
                yield "use_remote_address"


def _loaded(text: str) -> object:
    """Return what a text in YAML, JSON or TOML says, ``None`` where it is none of them."""
    try:
        loaded: object = yaml.load(text, Loader=_LOADER)  # noqa: S506 - one of the two safe ones
    except Exception:  # a date that is none, a number that is none: each ends in another error
        loaded = None
    if isinstance(loaded, dict):
        return cast("object", loaded)
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return None


def _members(document: object) -> Iterator[tuple[str, object]]:
    """Yield every member of every object of a document."""
    waiting = [document]
    for _ in range(_LIMIT_PARTS):
        if not waiting:
            return
        part = waiting.pop()
        waiting += as_list(part)
        for key, value in as_object(part).items():
            yield key, value
            waiting.append(value)


def _joined(value: object) -> str:
    return value if isinstance(value, str) else " ".join(each for each in as_list(value) if isinstance(each, str))


def _is_true(text: str) -> bool:
    return text.strip(" \"'").lower() in _TRUE


def _names_all_addresses(text: str) -> bool:
    return any(map(_is_all_addresses, re.split(r"[\s,]+", text)))


def _is_all_addresses(word: str) -> bool:
    word = word.strip("\"'`[]")
    if word in ("*", "0/0"):
        return True
    network = parse_network(word)
    return network is not None and is_nearly_all(network)
