"""Load balancers: TLS, headers, access logs, zones, health checks, and the web ACL before them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...engine.resource import Resource
from ...engine.rule import Area, Kind, Level, Parameter, References, Settings, Severity
from ...engine.value import Value, is_given
from ...engine.verdict import Verdict, fail
from ...readers.aws.listeners import (
    TLS,
    is_application,
    is_before_application,
    is_encrypted,
    is_no_gateway,
    is_of_gateway,
    is_plain,
    kind_before,
    kind_of,
    listeners_of,
    protocol_of,
    target_type,
)
from ...readers.aws.resources import (
    LISTENER_RULES,
    LISTENERS,
    LOAD_BALANCERS,
    LOG_DELIVERY_SOURCE,
    TARGET_GROUPS,
    sources,
    zones,
)
from ...readers.docker.parts import SERVER, parts_in

AREA = Area("load-balancers")
_POLICIES = [
    f"ELBSecurityPolicy-TLS13-{policy}"
    for policy in (
        "1-2-2021-06",
        "1-2-Res-2021-06",
        "1-2-Res-FIPS-2023-04",
        "1-2-FIPS-2023-04",
        "1-2-PQ-2025-09",
        "1-2-Res-PQ-2025-09",
        "1-2-FIPS-PQ-2025-09",
        "1-2-Res-FIPS-PQ-2025-09",
        "1-3-2021-06",
        "1-3-FIPS-2023-04",
        "1-3-PQ-2025-09",
        "1-3-FIPS-PQ-2025-09",
    )
]
# Where tokens of Let's Encrypt and the like are fetched, which is over plain HTTP only.
_CHALLENGES = "/.well-known/acme-challenge/"


@AREA.rule(
    "redirect-plain-http",
    Severity.HIGH,
    "Answer plain HTTP with a redirect to HTTPS, or with an error.",
    remedy='Let `default_actions` be one `redirect` with `protocol="HTTPS"`, and give the listener no other rule.',
    types=(*LISTENERS, *LISTENER_RULES),
    references=References(hub=("ELB.1",), checkov=("CKV_AWS_2", "CKV2_AWS_20"), checklist=(3,)),
)
def redirect_plain_http(resource: Resource, _: Settings) -> Iterator[Verdict]:
    """A password that was sent once in clear text is no longer secret."""
    if resource.type in LISTENERS:
        if is_plain(resource):
            yield from _only_redirects(resource.get("defaultActions"))
    elif any(is_plain(each) for each in sources(resource, "listenerArn", *LISTENERS)) and not _is_challenge(resource):
        yield from _only_redirects(resource.get("actions"))


def _is_challenge(rule: Resource) -> bool:
    """Whether a rule is only about the tokens by which a certificate authority checks a name."""
    paths = [
        path for each in rule.get("conditions").items() for path in each.field("pathPattern").field("values").items()
    ]
    return bool(paths) and all((path.text() or "").startswith(_CHALLENGES) for path in paths)


def _only_redirects(actions: Value) -> Iterator[Verdict]:
    for action in actions.items():
        kind = action.field("type").text()
        if kind == "redirect":
            protocol = action.field("redirect").field("protocol")
            if (protocol.text() or "").upper() != "HTTPS":
                # `#{protocol}`, the default, is HTTP again.
                yield fail(action.path, "redirects plain HTTP, but not to HTTPS")
        elif kind != "fixed-response":
            yield fail(action.path, "serves plain HTTP: it does not redirect to HTTPS")
        elif not (action.field("fixedResponse").field("statusCode").text() or "").startswith(("4", "5")):
            yield fail(action.path, "answers plain HTTP itself: it does not redirect to HTTPS")


@AREA.rule(
    "allow-tls-policies",
    Severity.HIGH,
    "End TLS with a policy of the allow list.",
    remedy='Set `ssl_policy="ELBSecurityPolicy-TLS13-1-2-Res-2021-06"`.',
    types=LISTENERS,
    references=References(hub=("ELB.17",), checkov=("CKV_AWS_103", "CKV2_AWS_74"), checklist=(3,)),
    parameters=(Parameter("policies", Kind.TEXTS, list(_POLICIES), "Policies that may be used.", relaxes=True),),
)
def allow_tls_policies(listener: Resource, settings: Settings) -> Iterator[Verdict]:
    """All of them begin with TLS 1.2; AWS's own default is of 2016 and speaks TLS 1.0."""
    if not is_encrypted(listener):
        return
    policy = listener.get("sslPolicy").text()
    if not policy:
        yield fail("sslPolicy", "is not set: the default, ELBSecurityPolicy-2016-08, speaks TLS 1.0")
    elif policy not in settings.texts("policies"):
        yield fail("sslPolicy", "is none of the allowed policies")


@AREA.rule(
    "certify-listeners",
    Severity.HIGH,
    "Serve every listener through TLS, with a certificate.",
    remedy='Set `protocol` to "HTTPS", on a network load balancer to "TLS", and set `certificate_arn`.',
    types=LISTENERS,
    references=References(hub=("ELB.18",), checklist=(4,)),
)
def certify_listeners(listener: Resource, _: Settings) -> Iterator[Verdict]:
    """An unknown ARN is that of a certificate still to be made.

    UDP has no TLS at a load balancer, QUIC brings its own, and before an application load balancer that one ends TLS.
    """
    if kind_before(listener) == "gateway":
        return
    named, protocol = listener.get("protocol").text(), protocol_of(listener)
    has_certificate = is_given(listener.get("certificateArn"))
    if protocol in TLS:
        if not has_certificate:
            yield fail("certificateArn", "is not set")
    elif protocol == "HTTP":
        if not named and (has_certificate or any(True for _ in _only_redirects(listener.get("defaultActions")))):
            yield fail("protocol", "is not set: an application load balancer then speaks HTTP")
    elif not protocol:
        yield fail("protocol", "is not set on a listener of a network load balancer")
    elif not re.search("UDP|QUIC", protocol) and not is_before_application(listener):
        seen = "is TCP: what comes in is handed on, encrypted or not" if protocol == "TCP" else "is not TLS"
        yield fail("protocol", seen)


@AREA.rule(
    "drop-invalid-headers",
    Severity.MEDIUM,
    "Drop invalid headers at the load balancer.",
    remedy="Set `drop_invalid_header_fields=True`.",
    types=LOAD_BALANCERS,
    when=is_application,
    references=References(hub=("ELB.4",), checkov=("CKV_AWS_131",), checklist=(5,)),
)
def drop_invalid_headers(balancer: Resource, _: Settings) -> Iterator[Verdict]:
    """A header that two programs read differently is how a request is smuggled past the first."""
    if not balancer.get("dropInvalidHeaderFields").flag():
        yield fail("dropInvalidHeaderFields", "is not true")


@AREA.rule(
    "set-desync-mode",
    Severity.MEDIUM,
    "Refuse requests that two servers could read differently.",
    level=Level.ADVISORY,
    remedy='Set `desync_mitigation_mode` to "defensive" or "strictest", or leave it out.',
    types=LOAD_BALANCERS,
    when=is_application,
    references=References(hub=("ELB.12",), checkov=("CKV_AWS_328",)),
)
def set_desync_mode(balancer: Resource, _: Settings) -> Iterator[Verdict]:
    """The default is defensive; `monitor` only counts them."""
    if (balancer.get("desyncMitigationMode").text() or "defensive") not in ("defensive", "strictest"):
        yield fail("desyncMitigationMode", "is neither defensive nor strictest")


@AREA.rule(
    "log-load-balancer-access",
    Severity.MEDIUM,
    "Log every request at the load balancer.",
    remedy="Set `access_logs` with a bucket and `enabled=True`; the bucket holds live tokens, so keep it closed.",
    types=LOAD_BALANCERS,
    when=is_no_gateway,
    references=References(hub=("ELB.5",), checkov=("CKV_AWS_91",), checklist=(12,)),
)
def log_load_balancer_access(balancer: Resource, _: Settings) -> Iterator[Verdict]:
    """It is the only place that sees requests which never reach a server.

    A network load balancer writes a line for each TLS connection and none for others.
    """
    stack = balancer.in_stack()
    if kind_of(balancer) == "network" and not any(map(is_encrypted, listeners_of(balancer))):
        return
    deliveries = stack.consumers(balancer, LOG_DELIVERY_SOURCE)
    if any((each.get("logType").text() or "").endswith("_ACCESS_LOGS") for each, _ in deliveries):
        return
    if not balancer.get("accessLogs").field("enabled").flag():
        yield fail("accessLogs.enabled", "is not true")


@AREA.rule(
    "protect-load-balancer",
    Severity.MEDIUM,
    "Protect the load balancer from deletion.",
    remedy="Set `enable_deletion_protection=True`.",
    types=LOAD_BALANCERS,
    when=is_no_gateway,
    references=References(hub=("ELB.6",), checkov=("CKV_AWS_150",)),
)
def protect_load_balancer(balancer: Resource, _: Settings) -> Iterator[Verdict]:
    """A new load balancer has another name, and records outside of the stack still hold the old one."""
    if not balancer.get("enableDeletionProtection").flag():
        yield fail("enableDeletionProtection", "is not true")


@AREA.rule(
    "spread-load-balancer",
    Severity.HIGH,
    "Put the load balancer into two zones or more.",
    remedy="Give `subnets` one of each zone.",
    types=LOAD_BALANCERS,
    when=is_no_gateway,
    references=References(hub=("ELB.13",)),
)
def spread_load_balancer(balancer: Resource, _: Settings) -> Iterator[Verdict]:
    """Every request comes through the load balancer, so it has to survive the loss of a zone."""
    subnets = "subnets" if balancer.get("subnetMappings").is_absent else "subnetMappings"
    if zones(balancer, subnets) < 2:
        yield fail(subnets, "is in fewer than two zones")


@AREA.rule(
    "probe-targets",
    Severity.HIGH,
    "Speak TLS to the hosts behind a load balancer, and ask them whether they are ready.",
    remedy='Set `protocol` to "HTTPS", for a network load balancer to "TLS", and `health_check` with '
    '`protocol="HTTPS"`; Kotauth answers at `path="/health/ready"` with `matcher="200"`.',
    types=TARGET_GROUPS,
    references=References(hub=("ELB.21", "ELB.22"), checkov=("CKV_AWS_261", "CKV_AWS_378"), checklist=(3,)),
)
def probe_targets(group: Resource, _: Settings) -> Iterator[Verdict]:
    """Kotauth's `/health` is up while its database is down, and its probe answers nothing but GET.

    What is no host, or has no TLS there, is not judged: functions, load balancers, appliances, UDP.
    """
    if target_type(group) in ("lambda", "alb") or is_of_gateway(group):
        return
    protocol, probe = group.get("protocol"), group.get("healthCheck")
    if re.search("UDP|QUIC", (protocol.text() or "").upper()):
        return
    is_network = (protocol.text() or "").upper() in ("TCP", "TLS")
    if (protocol.text() or "").upper() not in TLS:
        yield fail(protocol.path, f"is not {'TLS' if is_network else 'HTTPS'}")
    if (probe.field("protocol").text() or "").upper() not in TLS:
        absent = probe.field("protocol").is_absent
        yield fail(probe.field("protocol").path, "is not set, and so not HTTPS" if absent else "is not HTTPS")
    if parts_in(group.in_stack(), SERVER):
        if probe.field("path").text() != "/health/ready":
            yield fail("healthCheck.path", "is not /health/ready")
        if (probe.field("matcher").text() or "200") != "200":
            yield fail("healthCheck.matcher", "is not 200")
