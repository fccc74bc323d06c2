"""Listeners of load balancers: TLS, certificates and plain HTTP."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...engine.resource import Resource
from ...engine.rule import Kind, Parameter, References, Settings, Severity
from ...engine.value import Value, is_given, seen
from ...engine.verdict import Verdict, fail
from ...readers.aws.listeners import (
    TLS,
    is_before_application,
    is_encrypted,
    is_plain,
    kind_before,
    protocol_of,
)
from ...readers.aws.resources import (
    LISTENER_RULES,
    LISTENERS,
    sources,
)
from .load_balancers import AREA

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
    "Redirect plain HTTP to HTTPS, or answer it with an error.",
    remedy='Set `default_actions` to one `redirect` with `protocol="HTTPS"`, and remove the other rules of the '
    "listener.",
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
    "Use an allowed TLS security policy on every listener.",
    remedy='Set `ssl_policy="ELBSecurityPolicy-TLS13-1-2-Res-2021-06"`.',
    types=LISTENERS,
    references=References(hub=("ELB.17",), checkov=("CKV_AWS_103", "CKV2_AWS_74"), checklist=(3,)),
    parameters=(
        Parameter("policies", Kind.TEXTS, list(_POLICIES), "Security policies that a listener may use.", relaxes=True),
    ),
)
def allow_tls_policies(listener: Resource, settings: Settings) -> Iterator[Verdict]:
    """All allowed policies begin with TLS 1.2; AWS's own default of 2016 accepts TLS 1.0."""
    if not is_encrypted(listener):
        return
    policy = listener.get("sslPolicy").text()
    if not policy:
        yield fail("sslPolicy", "is not set: the default, ELBSecurityPolicy-2016-08, accepts TLS 1.0")
    elif policy not in settings.texts("policies"):
        yield fail("sslPolicy", seen(listener.get("sslPolicy"), "none of the allowed policies"))


@AREA.rule(
    "certify-listeners",
    Severity.HIGH,
    "Serve every listener over TLS with a certificate.",
    remedy='Set `protocol` to "HTTPS" ("TLS" on a network load balancer), and set `certificate_arn`.',
    types=LISTENERS,
    references=References(hub=("ELB.18",), checklist=(4,)),
)
def certify_listeners(listener: Resource, _: Settings) -> Iterator[Verdict]:
    """A certificate's ARN that is unknown at preview passes: the update creates the certificate.

    A load balancer has no TLS for UDP, and QUIC contains its own encryption. A network load balancer in front of an
    application load balancer forwards TLS to it.
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
            yield fail("protocol", "is not set: an application load balancer then uses HTTP")
    elif not protocol:
        yield fail("protocol", "is not set on a listener of a network load balancer")
    elif not re.search("UDP|QUIC", protocol) and not is_before_application(listener):
        fault = "is TCP, which forwards traffic whether it is encrypted or not" if protocol == "TCP" else "is not TLS"
        yield fail("protocol", fault)
