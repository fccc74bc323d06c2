"""Rows of the area `load-balancers` about kinds of load balancers, protocols and actions."""

from __future__ import annotations

from typing import Any

import pulumi_aws as aws

from policy.testing.change import ABSENT, Args, Change, From, add, copied, put

from ..mutation import CAUGHT, NOTHING, PASSED, Case, found, spelled

REDIRECT, TLS, CERTIFY, PROBE = "redirect-plain-http", "allow-tls-policies", "certify-listeners", "probe-targets"
_TO_TARGETS: Args = {"type": "forward", "target_group_arn": From("targets", "arn")}
_HTTPS_PROBE: Args = {"protocol": "HTTPS", "path": "/health/ready", "matcher": "200"}


def _redirect(**more: str) -> Args:
    return {"type": "redirect", "redirect": {"status_code": "HTTP_301", **more}}


def _fixed(status: str) -> Args:
    return {"type": "fixed-response", "fixed_response": {"content_type": "text/plain", "status_code": status}}


def _rule(action: Args, *paths: str) -> Change:
    args = {
        "listener_arn": From("http", "arn"),
        "conditions": [{"path_pattern": {"values": list(paths)}}],
        "actions": [action],
    }
    return add("rule", aws.lb.ListenerRule, args)


def _case(rule: str, at: str, state: str, name: str, *changes: Change, also: tuple[str, ...] = ()) -> Case:
    expected = found(*(f"{each}@{at}" for each in (rule, *also))) if state == CAUGHT else NOTHING
    return Case(f"{rule} {state}: {name}", changes, expected, rule=rule, state=state)


def _actions(*actions: Args) -> Change:
    return put("http", "default_actions", list(actions))


_REDIRECTS = (
    *(
        _case(REDIRECT, "http", CAUGHT, name, *changes)
        for name, changes in {
            "forward": (_actions(_TO_TARGETS),),
            "forward after a redirect": (_actions(_redirect(protocol="HTTPS"), _TO_TARGETS),),
            "a redirect with the same protocol": (_actions(_redirect(protocol="#{protocol}", port="443")),),
            "a redirect without a protocol": (_actions(_redirect(host="auth.example.com")),),
            "an answer": (_actions(_fixed("200")),),
            "forward, protocol in small letters": (put("http", "protocol", "http"), _actions(_TO_TARGETS)),
        }.items()
    ),
    _case(REDIRECT, "rule", CAUGHT, "a rule for a path", _rule(_TO_TARGETS, "/api/*")),
    _case(
        REDIRECT,
        "rule",
        CAUGHT,
        "a path beside the token of a certificate",
        _rule(_TO_TARGETS, "/.well-known/acme-challenge/*", "/api/*"),
    ),
    _case(
        REDIRECT, "http", CAUGHT, "no protocol", put("http", "protocol", ABSENT), _actions(_TO_TARGETS), also=(CERTIFY,)
    ),
    *(
        _case(REDIRECT, "http", PASSED, name, *changes)
        for name, changes in {
            "302": (put("http", "default_actions.0.redirect.status_code", "HTTP_302"),),
            "an error": (_actions(_fixed("403")),),
            "an error of any number": (_actions(_fixed("5XX")),),
            "no protocol": (put("http", "protocol", ABSENT),),
            "a rule that redirects": (_rule(_redirect(protocol="HTTPS"), "/api/*"),),
            "the token of a certificate": (_rule(_TO_TARGETS, "/.well-known/acme-challenge/*"),),
        }.items()
    ),
)

_POLICIES = spelled(
    TLS,
    "https",
    lambda policy: put("https", "ssl_policy", policy),
    caught=[
        "ELBSecurityPolicy-2015-05",
        "ELBSecurityPolicy-TLS-1-1-2017-01",
        "ELBSecurityPolicy-TLS13-1-0-2021-06",
        "ELBSecurityPolicy-TLS13-1-0-PQ-2025-09",
        "ELBSecurityPolicy-TLS13-1-2-Ext1-2021-06",
        "ELBSecurityPolicy-FS-2018-06",
        "",
    ],
    passed=[
        "ELBSecurityPolicy-TLS13-1-2-2021-06",
        "ELBSecurityPolicy-TLS13-1-3-2021-06",
        "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09",
        "ELBSecurityPolicy-TLS13-1-2-Res-FIPS-PQ-2025-09",
        "ELBSecurityPolicy-TLS13-1-2-FIPS-2023-04",
    ],
)


def _network(**more: Any) -> tuple[Change, ...]:
    """Add a network load balancer without access logs, and a listener of it."""
    return (
        copied("balancer", "network", load_balancer_type="network", access_logs={"bucket": "logs", "enabled": False}),
        add(
            "port",
            aws.lb.Listener,
            {"load_balancer_arn": From("network", "arn"), "default_actions": [_TO_TARGETS], **more},
        ),
    )


def _elsewhere(kind: str, **more: Any) -> Change:
    arn = f"arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/{kind}/other/0123456789abcdef"
    return add("port", aws.lb.Listener, {"load_balancer_arn": arn, "default_actions": [_TO_TARGETS], **more})


_APPLICATION = add(
    "application",
    aws.lb.TargetGroup,
    {"target_type": "alb", "protocol": "TCP", "port": 443, "health_check": {"protocol": "HTTPS"}},
    first=True,
)
_TO_APPLICATION = [{"type": "forward", "target_group_arn": From("application", "arn")}]
_CERTIFIED: Args = {
    "certificate_arn": From("certificate", "arn"),
    "ssl_policy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
}
_LISTENERS = (
    *(
        _case(CERTIFY, "port", CAUGHT, name, *changes)
        for name, changes in {
            "TCP": _network(protocol="TCP", port=443),
            "TCP in small letters": _network(protocol="tcp", port=80),
            "a network load balancer without a protocol": _network(port=443),
            "TCP at another stack's": (_elsewhere("net", protocol="TCP"),),
            "HTTPS without a certificate": (_elsewhere("app", protocol="HTTPS", ssl_policy=_CERTIFIED["ssl_policy"]),),
        }.items()
    ),
    *(
        _case(CERTIFY, "port", PASSED, name, *changes)
        for name, changes in {
            "UDP": _network(protocol="UDP", port=53),
            "TCP and UDP": _network(protocol="TCP_UDP", port=53),
            "QUIC": _network(protocol="QUIC", port=443),
            "TCP before an application load balancer": (
                _APPLICATION,
                *_network(protocol="TCP", port=443, default_actions=_TO_APPLICATION),
            ),
            "HTTPS in small letters": (_elsewhere("app", protocol="https", **_CERTIFIED),),
            "another stack's gateway load balancer": (_elsewhere("gwy"),),
        }.items()
    ),
    Case(
        "a network load balancer with TLS has a log",
        _network(protocol="TLS", port=443, **_CERTIFIED),
        found("log-load-balancer-access@network"),
    ),
    Case(
        "a log that CloudWatch delivers",
        (
            *_network(protocol="TLS", port=443, **_CERTIFIED),
            add(
                "delivery",
                aws.cloudwatch.LogDeliverySource,
                {"name": "network", "log_type": "NLB_ACCESS_LOGS", "resource_arn": From("network", "arn")},
            ),
        ),
        NOTHING,
    ),
    Case(
        "a gateway load balancer",
        (
            add("gateway", aws.lb.LoadBalancer, {"load_balancer_type": "gateway", "subnets": ["subnet-1"]}),
            add("appliances", aws.lb.TargetGroup, {"port": 6081, "protocol": "GENEVE", "vpc_id": From("vpc", "id")}),
            add(
                "port",
                aws.lb.Listener,
                {
                    "load_balancer_arn": From("gateway", "arn"),
                    "default_actions": [{"type": "forward", "target_group_arn": From("appliances", "arn")}],
                },
            ),
        ),
        NOTHING,
    ),
)


def _targets(state: str, name: str, **args: Any) -> Case:
    return _case(PROBE, "others", state, name, add("others", aws.lb.TargetGroup, {"port": 443, **args}))


_TARGETS = (
    _targets(CAUGHT, "TCP", protocol="TCP", health_check=_HTTPS_PROBE),
    _targets(CAUGHT, "HTTP to addresses", protocol="HTTP", target_type="ip", health_check=_HTTPS_PROBE),
    _targets(CAUGHT, "a probe by TCP", protocol="TLS", health_check={**_HTTPS_PROBE, "protocol": "TCP"}),
    _targets(CAUGHT, "a probe by default", protocol="HTTPS", health_check={"path": "/health/ready"}),
    _targets(CAUGHT, "no probe", protocol="HTTPS"),
    _targets(CAUGHT, "another path", protocol="HTTPS", health_check={**_HTTPS_PROBE, "path": "/"}),
    _targets(PASSED, "TLS", protocol="TLS", health_check=_HTTPS_PROBE),
    _targets(PASSED, "small letters", protocol="https", health_check={**_HTTPS_PROBE, "protocol": "https"}),
    _targets(PASSED, "UDP", protocol="UDP", health_check={"protocol": "TCP"}),
    _targets(PASSED, "an application load balancer", protocol="TCP", target_type="alb"),
    _targets(PASSED, "a function", target_type="lambda"),
    _targets(PASSED, "appliances", protocol="GENEVE"),
)

_SUBNETS = (
    Case(
        "a subnet of the stack and one of another",
        (put("balancer", "subnets", [From("public-a", "id"), "subnet-0123456789abcdef0"]),),
        NOTHING,
    ),
    Case(
        "addresses in one subnet",
        (
            put("balancer", "subnets", ABSENT),
            put("balancer", "subnet_mappings", [{"subnet_id": From("public-a", "id")}]),
        ),
        found("spread-load-balancer@balancer"),
    ),
)

CASES = (*_REDIRECTS, *_POLICIES, *_LISTENERS, *_TARGETS, *_SUBNETS)
