"""The web ACL that filters the requests to a public load balancer."""

from __future__ import annotations

from collections.abc import Iterator

from ...engine.resource import Resource
from ...engine.rule import Level, References, Settings, Severity
from ...engine.verdict import Verdict, fail
from ...readers.aws.listeners import is_public
from ...readers.aws.resources import LOAD_BALANCERS, WEB_ACL, WEB_ACL_ASSOCIATIONS, WEB_ACL_LOGGING
from .load_balancers import AREA


@AREA.rule(
    "attach-web-acl",
    Severity.MEDIUM,
    "Attach a web ACL to every public load balancer.",
    level=Level.ADVISORY,
    remedy="Add an `aws.wafv2.WebAclAssociation` with the load balancer's ARN as `resource_arn`.",
    types=LOAD_BALANCERS,
    when=is_public,
    references=References(hub=("ELB.16",), checkov=("CKV2_AWS_28",), checklist=(11,)),
)
def attach_web_acl(balancer: Resource, _: Settings) -> Iterator[Verdict]:
    """Kotauth counts failed logins per account; only a web ACL sees one client that tries many accounts."""
    if not balancer.in_stack().consumers(balancer, *WEB_ACL_ASSOCIATIONS):
        yield fail("", "has no web ACL")


@AREA.rule(
    "watch-web-acl",
    Severity.LOW,
    "Give every web ACL rules, metrics and a log.",
    level=Level.ADVISORY,
    remedy="Set `rules`, set `cloudwatch_metrics_enabled=True` on the ACL and each rule, and add an "
    "`aws.wafv2.WebAclLoggingConfiguration`.",
    types=(WEB_ACL,),
    references=References(hub=("WAF.10", "WAF.11", "WAF.12"), checkov=("CKV_AWS_175", "CKV2_AWS_31")),
)
def watch_web_acl(acl: Resource, _: Settings) -> Iterator[Verdict]:
    """A web ACL that blocks valid requests looks like an outage; metrics and logs show the difference."""
    rules = acl.get("rules").items()
    if not rules:
        yield fail("rules", "is empty")
    for part in (acl.properties, *rules):
        metrics = part.field("visibilityConfig").field("cloudwatchMetricsEnabled")
        if not metrics.flag():
            yield fail(metrics.path, "is not true")
    if not acl.in_stack().consumers(acl, WEB_ACL_LOGGING):
        yield fail("", "has no logging configuration")
