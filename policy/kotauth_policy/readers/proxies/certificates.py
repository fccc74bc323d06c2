"""The certificates that proxies serve: files that a configuration names, and those that an ACME authority issues."""

from __future__ import annotations

import itertools
import posixpath
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from ...engine.resource import Stack
from ..docker.resources import CONTAINER
from ..hosts.loose_data import as_list, as_object, as_text
from ..kotauth.server import uploads
from .directives import ConfigurationSyntaxError, Directive, Finding
from .forwarded_headers import Configurations, parsed
from .traefik import Object, member, parse_traefik, routers

_UNTRUSTED_AUTHORITY = re.compile(r"^[^#\n]*acme-staging(?:-v\d+)?\.api\.letsencrypt\.org", re.M)
_SELF_SIGNED = re.compile(r"snake-?oil|self-?signed", re.I)
_RESOLVER = re.compile(
    r"(?:--?|TRAEFIK_)certificatesresolvers[._]([\w-]+?)[._](acme|tailscale)(?:[._]([\w.]+))?(?:=(.*))?", re.I
)
_RESOLVERS = "certificatesresolvers"


def names_test_authority(text: str) -> bool:
    """Whether a text names the test authority of Let's Encrypt, outside of a comment."""
    return _UNTRUSTED_AUTHORITY.search(text) is not None


def resolvers(options: Iterable[str]) -> dict[str, str | None]:
    """Return the certificate resolvers that flags and variables define, with the path of each one's storage.

    The path is empty where nothing gives it, and ``None`` for a resolver that stores nothing.
    """
    storage: dict[str, str | None] = {}
    words = [word.strip("\"'") for option in options for word in option.split()]
    for word, following in itertools.pairwise([*words, ""]):
        if found := _RESOLVER.fullmatch(word):
            name, is_acme = found[1].lower(), found[2].lower() == "acme"
            storage.setdefault(name, "" if is_acme else None)
            if is_acme and (found[3] or "").lower() == "storage":
                storage[name] = following if found[4] is None else found[4]
    return storage


def resolvers_in(text: str) -> Iterator[str]:
    """Yield the certificate resolvers that a file with Traefik's options defines."""
    if _RESOLVERS in text.lower():
        try:
            yield from map(str.lower, as_object(member(parse_traefik(text), _RESOLVERS)))
        except ConfigurationSyntaxError:
            return


def faults(
    configurations: Configurations, defined: Collection[str], *, is_complete: bool
) -> Iterator[tuple[str, Finding]]:
    """Yield each file, and the site in it that has no certificate.

    ``defined`` are the resolvers of Traefik, all of them if it ``is_complete``.
    """
    for path, directives in configurations.nginx.items():
        yield from ((path, finding) for finding in _of_nginx(directives, {}, is_open=False))
    for path, directives in configurations.caddy.items():
        yield from ((path, finding) for finding in _of_caddy(directives))
    documents = configurations.traefik
    has_files = any(map(_has_certificate, documents.values()))
    for path, document in documents.items():
        for reason in _of_traefik(document, defined, has_files=has_files):
            yield path, Finding(reason, is_open=not is_complete)


def names_of_key_files(stack: Stack) -> frozenset[str]:
    """Return the names of the files from which proxies read the private key of a certificate."""
    texts = {
        f"{number}/{upload.file}": upload.text
        for number, container in enumerate(stack.everywhere(CONTAINER))
        for upload in uploads(container)
    }
    return frozenset(posixpath.basename(path) for path in _key_files(parsed(texts)))


def _key_files(configurations: Configurations) -> Iterator[str]:
    for directives in configurations.nginx.values():
        yield from _arguments(directives, "ssl_certificate_key", 0)
    for directives in configurations.caddy.values():
        yield from _arguments(directives, "tls", 1)
    for document in configurations.traefik.values():
        for certificate in (*as_list(member(document, "tls", "certificates")), _default_certificate(document)):
            yield as_text(member(certificate, "keyfile"))


def _arguments(directives: Iterable[Directive], name: str, place: int) -> Iterator[str]:
    for directive in directives:
        if directive.name == name and len(directive.arguments) > place:
            yield directive.arguments[place]
        yield from _arguments(directive.block or (), name, place)


def _of_nginx(block: Sequence[Directive], outer: Mapping[str, list[str]], *, is_open: bool) -> Iterator[Finding]:
    names = ("ssl_certificate", "ssl_certificate_key", "ssl_reject_handshake")
    own = {name: [each.arguments[0] for each in block if each.name == name and each.arguments] for name in names}
    given = {name: own[name] or outer.get(name, []) for name in names}
    is_open = is_open or any(
        each.name == "include" and not "".join(each.arguments).endswith("mime.types") for each in block
    )
    for directive in block:
        if directive.name in ("http", "server") and directive.block is not None:
            yield from _of_nginx(directive.block, given, is_open=is_open)
    if any(map(_SELF_SIGNED.search, own["ssl_certificate"])):
        yield Finding("names a self-signed certificate in a directive ssl_certificate")
    encrypted = [each for each in block if each.name == "listen" and {"ssl", "quic"} & {*each.arguments}]
    missing = [name for name in names[:2] if not given[name]]
    if encrypted and missing and given[names[2]] != ["on"]:
        at = f"the server of the listen in line {encrypted[0].line}"
        if is_open:
            yield Finding(f"{at} has an include of a file that is not in this stack, and no {missing[0]}", is_open=True)
        else:
            yield Finding(f"{at} has no {' and no '.join(missing)}")


def _of_caddy(directives: Sequence[Directive]) -> Iterator[Finding]:
    options = [option for each in directives if not each.name for option in each.block or ()]
    if not any(each.name == "auto_https" and {"off", "disable_certs"} & {*each.arguments} for each in options):
        return
    for site in directives:
        addresses = [address.strip(",") for address in (site.name, *site.arguments)]
        is_plain = all(address.startswith("http://") or address.endswith(":80") for address in addresses)
        if site.name and site.block is not None and not is_plain and not any(each.name == "tls" for each in site.block):
            yield Finding(f"the site in line {site.line} has no tls, and auto_https is off")


def _of_traefik(document: Object, defined: Collection[str], *, has_files: bool) -> Iterator[str]:
    encrypted = [each for each in routers(document).values() if member(each, "tls") is not None]
    named = [as_text(member(router, "tls", "certresolver")).lower() for router in encrypted]
    for number, name in enumerate(named, 1):
        if name and name not in defined:
            yield f"router {number} of {len(named)} with tls names a certResolver that no option of Traefik defines"
    # The resolver of one router, or of an entry point, can have the certificate for all.
    if encrypted and not any(named) and not has_files and not defined:
        yield "has routers with tls and no certificate, so that Traefik serves one that it signs itself"


def _default_certificate(document: Object) -> object:
    return member(document, "tls", "stores", "default", "defaultcertificate")


def _has_certificate(document: Object) -> bool:
    generated: Any = member(document, "tls", "stores", "default", "defaultgeneratedcert")
    return bool(as_list(member(document, "tls", "certificates")) or _default_certificate(document) or generated)
