"""Rules of the area `names`."""

import pulumi_aws as aws

from ..aws_host import user_data
from ..change import ABSENT, UNKNOWN, Change, From, add, put, without
from ..mutation import NOTHING, REQUIRED, Case, Row, found, on_aws

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
        found("issue-certificates@certificate", "agree-on-host-name@template"),
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
    Case("an address of somebody's", (_record(records=["192.0.2.1"]),), found("point-names-to-own-resources@other")),
    Case("a mail server", (_record(type="MX", records=["10 mail.example.com"]),), NOTHING),
    Case("a server of another name", (put("template", "user_data", _OTHER),), _AGREE),
    Case("no record here", (without("name"),), NOTHING),
    Case(
        "a rule for another name",
        (put("public-name", "conditions.0.host_header.values", ["login.example.com"]),),
        _AGREE,
    ),
)

TABLE = on_aws(*ROWS, *CASES)
