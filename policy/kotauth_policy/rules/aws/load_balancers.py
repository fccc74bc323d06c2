"""Load balancers: TLS, headers, access logs, zones, health checks, and the web ACL before them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...engine.resource import Resource
from ...engine.rule import Area, Level, References, Settings, Severity
from ...engine.verdict import Verdict, fail
from ...readers.aws.listeners import (
    TLS,
    is_application,
    is_encrypted,
    is_no_gateway,
    is_of_gateway,
    kind_of,
    listeners_of,
    target_type,
)
from ...readers.aws.resources import (
    LOAD_BALANCERS,
    LOG_DELIVERY_SOURCE,
    TARGET_GROUPS,
)
from ...readers.aws.zones import zones
from ...readers.docker.parts import SERVER, parts_in

AREA = Area("load-balancers")


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

    What is no host, or has no TLS there, is not evaluated: functions, load balancers, appliances, UDP.
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
