"""Certificates and DNS records, and whether their names match the server's base URL."""

from __future__ import annotations

import fnmatch
import ipaddress
from collections.abc import Iterator
from urllib.parse import urlsplit

from ...engine.resource import Resource, Stack
from ...engine.rule import Area, Level, References, Settings, Severity
from ...engine.value import Value, is_given, texts
from ...engine.verdict import Verdict, fail, undecidable
from ...readers.aws.resources import CERTIFICATE, LISTENER_RULES, RECORD, ZONE, sources
from ...readers.docker.resources import CONTAINER
from ...readers.kotauth.server import is_server, setting

AREA = Area("names")
_ADDRESSES = ("A", "AAAA")
_SHORT_KEYS = ("RSA_1024",)
_PRIVATE = tuple(
    map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "fc00::/7"))
)


def _is_issued(certificate: Resource) -> bool:
    """Whether AWS issues the certificate, and the program does not import it."""
    return not is_given(certificate.get("certificateBody"))


@AREA.rule(
    "issue-certificates",
    Severity.HIGH,
    "Use certificates that AWS renews automatically and that contain no wildcard.",
    remedy='Set `validation_method` to "DNS". Use host names without `*` in `domain_name` and '
    '`subject_alternative_names`. Remove `key_algorithm`, or set it to "RSA_2048" or "EC_prime256v1".',
    types=(CERTIFICATE,),
    references=References(hub=("ACM.1", "ACM.2"), checkov=("CKV2_AWS_71",), checklist=(4,)),
)
def issue_certificates(certificate: Resource, _: Settings) -> Iterator[Verdict]:
    """A certificate with e-mail validation expires if an e-mail stays unanswered.

    A wildcard also certifies hosts that are added later.
    """
    for name in (certificate.get("domainName"), *certificate.get("subjectAlternativeNames").items()):
        if (name.text() or "").startswith("*."):
            yield fail(name.path, "is a wildcard")
    # A private authority of the account issues without a proof, and AWS renews it the same.
    if _is_issued(certificate) and not is_given(certificate.get("certificateAuthorityArn")):
        method = certificate.get("validationMethod")
        if (method.text() or "").upper() != "DNS":
            yield fail("validationMethod", "is not set to DNS" if method.is_absent else "is not DNS")
    if certificate.get("keyAlgorithm").text() in _SHORT_KEYS:
        yield fail("keyAlgorithm", "has fewer than 2048 bits")


@AREA.rule(
    "publish-certificates",
    Severity.LOW,
    "Publish certificates in the certificate transparency logs.",
    level=Level.ADVISORY,
    remedy="Remove `certificate_transparency_logging_preference`, or set it to ENABLED.",
    types=(CERTIFICATE,),
    when=_is_issued,
    references=References(checkov=("CKV_AWS_234",)),
)
def publish_certificates(certificate: Resource, _: Settings) -> Iterator[Verdict]:
    """Browsers refuse a certificate that is in no transparency log."""
    preference = certificate.get("options").field("certificateTransparencyLoggingPreference")
    if preference.text() == "DISABLED":
        yield fail(preference.path, "is DISABLED")


@AREA.rule(
    "point-names-to-own-resources",
    Severity.HIGH,
    "Point every DNS address record to a resource of its own stack.",
    remedy="Use the load balancer's `dns_name` and `zone_id` in `aliases`, or the `public_ip` of an `aws.ec2.Eip`.",
    types=(RECORD,),
    references=References(checkov=("CKV2_AWS_23",), checklist=(4,)),
)
def point_names_to_own_resources(record: Resource, _: Settings) -> Iterator[Verdict]:
    """AWS gives a released address to another customer, who then answers under the name."""
    kind = record.get("type")
    if kind.is_unknown:
        # The proof that a certificate asks for.
        if not any(source.type == CERTIFICATE for source in record.sources("type")):
            yield undecidable("type")
    elif (kind.text() or "").upper() in _ADDRESSES:
        yield from _foreign_targets(record)


def _foreign_targets(record: Resource) -> Iterator[Verdict]:
    origins = [each for name in ("aliases", "records") for each in record.sources(name) if each.type != ZONE]
    aliases, records = record.get("aliases"), record.get("records")
    if aliases.is_unknown or records.is_unknown:
        if not origins:
            yield fail("", "points to no resource of this stack")
        return
    targets = [*(each.field("name") for each in aliases.items()), *records.items()]
    known = {_plain(each.text()) for each in targets if not each.is_unknown}
    if not targets or (not origins and not all(map(_is_inside, targets))):
        # An alias can also be another record of the stack, by its name.
        if not known or not known <= record.in_stack().once(_record_names):
            yield fail("", "points to no resource of this stack")
    elif any(each.is_unknown for each in targets) and len(targets) > len(origins):
        # Before the first update what is of the stack is unknown, and so a known address is not.
        for target in targets:
            if not target.is_unknown and not _is_inside(target):
                yield fail(target.path, "is not an address of this stack")


def _is_inside(target: Value) -> bool:
    """Whether an address belongs to a private network, so that AWS can't give it to another customer."""
    try:
        address = ipaddress.ip_address(target.known_text())
    except ValueError:
        return False
    return any(address in network for network in _PRIVATE if network.version == address.version)


def _record_names(stack: Stack) -> set[str]:
    return {_plain(name) for name in _names_of_records(stack)}


def _plain(name: str | None) -> str:
    return (name or "").rstrip(".").lower()


def _names_of_records(stack: Stack) -> list[str]:
    """Return the full names of the records; the zone's name completes a relative name."""
    names: list[str] = []
    for record in stack.of_type(RECORD):
        name, kind = record.get("name"), record.get("type")
        # The proof for a certificate is a record, too, with a name that begins with an underscore.
        if name.is_unknown or kind.is_unknown or _plain(name.text()).startswith("_"):
            continue
        if (kind.text() or "").upper() in (*_ADDRESSES, "CNAME"):
            zones = [zone.get("name") for zone in sources(record, "zoneId", ZONE)]
            names.append(_in_zone(_plain(name.text()), next(iter(texts(zones)), None)))
    return names


def _in_zone(name: str, zone: str | None) -> str:
    if zone is None:
        # Behind the first part of a name any zone can stand.
        return name if "." in name else f"{name}.**".lstrip(".")
    zone = _plain(zone)
    return name if name == zone or name.endswith(f".{zone}") else f"{name}.{zone}".lstrip(".")


def _names_of_certificates(stack: Stack) -> list[str]:
    certificates = stack.of_type(CERTIFICATE)
    names = [certificate.get("domainName") for certificate in certificates]
    return texts(
        [*names, *(name for certificate in certificates for name in certificate.get("subjectAlternativeNames").items())]
    )


def _names_of_listener_rules(stack: Stack) -> list[str]:
    conditions = [condition for rule in stack.of_type(*LISTENER_RULES) for condition in rule.get("conditions").items()]
    headers = [header.field("hostHeader") for header in conditions]
    if any(header.field("regexValues").items() for header in headers):
        # Whatever name fits such an expression is one of the listener's.
        return []
    return texts(name for header in headers for name in header.field("values").items())


def _names(stack: Stack) -> dict[str, set[str]]:
    names_by_kind = {
        "no record": _names_of_records(stack),
        "no certificate": _names_of_certificates(stack),
        "no rule of a listener": _names_of_listener_rules(stack),
    }
    return {nothing: {_plain(name) for name in names} for nothing, names in names_by_kind.items()}


def _covers(name: str, host: str) -> bool:
    """Whether a name matches a host; `*` and `?` are wildcards."""
    return name == host or (("*" in name or "?" in name) and fnmatch.fnmatchcase(host, name))


@AREA.rule(
    "agree-on-host-name",
    Severity.HIGH,
    "Use the same host name in the server, its DNS record, its certificate and its listener.",
    remedy="Define the host name once in the program, and use it in KAUTH_BASE_URL and in the other resources.",
    types=(CONTAINER,),
    when=is_server,
    references=References(checklist=(3, 4)),
)
def agree_on_host_name(server: Resource, _: Settings) -> Iterator[Verdict]:
    """Kotauth issues tokens for its configured host name, whatever name a client used."""
    for nothing, names in server.in_stack().once(_names).items():
        if names and (host := _host(server)) and not any(_covers(name, host) for name in names):
            yield fail("envs", f"KAUTH_BASE_URL has a host that {nothing} of this stack names")


def _host(server: Resource) -> str | None:
    try:
        return urlsplit(setting(server, "KAUTH_BASE_URL") or "").hostname
    except ValueError:
        # Another rule says that it is no URL.
        return None
