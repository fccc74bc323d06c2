"""Rows about the certificates of a frontend, in each proxy's spelling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from policy.testing.change import UNKNOWN, Change, Secret, put
from policy.testing.docker_program import CADDYFILE, compliant
from policy.testing.proxies import CERTIFICATE, NGINX_CONF, TRAEFIK_FLAGS, TRAEFIK_YAML, with_nginx, with_traefik

from ..mutation import CAUGHT, NOTHING, PASSED, Case, Found, Row, found
from .topology_headers import changed

_RULE = "certify-frontends"
_CARRIER = found(f"{_RULE}@frontend-carrier")
_CONTENT = "uploads.0.content"
_FILE = f"ssl_certificate {CERTIFICATE};"
_KEY = f"ssl_certificate_key {CERTIFICATE};"
_SITE = "https://auth.example.com {"
_NO_AUTOMATIC = f"{{\n auto_https off\n}}\n{_SITE}"
_RESOLVER = "tls: {certResolver: letsencrypt}"
_STAGING = "https://acme-staging-v02.api.letsencrypt.org/directory"
_BOTH = f"{{certFile: {CERTIFICATE}, keyFile: {CERTIFICATE}}}"
_FILES = f"tls:\n  certificates: [{_BOTH}]\n  options:"
_STORE = f"tls:\n  stores: {{default: {{defaultCertificate: {_BOTH}}}}}\n  options:"

ROW = Row(
    _RULE,
    "frontend-carrier",
    f"frontend-carrier/{_CONTENT}",
    NGINX_CONF.replace(_FILE, ""),
    unknown=found(f"{_RULE}@frontend-carrier", "overwrite-forwarded-headers@frontend-carrier"),
    absent=NOTHING,
    of=with_nginx,
)


def _rows(of: Callable[[], Any], text: str, state: str, spellings: dict[str, tuple[str, str]]) -> list[Case]:
    return [
        Case(
            f"{_RULE} of {of.__name__}: {name}",
            (put("frontend-carrier", _CONTENT, changed(text, replacement)),),
            _CARRIER if state == CAUGHT else NOTHING,
            rule=_RULE,
            state=state,
            of=of,
        )
        for name, replacement in spellings.items()
    ]


FILES = (
    *_rows(
        with_nginx,
        NGINX_CONF,
        CAUGHT,
        {
            "no certificate": (_FILE, ""),
            "no key": (_KEY, ""),
            "a certificate of the distribution": (_FILE, "ssl_certificate /etc/ssl/certs/ssl-cert-snakeoil.pem;"),
            "a second server without a certificate": (
                "    server {\n        listen 8080;",
                "    server { listen 9443 ssl; return 404; }\n    server {\n        listen 8080;",
            ),
            "a handshake that is not refused": ("ssl_reject_handshake on;", "ssl_reject_handshake off;"),
            "a file that is not here": (_FILE, "include tls.conf;"),
        },
    ),
    *_rows(
        with_nginx,
        NGINX_CONF,
        PASSED,
        {
            "for all servers": ("http {\n", f"http {{\n {_FILE} {_KEY}\n"),
            "elsewhere": (_FILE, "ssl_certificate /etc/letsencrypt/live/auth/fullchain.pem;"),
            "two kinds": (_FILE, f"{_FILE} {_FILE}"),
        },
    ),
    *_rows(
        compliant,
        CADDYFILE,
        CAUGHT,
        {
            "no automatic certificates": (_SITE, _NO_AUTOMATIC),
            "no automatic certificates, and no scheme": (
                _SITE,
                "{\n auto_https disable_certs\n}\nauth.example.com, www.example.com {",
            ),
            "a test authority": (_SITE, f"{{\n acme_ca {_STAGING}\n}}\n{_SITE}"),
        },
    ),
    *_rows(
        compliant,
        CADDYFILE,
        PASSED,
        {
            "files": (_SITE, f"{_NO_AUTOMATIC}\n tls /run/secrets/a.pem /run/secrets/a.key"),
            "an authority of its own": (_SITE, f"{_SITE}\n tls internal"),
            "plain HTTP": (_SITE, "{\n auto_https off\n}\nhttp://auth.example.com {"),
            "no redirects": (_SITE, f"{{\n auto_https disable_redirects\n}}\n{_SITE}"),
            "a test authority in a comment": (_SITE, f"# acme_ca {_STAGING}\n{_SITE}"),
            "another authority": (_SITE, f"{{\n acme_ca https://acme.example.com/directory\n}}\n{_SITE}"),
        },
    ),
    *_rows(
        with_traefik,
        TRAEFIK_YAML,
        CAUGHT,
        {
            "a resolver that nothing defines": (_RESOLVER, "tls: {certResolver: le}"),
            "a resolver that nothing defines, in other case": (_RESOLVER, "TLS: {certresolver: le}"),
        },
    ),
    *_rows(
        with_traefik,
        TRAEFIK_YAML,
        PASSED,
        {
            "a resolver in other case": (_RESOLVER, "tls: {certResolver: LetsEncrypt}"),
            "files": ("tls:\n  options:", _FILES),
        },
    ),
)


def _traefik(name: str, expected: Found, *changes: Change, state: str = "") -> Case:
    return Case(
        f"Traefik's certificates: {name}", changes, expected, rule=_RULE if state else "", state=state, of=with_traefik
    )


_NO_RESOLVER = put("frontend", "command", [flag for flag in TRAEFIK_FLAGS if "resolvers" not in flag])


def _dynamic(*replacements: tuple[str, str]) -> Change:
    return put("frontend-carrier", _CONTENT, changed(TRAEFIK_YAML, *replacements))


OPTIONS = (
    _traefik("no resolver", _CARRIER, _NO_RESOLVER, state=CAUGHT),
    _traefik("no resolver and no files", _CARRIER, _NO_RESOLVER, _dynamic((_RESOLVER, "tls: {}")), state=CAUGHT),
    _traefik("files alone", NOTHING, _NO_RESOLVER, _dynamic((_RESOLVER, "tls: {}"), ("tls:\n  options:", _FILES))),
    _traefik("a default", NOTHING, _NO_RESOLVER, _dynamic((_RESOLVER, "tls: {}"), ("tls:\n  options:", _STORE))),
    _traefik(
        "a resolver of a file",
        NOTHING,
        _NO_RESOLVER,
        put(
            "frontend-carrier",
            "uploads.+",
            {
                "file": "/files/static.yml",
                "content": "certificatesResolvers: {letsencrypt: {acme: {storage: /data/acme.json}}}",
            },
        ),
    ),
    _traefik(
        "a resolver of a variable",
        NOTHING,
        _NO_RESOLVER,
        put("frontend", "envs", ["TRAEFIK_CERTIFICATESRESOLVERS_LETSENCRYPT_ACME_STORAGE=/data/acme.json"]),
    ),
    _traefik("a word of a flag that is unknown", NOTHING, put("frontend", "command.3", UNKNOWN)),
    _traefik(
        "a test authority",
        found(f"{_RULE}@frontend"),
        put("frontend", "command.+", f"--certificatesresolvers.letsencrypt.acme.caserver={_STAGING}"),
        state=CAUGHT,
    ),
)
"""Of the rule `certify-frontends`."""

_VOLUME = found("keep-certificates-on-volume@frontend")
_STORAGE = "--certificatesresolvers.letsencrypt.acme.storage="
STORAGE = (
    _traefik("in the folder of a volume", NOTHING, put("frontend", "command.4", f"{_STORAGE}/data/acme/acme.json")),
    _traefik(
        "in another folder",
        NOTHING,
        put("frontend", "command.4", f"{_STORAGE}/acme/acme.json"),
        put("frontend", "volumes.0.container_path", "/acme"),
    ),
    _traefik("in two words", NOTHING, put("frontend", "command.4", f"{_STORAGE[:-1]} /data/acme.json")),
    _traefik(
        "as a command of a shell",
        NOTHING,
        put("frontend", "command", ["sh", "-c", f"traefik {' '.join(TRAEFIK_FLAGS)}"]),
    ),
    _traefik(
        "with a resolver that stores nothing",
        NOTHING,
        _NO_RESOLVER,
        put("frontend", "command.+", "--certificatesresolvers.letsencrypt.tailscale=true"),
    ),
    _traefik("beside the volume", _VOLUME, put("frontend", "command.4", f"{_STORAGE}/var/acme.json")),
    _traefik("in the folder of the process", _VOLUME, put("frontend", "command.4", f"{_STORAGE}acme.json")),
    _traefik("nowhere", _VOLUME, put("frontend", "command.4", "--ping")),
    _traefik("in a volume that is away", _VOLUME, put("frontend", "volumes.0.container_path", "/elsewhere")),
    Case(
        "nginx without a volume for its certificate",
        (put("frontend", "volumes.1.container_path", "/run/elsewhere"),),
        _VOLUME,
        of=with_nginx,
    ),
)
"""Of the rule `keep-certificates-on-volume`."""

_SECRET = Secret("a key")
_CLEAR = {"file": "/files/tls.pem", "permissions": "0400"}
_READS = {
    "nginx": (with_nginx, changed(NGINX_CONF, (_KEY, "ssl_certificate_key /run/secrets/tls.pem;"))),
    "Caddy": (compliant, changed(CADDYFILE, (_SITE, f"{_SITE}\n tls /run/secrets/a.pem /run/secrets/tls.pem"))),
    "Traefik": (
        with_traefik,
        changed(TRAEFIK_YAML, ("tls:\n  options:", _FILES.replace(f"keyFile: {CERTIFICATE}", "keyFile: /srv/tls.pem"))),
    ),
}
KEYS = (
    *(
        Case(
            f"a key file of {proxy} that is {name}",
            (
                put("frontend-carrier", _CONTENT, text),
                put("frontend-carrier", "uploads.+", {**_CLEAR, **given}),
            ),
            found(f"{rule}@frontend-carrier"),
            of=of,
        )
        for proxy, (of, text) in _READS.items()
        for name, given, rule in (
            ("not marked secret", {"content": "in clear"}, "encrypt-secret-files"),
            ("unknown", {"content": UNKNOWN}, "encrypt-secret-files"),
            ("read by all users", {"content": _SECRET, "permissions": "0444"}, "restrict-secret-files"),
        )
    ),
    Case(
        "a file of that name that no proxy reads as a key",
        (put("frontend-carrier", "uploads.+", {**_CLEAR, "content": "a chain"}),),
        NOTHING,
    ),
)
"""Of the rules about secret files."""
