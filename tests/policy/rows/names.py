"""Rules of the area `names`."""

from typing import Any

import pulumi_aws as aws

from policy.testing.aws_host import user_data
from policy.testing.change import ABSENT, UNKNOWN, Change, From, add, put, without

from ..mutation import CAUGHT, NOTHING, PASSED, REQUIRED, Case, Row, found, on_aws

_OTHER = user_data({"KAUTH_BASE_URL": "https://login.example.com"})
_AGREE = found("agree-on-host-name@template")
_BLIND = found("find-kotauth-server@kotauth")


def _record(**changed: object) -> Change:
    body = {"zone_id": "Z0123456789ABC", "name": "other.example.com", "type": "A", "ttl": 60}
    return add("other", aws.route53.Record, {**body, **changed})


ROWS = (
    Row("issue-certificates", "certificate", "certificate/validation_method", "EMAIL"),
    Row(
        "publish-certificates",
        "certificate",
        "certificate/options.certificate_transparency_logging_preference",
        "DISABLED",
        absent=NOTHING,
    ),
    Row(
        "point-names-to-own-resources",
        "name",
        "name/aliases",
        [{"name": "other.elb.amazonaws.com", "zone_id": "Z1", "evaluate_target_health": False}],
    ),
    Row(
        "agree-on-host-name",
        "template",
        "name/name",
        "login.example.com",
        # A name that is known only later comes from elsewhere, and the other two are compared.
        unknown=NOTHING,
        absent=REQUIRED,
    ),
)

CASES = (
    Case(
        "a wildcard",
        (put("certificate", "domain_name", "*.example.com"),),
        found("issue-certificates@certificate"),
    ),
    Case(
        "one more name, a wildcard",
        (put("certificate", "subject_alternative_names", ["*.example.com"]),),
        found("issue-certificates@certificate"),
    ),
    Case("a short key", (put("certificate", "key_algorithm", "RSA_1024"),), found("issue-certificates@certificate")),
    Case("a key of AWS's choice", (put("certificate", "key_algorithm", ABSENT),), NOTHING),
    Case(
        "a certificate that is brought",
        (
            put("certificate", "certificate_body", "-----BEGIN CERTIFICATE-----"),
            put("certificate", "validation_method", ABSENT),
        ),
        NOTHING,
    ),
    Case(
        "the record that a certificate asks for",
        (_record(type=From("certificate", "status"), records=[From("certificate", "status")]),),
        NOTHING,
    ),
    Case(
        "a record of an unknown type",
        (_record(type=UNKNOWN, records=["192.0.2.1"]),),
        found("point-names-to-own-resources@other"),
    ),
    Case("a foreign address", (_record(records=["192.0.2.1"]),), found("point-names-to-own-resources@other")),
    Case("a mail server", (_record(type="MX", records=["10 mail.example.com"]),), NOTHING),
    Case("a server of another name", (put("template", "user_data", _OTHER),), _AGREE),
    Case("no record here", (without("name"),), NOTHING),
    Case(
        "a rule for another name",
        (put("public-name", "conditions.0.host_header.values", ["login.example.com"]),),
        _AGREE,
    ),
)


def _certificate(state: str, name: str, **changed: object) -> Case:
    changes = tuple(put("certificate", key, value) for key, value in changed.items())
    expected = found("issue-certificates@certificate") if state == CAUGHT else NOTHING
    return Case(f"certificate {state}: {name}", changes, expected, rule="issue-certificates", state=state)


_AUTHORITY = "arn:aws:acm-pca:eu-central-1:123456789012:certificate-authority/0123"
_MORE = "subject_alternative_names"
CERTIFICATES = (
    _certificate(CAUGHT, "a wildcard of a zone below", domain_name="*.eu.example.com", **{_MORE: ["auth.example.com"]}),
    _certificate(CAUGHT, "a wildcard as second name", **{_MORE: ["www.example.com", "*.example.com"]}),
    _certificate(CAUGHT, "by mail", validation_method="EMAIL"),
    _certificate(CAUGHT, "by nothing", validation_method="NONE"),
    _certificate(CAUGHT, "no method", validation_method=ABSENT),
    _certificate(
        CAUGHT, "a wildcard of a private authority", domain_name="*.example.com", certificate_authority_arn=_AUTHORITY
    ),
    _certificate(PASSED, "small letters", validation_method="dns"),
    _certificate(PASSED, "a private authority", validation_method=ABSENT, certificate_authority_arn=_AUTHORITY),
    _certificate(PASSED, "two names", **{_MORE: ["www.example.com"]}),
    _certificate(PASSED, "2048 bits", key_algorithm="RSA_2048"),
    _certificate(PASSED, "a curve", key_algorithm="EC_secp384r1"),
)

_EIP = (
    add("address", aws.ec2.Eip, {"domain": "vpc"}),
    add("attached", aws.ec2.EipAssociation, {"allocation_id": From("address", "id")}),
)
_ADDRESS = From("address", "public_ip")


def _pointing(state: str, name: str, *changes: Change, **record: object) -> Case:
    expected = found("point-names-to-own-resources@other") if state == CAUGHT else NOTHING
    case = f"record {state}: {name}"
    return Case(case, (*changes, _record(**record)), expected, rule="point-names-to-own-resources", state=state)


def _alias(name: object, zone: object = "Z1") -> list[Any]:
    return [{"name": name, "zone_id": zone, "evaluate_target_health": False}]


_ZONE = add("zone", aws.route53.Zone, {"name": "example.com"}, first=True)
POINTING = (
    _pointing(CAUGHT, "an address", records=["203.0.113.9"]),
    _pointing(CAUGHT, "an address of IPv6", type="AAAA", records=["2001:db8::1"]),
    _pointing(CAUGHT, "small letters", type="a", records=["203.0.113.9"]),
    _pointing(CAUGHT, "an address beside one of the stack", *_EIP, records=[_ADDRESS, "203.0.113.9"]),
    _pointing(
        CAUGHT,
        "an alias whose zone is of the stack",
        _ZONE,
        ttl=None,
        aliases=_alias("x.elb.amazonaws.com", From("zone", "zone_id")),
    ),
    _pointing(CAUGHT, "nothing", records=[]),
    _pointing(PASSED, "an address of the stack", *_EIP, records=[_ADDRESS]),
    _pointing(PASSED, "a private address", records=["10.64.0.9"]),
    _pointing(PASSED, "another record of the stack", ttl=None, aliases=_alias("auth.example.com.")),
    _pointing(PASSED, "a text", type="TXT", records=["203.0.113.9"]),
    _pointing(PASSED, "another host by CNAME", type="CNAME", records=["shop.example.net"]),
)


def _agreeing(state: str, name: str, *changes: Change) -> Case:
    return Case(
        f"host {state}: {name}", changes, _AGREE if state == CAUGHT else NOTHING, rule="agree-on-host-name", state=state
    )


_RULE = "conditions.0.host_header"
AGREEING = (
    _agreeing(CAUGHT, "another record", put("name", "name", "login.example.com")),
    _agreeing(CAUGHT, "another certificate", put("certificate", "domain_name", "login.example.com")),
    _agreeing(CAUGHT, "another rule", put("public-name", f"{_RULE}.values", ["login.example.com"])),
    _agreeing(CAUGHT, "a pattern of another zone", put("public-name", f"{_RULE}.values", ["*.example.net"])),
    _agreeing(
        CAUGHT,
        "another first part",
        _ZONE,
        put("name", "zone_id", From("zone", "zone_id")),
        put("name", "name", "login"),
    ),
    _agreeing(CAUGHT, "another first part, zone unknown", put("name", "name", "login")),
    _agreeing(
        PASSED,
        "the first part of the name",
        _ZONE,
        put("name", "zone_id", From("zone", "zone_id")),
        put("name", "name", "auth"),
    ),
    _agreeing(PASSED, "the first part, zone unknown", put("name", "name", "auth")),
    _agreeing(PASSED, "capitals and a dot", put("name", "name", "Auth.Example.com.")),
    _agreeing(PASSED, "a pattern", put("public-name", f"{_RULE}.values", ["*.example.com"])),
    _agreeing(PASSED, "a regular expression", put("public-name", _RULE, {"regex_values": ["^auth[.]"]})),
    _agreeing(
        PASSED,
        "only the proof of a certificate",
        without("name"),
        _record(name="_0123.auth.example.com", type="CNAME", records=["_4567.acm-validations.aws"]),
    ),
)

TABLE = on_aws(*ROWS, *CASES, *CERTIFICATES, *POINTING, *AGREEING)
