"""Load balancers: headers, access logs, deletion, availability zones and health checks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...engine.resource import Resource
from ...engine.rule import Area, Level, References, Settings, Severity
from ...engine.value import seen
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
    "Drop invalid HTTP headers at the load balancer.",
    remedy="Set `drop_invalid_header_fields=True`.",
    types=LOAD_BALANCERS,
    when=is_application,
    references=References(hub=("ELB.4",), checkov=("CKV_AWS_131",), checklist=(5,)),
)
def drop_invalid_headers(balancer: Resource, _: Settings) -> Iterator[Verdict]:
    """The load balancer and the server can read an invalid header differently, so it can hide a second request."""
    if not balancer.get("dropInvalidHeaderFields").flag():
        yield fail("dropInvalidHeaderFields", "is not true")


@AREA.rule(
    "set-desync-mode",
    Severity.MEDIUM,
    "Reject ambiguous HTTP requests at the load balancer.",
    level=Level.ADVISORY,
    remedy='Set `desync_mitigation_mode` to "defensive" or "strictest", or remove the property.',
    types=LOAD_BALANCERS,
    when=is_application,
    references=References(hub=("ELB.12",), checkov=("CKV_AWS_328",)),
)
def set_desync_mode(balancer: Resource, _: Settings) -> Iterator[Verdict]:
    """Two servers could read an ambiguous request differently.

    The default mode is defensive; the mode `monitor` only counts such requests.
    """
    if (balancer.get("desyncMitigationMode").text() or "defensive") not in ("defensive", "strictest"):
        yield fail(
            "desyncMitigationMode", seen(balancer.get("desyncMitigationMode"), "neither defensive nor strictest")
        )


@AREA.rule(
    "log-load-balancer-access",
    Severity.MEDIUM,
    "Log every request at the load balancer.",
    remedy="Set `access_logs` with a bucket and `enabled=True`. Keep the bucket private, because the log contains "
    "valid tokens.",
    types=LOAD_BALANCERS,
    when=is_no_gateway,
    references=References(hub=("ELB.5",), checkov=("CKV_AWS_91",), checklist=(12,)),
)
def log_load_balancer_access(balancer: Resource, _: Settings) -> Iterator[Verdict]:
    """Only the load balancer sees requests that never reach a server.

    A network load balancer writes a line for each TLS connection and none for other connections.
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
    """A replaced load balancer has a new name, and records outside of the stack still point to the old one."""
    if not balancer.get("enableDeletionProtection").flag():
        yield fail("enableDeletionProtection", "is not true")


@AREA.rule(
    "spread-load-balancer",
    Severity.HIGH,
    "Place every load balancer in at least two availability zones.",
    remedy="Set `subnets` to one subnet of each availability zone.",
    types=LOAD_BALANCERS,
    when=is_no_gateway,
    references=References(hub=("ELB.13",)),
)
def spread_load_balancer(balancer: Resource, _: Settings) -> Iterator[Verdict]:
    """Every request passes through the load balancer, so it must survive the loss of a zone."""
    subnets = "subnets" if balancer.get("subnetMappings").is_absent else "subnetMappings"
    if zones(balancer, subnets) < 2:
        yield fail(subnets, "covers fewer than two availability zones")


@AREA.rule(
    "probe-targets",
    Severity.HIGH,
    "Use TLS between a load balancer and its hosts, and probe whether the hosts are ready.",
    remedy='Set `protocol` to "HTTPS" ("TLS" for a network load balancer) and `health_check` with '
    '`protocol="HTTPS"`. For Kotauth, also set `path="/health/ready"` and `matcher="200"`.',
    types=TARGET_GROUPS,
    references=References(hub=("ELB.21", "ELB.22"), checkov=("CKV_AWS_261", "CKV_AWS_378"), checklist=(3,)),
)
def probe_targets(group: Resource, _: Settings) -> Iterator[Verdict]:
    """Kotauth's `/health` succeeds while its database is down, and its readiness probe answers only GET.

    Targets that are not hosts or have no TLS are not evaluated: functions, load balancers, appliances, UDP.
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
