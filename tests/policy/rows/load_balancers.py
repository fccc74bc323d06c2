"""Rules of the area `load-balancers`."""

import pulumi_aws as aws

from policy.testing.change import ABSENT, UNKNOWN, From, add, copied, put, without

from ..mutation import NOTHING, REQUIRED, Case, Row, found, on_aws
from .load_balancer_listeners import CASES as LISTENERS

_TO_TARGETS = {"type": "forward", "target_group_arn": From("targets", "arn")}
_BEHIND_HTTP = (
    add(
        "other-rule",
        aws.lb.ListenerRule,
        {
            "listener_arn": From("http", "arn"),
            "conditions": [{"host_header": {"values": ["auth.example.com"]}}],
            "actions": [{"type": "redirect", "redirect": {"protocol": "HTTPS", "status_code": "HTTP_301"}}],
        },
    ),
)

ROWS = (
    Row("redirect-plain-http", "http", "http/default_actions.0.redirect.protocol", "HTTP"),
    Row("allow-tls-policies", "https", "https/ssl_policy", "ELBSecurityPolicy-2016-08"),
    # An unknown ARN is the ARN of something.
    Row(
        "certify-listeners",
        "https",
        "https/protocol",
        "TCP",
        unknown=found(
            "redirect-plain-http@https",
            "redirect-plain-http@public-name",
            "allow-tls-policies@https",
            "certify-listeners@https",
        ),
        absent=found("certify-listeners@https", "redirect-plain-http@public-name"),
    ),
    Row("drop-invalid-headers", "balancer", "balancer/drop_invalid_header_fields", False),
    Row("set-desync-mode", "balancer", "balancer/desync_mitigation_mode", "monitor", absent=NOTHING),
    Row("log-load-balancer-access", "balancer", "balancer/access_logs.enabled", False),
    Row("protect-load-balancer", "balancer", "balancer/enable_deletion_protection", False),
    Row("spread-load-balancer", "balancer", "balancer/subnets", [From("public-a", "id")]),
    Row(
        "attach-web-acl",
        "balancer",
        "web-acl-attached/resource_arn",
        "arn:aws:elasticloadbalancing:eu-central-1:1:other",
        absent=REQUIRED,
    ),
    Row("watch-web-acl", "web-acl", "web-acl/visibility_config.cloudwatch_metrics_enabled", False),
    Row("probe-targets", "targets", "targets/health_check.path", "/health"),
)


def _balancer(name: str, path: str, value: object, *violations: str) -> Case:
    return Case(name, (put("balancer", path, value),), found(*violations))


CASES = (
    Case("no web ACL", (without("web-acl-attached"),), found("attach-web-acl@balancer")),
    Case("a web ACL without a log", (without("web-acl-logging"),), found("watch-web-acl@web-acl")),
    Case("a web ACL without a rule", (put("web-acl", "rules", []),), found("watch-web-acl@web-acl")),
    Case(
        "a rule without metrics",
        (put("web-acl", "rules.0.visibility_config.cloudwatch_metrics_enabled", False),),
        found("watch-web-acl@web-acl"),
    ),
    Case(
        "an internal load balancer needs no web ACL",
        (without("web-acl-attached"), put("balancer", "internal", True)),
        NOTHING,
    ),
    Case("HTTP to the hosts", (put("http", "default_actions", [_TO_TARGETS]),), found("redirect-plain-http@http")),
    Case("a redirect by a rule", _BEHIND_HTTP, NOTHING),
    Case(
        "a rule that leads plain HTTP to the hosts",
        (*_BEHIND_HTTP, put("other-rule", "actions", [_TO_TARGETS])),
        found("redirect-plain-http@other-rule"),
    ),
    Case("no certificate", (put("https", "certificate_arn", ABSENT),), found("certify-listeners@https")),
    Case("a certificate without a name", (put("https", "certificate_arn", ""),), found("certify-listeners@https")),
    Case("a certificate still to come", (put("https", "certificate_arn", UNKNOWN),), NOTHING),
    _balancer("two subnets of another stack", "subnets", ["subnet-1", "subnet-2"]),
    _balancer("one subnet of another stack", "subnets", ["subnet-1"], "spread-load-balancer@balancer"),
    Case("HTTP to a host", (put("targets", "protocol", "HTTP"),), found("probe-targets@targets")),
    Case("a probe in clear", (put("targets", "health_check.protocol", "HTTP"),), found("probe-targets@targets")),
    Case("any answer", (put("targets", "health_check.matcher", "200-499"),), found("probe-targets@targets")),
    Case(
        "a target group of functions",
        (add("functions", aws.lb.TargetGroup, {"target_type": "lambda"}),),
        NOTHING,
    ),
    Case(
        "under the provider's older name",
        (add("old", aws.alb.LoadBalancer, {"internal": True, "subnets": ["subnet-1", "subnet-2"]}),),
        found("drop-invalid-headers@old", "log-load-balancer-access@old", "protect-load-balancer@old"),
    ),
    Case(
        "a network load balancer",
        (
            copied("balancer", "network", load_balancer_type="network", drop_invalid_header_fields=False),
            add(
                "port",
                aws.lb.Listener,
                {"load_balancer_arn": From("network", "arn"), "protocol": "TCP", "default_actions": [_TO_TARGETS]},
            ),
        ),
        found("certify-listeners@port"),
    ),
)

TABLE = on_aws(*ROWS, *CASES, *LISTENERS)
