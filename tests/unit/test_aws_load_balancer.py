"""The load balancer: what it serves, what it refuses, and what it needs before."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from components.aws.ingress.load_balancer import AwsLoadBalancer
from components.inputs.error import InvalidInputError
from tests.unit.aws import TAGS, untagged
from tests.unit.aws_outputs import certificate_arn
from tests.unit.recording import Declared, declare

ZONE: dict[str, Any] = {"zone_id": "Z0123456789ABC"}


def balanced(name: str = "kotauth", **more: Any) -> Declared:
    args: Any = {
        "vpc_id": "vpc-0123456789abcdef0",
        "subnet_ids": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
        "host_name": "auth.example.com",
        "tags": TAGS,
        **more,
    }

    return declare(lambda: AwsLoadBalancer(name, args))


@pytest.fixture(scope="module")
def declared() -> Declared:
    return balanced(**ZONE)


def test_the_load_balancer(declared: Declared) -> None:
    balancer = declared.named("kotauth", ":LoadBalancer")
    assert balancer.inputs == {
        "loadBalancerType": "application",
        "subnets": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
        "securityGroups": ["kotauth-group-id"],
        "accessLogs": {"bucket": "kotauth-access-logs-0c0ffee", "enabled": True},
        "dropInvalidHeaderFields": True,
        "desyncMitigationMode": "defensive",
        "xffHeaderProcessingMode": "append",
        "enableDeletionProtection": True,
        "tags": TAGS,
    }
    assert untagged(declared) == []
    unprotected = balanced(**ZONE, deletion_protection=False)
    assert unprotected.named("kotauth", ":LoadBalancer").inputs["enableDeletionProtection"] is False


def test_aws_may_write_to_the_bucket_before_it_tries(declared: Declared) -> None:
    assert "kotauth-access-logs-policy" in declared.named("kotauth", ":LoadBalancer").dependencies


@pytest.mark.parametrize(("days", "kept"), [(None, 30), (7.0, 7)])
def test_access_logs_are_not_kept_for_long(days: float | None, kept: int) -> None:
    more: dict[str, Any] = {} if days is None else {"access_log_days": days}
    (rule,) = balanced(**ZONE, **more).named("kotauth-access-logs-lifecycle").inputs["rules"]
    assert rule["expiration"] == {"days": kept}


def test_the_world_reaches_two_ports_and_nothing_goes_out_yet(declared: Declared) -> None:
    rules = declared.of_type(":SecurityGroupIngressRule")
    assert [(rule.inputs["fromPort"], rule.inputs["toPort"]) for rule in rules] == [(443, 443), (80, 80)]
    for rule in rules:
        assert rule.inputs["securityGroupId"] == "kotauth-group-id"
        assert rule.inputs["cidrIpv4"] == "0.0.0.0/0"
        assert rule.inputs["ipProtocol"] == "tcp"
        assert rule.inputs["description"]
    group = declared.named("kotauth-group").inputs
    assert set(group) == {"description", "vpcId", "tags"}, "rules of its own beside standalone ones would flap"
    assert declared.of_type(":SecurityGroupEgressRule") == []


def test_hosts_are_asked_whether_they_are_ready(declared: Declared) -> None:
    group = declared.named("kotauth-tg").inputs
    assert group == {
        "vpcId": "vpc-0123456789abcdef0",
        "port": 443,
        "protocol": "HTTPS",
        "targetType": "instance",
        "deregistrationDelay": 30,
        "healthCheck": {
            "protocol": "HTTPS",
            "path": "/health/ready",
            "matcher": "200",
            "interval": 15,
            "timeout": 10,
            "healthyThreshold": 2,
            "unhealthyThreshold": 3,
        },
        "tags": TAGS,
    }
    assert balanced(**ZONE, target_port=8443.0).named("kotauth-tg").inputs["port"] == 8443


def test_without_a_database_the_answer_comes_before_the_timeout(declared: Declared) -> None:
    check = declared.named("kotauth-tg").inputs["healthCheck"]
    assert 9 < check["timeout"] < check["interval"]


def test_plain_http_leads_to_the_public_name_with_path_and_query(declared: Declared) -> None:
    listener = declared.named("kotauth-http").inputs
    assert (listener["port"], listener["protocol"]) == (80, "HTTP")
    assert listener["defaultActions"] == [
        {
            "type": "redirect",
            "redirect": {
                "protocol": "HTTPS",
                "port": "443",
                "host": "auth.example.com",
                "path": "/#{path}",
                "query": "#{query}",
                "statusCode": "HTTP_301",
            },
        }
    ]


def test_https(declared: Declared) -> None:
    listener = declared.named("kotauth-https").inputs
    assert (listener["port"], listener["protocol"]) == (443, "HTTPS")
    assert listener["sslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
    assert listener["certificateArn"] == certificate_arn()
    assert listener["routingHttpResponseStrictTransportSecurityHeaderValue"] == "max-age=31536000; includeSubDomains", (
        "as Kotauth says it itself"
    )
    stricter = balanced(**ZONE, ssl_policy="ELBSecurityPolicy-TLS13-1-3-2021-06")
    assert stricter.named("kotauth-https").inputs["sslPolicy"] == "ELBSecurityPolicy-TLS13-1-3-2021-06"


def test_only_the_public_name_is_forwarded(declared: Declared) -> None:
    (refusal,) = declared.named("kotauth-https").inputs["defaultActions"]
    assert refusal["type"] == "fixed-response"
    assert refusal["fixedResponse"]["statusCode"] == "421"
    rule = declared.named("kotauth-public-name").inputs
    assert rule["listenerArn"].endswith("kotauth-https-0c0ffee")
    assert rule["conditions"] == [{"hostHeader": {"values": ["auth.example.com"]}}]
    assert rule["actions"] == [{"type": "forward", "targetGroupArn": declared.outputs["target_group_arn"]}]


def test_the_firewall_stands_before_it() -> None:
    declared = balanced(**ZONE, login_rate_limit=20, rate_limit=500, log_retention_days=90, kms_key_arn="arn:key")
    association = declared.named("kotauth-web-acl", ":WebAclAssociation").inputs
    assert association["resourceArn"] == declared.outputs["load_balancer_arn"]
    assert association["webAclArn"].endswith("kotauth-web-acl-0c0ffee")
    assert declared.named("kotauth-web-acl", ":AwsWebAcl").inputs == {"login_rate_limit": 20, "rate_limit": 500}
    log = declared.named("kotauth-web-acl-log").inputs
    assert (log["retentionInDays"], log["kmsKeyId"]) == (90, "arn:key")


def test_what_others_need_to_know(declared: Declared) -> None:
    outputs = declared.outputs
    assert outputs["load_balancer_name"] == "kotauth-0c0ffee"
    assert outputs["arn_suffix"] == "app/kotauth-0c0ffee/50dc6c495c0c9188"
    assert outputs["dns_name"] == "kotauth-0c0ffee.eu-central-1.elb.amazonaws.com"
    assert outputs["dns_zone_id"] == "Z215JYRZR1TBD5"
    assert outputs["target_group_arn_suffix"] == "targetgroup/kotauth-tg-0c0ffee/943f017f100becff"
    assert outputs["security_group_id"] == "kotauth-group-id"
    assert outputs["certificate_arn"] == certificate_arn()
    assert outputs["listener_rule_arn"].endswith("kotauth-public-name-0c0ffee")
    assert outputs["access_log_bucket"] == "kotauth-access-logs-0c0ffee"
    assert declared.component_outputs["kotauth:index:AwsLoadBalancer", "kotauth"] == set(outputs)


def test_a_certificate_is_made_in_the_zone(declared: Declared) -> None:
    assert declared.named("kotauth-certificate", ":AwsCertificate").inputs["host_name"] == "auth.example.com"
    assert declared.named("kotauth-certificate-validation").inputs["zoneId"] == ZONE["zone_id"]


@pytest.mark.parametrize("late", [False, True])
def test_a_certificate_is_brought(late: bool) -> None:
    arn = certificate_arn()
    declared = balanced(certificate_arn=pulumi.Output.from_input(arn) if late else arn)
    assert declared.of_type(":Certificate") == []
    assert declared.named("kotauth-https").inputs["certificateArn"] == arn


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({}, 'certificate_arn = "": must be set, or else zone_id: .* exactly one of them'),
        ({**ZONE, "certificate_arn": certificate_arn()}, "certificate_arn = .*exactly one of them"),
        (
            {"certificate_arn": "arn:aws:iam::111122223333:server-certificate/auth"},
            "certificate_arn = .*: must be the ARN of an ACM certificate",
        ),
        ({**ZONE, "host_name": "*.example.com"}, "host_name = .* without wildcard"),
        (
            {**ZONE, "subnet_ids": ["subnet-0123456789abcdef0"]},
            'subnet_ids = "subnet-0123456789abcdef0": must be two or more subnets',
        ),
        (
            {**ZONE, "ssl_policy": "ELBSecurityPolicy-2016-08"},
            "ssl_policy = .*: must be exactly ELBSecurityPolicy-TLS13",
        ),
        ({**ZONE, "access_log_days": 365}, "access_log_days = .* from 1 to 90 .*live tokens"),
        ({**ZONE, "target_port": 0}, "target_port = "),
    ],
)
def test_bad_inputs(args: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        balanced(**args)


@pytest.mark.parametrize("late", [False, True])
def test_a_certificate_of_another_region(late: bool) -> None:
    arn = certificate_arn(region="us-east-1")
    with pytest.raises(InvalidInputError, match=r"certificate_arn = .*load balancer's region, eu-central-1"):
        balanced(certificate_arn=pulumi.Output.from_input(arn) if late else arn)


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("a" * 22, "must have at most 21 characters"),
        ("kotauth_prod", "must consist of letters, digits and hyphens"),
        ("internal-kotauth", "must consist of letters"),
        ("-kotauth", "must consist of letters"),
    ],
)
def test_names_that_aws_would_refuse_much_later(name: str, rule: str) -> None:
    with pytest.raises(InvalidInputError, match=f'name = "{name}": {rule}'):
        balanced(name, **ZONE)


def test_the_longest_name_fits() -> None:
    declared = balanced("a" * 21, **ZONE)
    (group,) = declared.of_type(":TargetGroup")
    assert len(f"{group.name}-1234567") == 32
