"""Why a proxy has no certificate by ACME, read from its log, and what its user does about it.

The types of problems are those of RFC 8555, section 6.7. Caddy and Traefik write them into JSON lines.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_PROBLEM = re.compile(r"urn:ietf:params:acme:error:(\w+) (?:::|-) (.*?)(?: \(ca=|, url: |\n|$)")
_ABOUT_CERTIFICATES = re.compile(r"certificate|will retry")
_UNKNOWN_NAME = re.compile(r"no such host|NXDOMAIN|SERVFAIL|DNS problem|no valid A records", re.IGNORECASE)
_CLOSED = re.compile(r"refused|time(d )?out|unreachable|no route|failed to connect", re.IGNORECASE)
_UNREACHED = re.compile(r"\bdial tcp|x509:|context deadline exceeded|\bGet \"https://")
_RESTART = "Then run `docker restart {container}`, which tries again at once."
_ADVICE = {
    "dns": "Create the DNS record of {host}: A, and AAAA only if this machine has IPv6. It leads to this machine.",
    "connection": "The ACME server can't connect to {host}. Let its DNS record lead to this machine, and let every "
    "firewall admit connections to port 80 and port 443.",
    "unauthorized": "Another server answers for {host}. Let its DNS records, A and AAAA, lead to this machine alone, "
    "without a proxy or CDN before it.",
    "caa": "A CAA record of the domain forbids this ACME server. Add the server to the record.",
    "rejectedIdentifier": "The ACME server certifies no such name. Set another baseUrl, or use certificates: files.",
    "invalidContact": "The ACME server refuses the address in acmeEmail. Set another one, and deploy again.",
    "rateLimited": "The ACME server gives no more certificates for now, and may count each further try. Wait until the "
    "time that it names; until then, use certificates: files, or set acmeServer to another server.",
    "unreached": "The frontend can't reach the ACME server. Let this machine connect to the internet on port 443, and "
    "check acmeServer.",
}
_OF_CHALLENGES = ("connection", "dns", "incorrectResponse", "malformed", "tls", "unauthorized")
_SAME = {"incorrectResponse": "unauthorized", "tls": "unauthorized", "unsupportedContact": "invalidContact"}


@dataclass(frozen=True)
class AcmeProblem:
    """The last problem of a proxy with its certificate."""

    said: str
    """Answer of the ACME server, or the reason why there is none."""
    advice: str
    """Advice for the user, in full sentences."""


def find(log: str, host: str, container: str) -> AcmeProblem | None:
    """Return the last problem in the log of the proxy in a container, or None if there is none."""
    problem: AcmeProblem | None = None
    over_http = ""
    for line in _lines(log):
        if line.get("challenge_type") == "http-01" and isinstance(line.get("problem"), dict):
            over_http = "{type} - {detail}".format_map(defaultdict(str, line["problem"]))
        if line.get("msg") == "certificate obtained successfully":
            problem = None
        error, message = str(line.get("error", "")), str(line.get("msg", "")) + str(line.get("message", ""))
        if line.get("level") != "error" or not error or not _ABOUT_CERTIFICATES.search(message):
            continue
        match = _PROBLEM.search(error)
        # Caddy tries both challenges, in any order. The answer to the one over http says more.
        if match and match[1] in _OF_CHALLENGES:
            match = _PROBLEM.search(over_http) or match
        kind, said = (match[1], f"{match[1]}: {match[2]}") if match else ("", error.strip())
        advice = [_ADVICE[kind]] if (kind := _kind(kind, said)) in _ADVICE else []
        problem = AcmeProblem(said, "\n".join([*advice, _RESTART]).format(host=host, container=container))
    return problem


def _lines(log: str) -> Iterator[dict[str, Any]]:
    for text in log.splitlines():
        try:
            line: Any = json.loads(text)
        except ValueError:
            continue
        if isinstance(line, dict):
            yield line


def _kind(kind: str, said: str) -> str:
    """Return the key of the advice. Servers disagree about the type of a failed connection; the text says it."""
    if not kind:
        return "unreached" if _UNREACHED.search(said) else ""
    if kind in _ADVICE and kind not in ("connection", "unauthorized"):
        return kind
    if _UNKNOWN_NAME.search(said):
        return "dns"
    if _CLOSED.search(said):
        return "connection"
    return _SAME.get(kind, kind)
