"""The certificate and the record of the public name."""

from __future__ import annotations

from typing import Any

import pytest

from components.aws.ingress.certificate import AwsCertificate, parse_certificate_arn
from components.aws.ingress.dns import AwsDns, parse_host_name
from components.inputs.error import InvalidInputError
from tests.unit.aws import TAGS, untagged
from tests.unit.aws_outputs import certificate_arn
from tests.unit.recording import Declared, declare

BALANCER = {"dns_name": "kotauth.elb.amazonaws.com", "zone_id": "Z215JYRZR1TBD5"}


def certified(**more: Any) -> Declared:
    args: Any = {"host_name": "auth.example.com", "zone_id": "Z1", "tags": TAGS, **more}
    return declare(lambda: {"arn": AwsCertificate("certificate", args).arn})


def named(**more: Any) -> Declared:
    args: Any = {"zone_id": "Z1", "name": "auth.example.com", **more}
    return declare(lambda: {"fqdn": AwsDns("name", args).fqdn})


def test_a_certificate_for_the_one_name() -> None:
    declared = certified()
    assert declared.named("certificate", ":Certificate").inputs == {
        "domainName": "auth.example.com",
        "validationMethod": "DNS",
        "keyAlgorithm": "EC_prime256v1",
        "options": {"certificateTransparencyLoggingPreference": "ENABLED"},
        "tags": TAGS,
    }
    assert certified(key_algorithm="RSA_2048").named("certificate", ":Certificate").inputs["keyAlgorithm"] == "RSA_2048"
    assert untagged(declared) == []


def test_the_name_is_proved_in_the_zone() -> None:
    assert certified().named("certificate-validation").inputs == {
        "zoneId": "Z1",
        "name": "_proof.certificate.",
        "type": "CNAME",
        "records": ["_answer.acm-validations.aws."],
        "ttl": 60,
        "allowOverwrite": True,
    }


def test_it_is_used_only_once_it_is_issued() -> None:
    declared = certified()
    issued = declared.named("certificate-issued")
    assert issued.inputs == {
        "certificateArn": certificate_arn(),
        "validationRecordFqdns": ["certificate-validation.fqdn"],
    }
    assert issued.create_timeout == "15m"
    assert declared.outputs["arn"] == certificate_arn()


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({"host_name": "*.example.com"}, r'host_name = "\*\.example\.com": must be one host name .* without wildcard'),
        ({"host_name": f"{'a' * 60}.example.com"}, "host_name = .*: must have at most 64 characters: ACM"),
        ({"key_algorithm": "RSA_1024"}, 'key_algorithm = "RSA_1024": must be exactly EC_prime256v1 or RSA_2048'),
        ({"key_algorythm": "RSA_2048"}, r"key_algorythm .* did you mean key_algorithm\?$"),
    ],
)
def test_what_no_certificate_is_made_for(args: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        certified(**args)


@pytest.mark.parametrize("name", ["auth.example.com", "a-1.example.co.uk", "xn--bcher-kva.example"])
def test_host_names(name: str) -> None:
    assert parse_host_name(name) == name


@pytest.mark.parametrize(
    "name",
    ["localhost", "Auth.example.com", "auth.example.com.", "auth.example.com:443", "192.0.2.1", "-a.example.com", ""],
)
def test_no_host_names(name: str) -> None:
    with pytest.raises(ValueError, match="must be one host name in lower case"):
        parse_host_name(name)


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:iam::111122223333:server-certificate/auth",
        "arn:aws:acm:eu-central-1:111122223333:certificate/",
        "auth.example.com",
    ],
)
def test_no_arns_of_acm(arn: str) -> None:
    with pytest.raises(ValueError, match="must be the ARN of an ACM certificate"):
        parse_certificate_arn(arn)


def test_the_name_stands_for_the_load_balancer() -> None:
    declared = named(alias=BALANCER)
    assert [r.inputs for r in declared.of_type(":Record")] == [
        {
            "zoneId": "Z1",
            "name": "auth.example.com",
            "type": "A",
            "aliases": [{"name": BALANCER["dns_name"], "zoneId": BALANCER["zone_id"], "evaluateTargetHealth": False}],
        }
    ]
    assert declared.outputs["fqdn"] == "name.fqdn"


def test_a_load_balancer_with_both_kinds_of_addresses_gets_both_records() -> None:
    records = named(alias={**BALANCER, "dualstack": True}).of_type(":Record")
    assert [(r.name, r.inputs["type"]) for r in records] == [("name", "A"), ("name-ipv6", "AAAA")]


def test_the_name_stands_for_an_address() -> None:
    assert named(address="192.0.2.1").named("name", ":Record").inputs == {
        "zoneId": "Z1",
        "name": "auth.example.com",
        "type": "A",
        "ttl": 300,
        "records": ["192.0.2.1"],
    }


@pytest.mark.parametrize("given", [{}, {"alias": BALANCER, "address": "192.0.2.1"}])
def test_a_name_stands_for_one_thing(given: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError, match=r"alias = .*: must be set, or else address: exactly one of them"):
        named(**given)
