"""Names: certificates, records, and that all of them say what the server says about itself."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from ..facts.aws import CERTIFICATE, HOSTS, LISTENER_RULES, RECORD, is_given, texts
from ..facts.docker import CONTAINER
from ..facts.kotauth import is_server, setting
from ..resource import Resource, Stack
from ..rule import Area, Level, References, Settings, Severity
from ..verdict import Verdict, fail, undecidable

AREA = Area("names")
_ADDRESSES = ("A", "AAAA")
_SHORT_KEYS = ("RSA_1024",)


def _is_issued(certificate: Resource) -> bool:
    """Whether AWS issues it, and it is not brought."""
    return not is_given(certificate.get("certificateBody"))


@AREA.rule(
    "issue-certificates",
    Severity.HIGH,
    "Let AWS issue and renew certificates by itself, for exact names.",
    remedy='Set `validation_method="DNS"`, `domain_name` to the host, and `key_algorithm` to RSA of 2048 bits or an '
    "elliptic curve.",
    types=(CERTIFICATE,),
    references=References(hub=("ACM.1", "ACM.2"), checkov=("CKV2_AWS_71",), checklist=(4,)),
)
def issue_certificates(certificate: Resource, _: Settings) -> Iterator[Verdict]:
    """A mail that nobody answers ends in an outage a year later; a wildcard is good for hosts that aren't there yet."""
    for name in (certificate.get("domainName"), *certificate.get("subjectAlternativeNames").items()):
        if (name.text() or "").startswith("*."):
            yield fail(name.path, "is a wildcard")
    if _is_issued(certificate) and certificate.get("validationMethod").text() != "DNS":
        yield fail("validationMethod", "is not DNS")
    if certificate.get("keyAlgorithm").text() in _SHORT_KEYS:
        yield fail("keyAlgorithm", "has fewer than 2048 bits")


@AREA.rule(
    "publish-certificates",
    Severity.LOW,
    "Let certificates appear in the public transparency logs.",
    level=Level.ADVISORY,
    remedy="Leave `certificate_transparency_logging_preference` out, or set it to ENABLED.",
    types=(CERTIFICATE,),
    when=_is_issued,
    references=References(checkov=("CKV_AWS_234",)),
)
def publish_certificates(certificate: Resource, _: Settings) -> Iterator[Verdict]:
    """Browsers refuse certificates that are in none of them."""
    preference = certificate.get("options").field("certificateTransparencyLoggingPreference")
    if preference.text() == "DISABLED":
        yield fail(preference.path, "is DISABLED")


@AREA.rule(
    "point-names-to-own-resources",
    Severity.HIGH,
    "Let every address record point to a resource of its stack.",
    remedy="Use the load balancer's `dns_name` and `zone_id` in `aliases`, or the `public_ip` of an `aws.ec2.Eip`.",
    types=(RECORD,),
    references=References(checkov=("CKV2_AWS_23",), checklist=(4,)),
)
def point_names_to_own_resources(record: Resource, _: Settings) -> Iterator[Verdict]:
    """An address that was given back belongs to somebody else tomorrow, and the name with it."""
    kind = record.get("type")
    if kind.is_unknown:
        # The proof that a certificate asks for.
        if not any(source.type == CERTIFICATE for source in record.sources("type")):
            yield undecidable("type")
    elif kind.text() in _ADDRESSES and not record.sources("aliases", "records"):
        yield fail("", "points to nothing of this stack")


def _names_of_records(stack: Stack) -> list[str]:
    records = [record for record in stack.of_type(RECORD) if not record.get("type").is_unknown]
    return texts(record.get("name") for record in records if record.get("type").text() in (*_ADDRESSES, "CNAME"))


def _names_of_certificates(stack: Stack) -> list[str]:
    certificates = stack.of_type(CERTIFICATE)
    names = [each.get("domainName") for each in certificates]
    return texts([*names, *(name for each in certificates for name in each.get("subjectAlternativeNames").items())])


def _names_of_listener_rules(stack: Stack) -> list[str]:
    conditions = [condition for rule in stack.of_type(*LISTENER_RULES) for condition in rule.get("conditions").items()]
    return texts(name for each in conditions for name in each.field("hostHeader").field("values").items())


def _names(stack: Stack) -> dict[str, set[str]]:
    found = {
        "no record": _names_of_records(stack),
        "no certificate": _names_of_certificates(stack),
        "no rule of a listener": _names_of_listener_rules(stack),
    }
    return {nothing: {name.rstrip(".").lower() for name in names} for nothing, names in found.items()}


@AREA.rule(
    "agree-on-host-name",
    Severity.HIGH,
    "Give the server, its record, its certificate and its listener one name.",
    remedy="Take the name from one place in the program: the host of KAUTH_BASE_URL.",
    types=(CONTAINER, *HOSTS),
    when=is_server,
    references=References(checklist=(3, 4)),
)
def agree_on_host_name(server: Resource, _: Settings) -> Iterator[Verdict]:
    """Kotauth issues tokens in the name that it was told, whatever name it is reached by."""
    for nothing, names in server.in_stack().once(_names).items():
        if names and (host := _host(server)) and host not in names:
            yield fail("envs", f"KAUTH_BASE_URL has a host that {nothing} of this stack has")


def _host(server: Resource) -> str | None:
    try:
        return urlsplit(setting(server, "KAUTH_BASE_URL") or "").hostname
    except ValueError:
        # Another rule says that it is no URL.
        return None
