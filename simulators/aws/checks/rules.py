"""Handwritten checks for inputs that AWS refuses and that neither the SDK's types nor moto check."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pulumi_aws as aws

from ..calls.kind import Call, RefusedError
from ..schema.sdk import Problem
from ..schema.wire import is_known

Inputs = Mapping[str, Any]
Rule = Callable[[Inputs], Iterator[Problem]]

# The smallest disk of RDS for PostgreSQL in GiB, by storage type (RDS User Guide, "Amazon RDS DB instance storage").
_SMALLEST = {"gp2": 20, "gp3": 20, "io1": 100, "io2": 100, "standard": 10}
_VOLUME_TYPES = ("gp2", "gp3", "io1", "io2", "sc1", "st1", "standard")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SHORTEST_WINDOW_MINUTES = 30
_MODES = {
    "desyncMitigationMode": ("monitor", "defensive", "strictest"),
    "xffHeaderProcessingMode": ("append", "preserve", "remove"),
}


def check(token: str, inputs: Inputs) -> list[Problem]:
    """Return what AWS would refuse, as far as it is known before there is anything."""
    return [problem for rule in _RULES.get(token, ()) for problem in rule(inputs)]


def check_made_of(call: Call) -> None:
    """Look at what a resource is to be made of.

    Raises:
        RefusedError: AWS would refuse it.
    """
    name = _IN_TWO_ZONES.get(call.kind.token)
    if name is None or (call.old and not call.changed(name)):
        return
    subnets = call.boto3("ec2").describe_subnets(SubnetIds=call.inputs[name])["Subnets"]
    zones = sorted({subnet["AvailabilityZone"] for subnet in subnets})
    if len(zones) < 2:
        raise RefusedError(f"{name} must lie in at least two Availability Zones, not only in {', '.join(zones)}")


def _one_of(name: str, allowed: Callable[[], Any]) -> Rule:
    def rule(inputs: Inputs) -> Iterator[Problem]:
        value = inputs.get(name)
        if value is not None and is_known(value) and value not in allowed():
            yield Problem(name, f'"{value}" must be one of {", ".join(sorted(allowed()))}')

    return rule


def _tls_policies() -> set[str]:
    from moto.elbv2.ssl_policies import SSL_POLICIES  # noqa: PLC0415 - AWS's own list, kept there

    return set(SSL_POLICIES)


def _storage(inputs: Inputs) -> Iterator[Problem]:
    kind, size, limit = (
        inputs.get("storageType", "gp2"),
        inputs.get("allocatedStorage"),
        inputs.get("maxAllocatedStorage"),
    )
    if isinstance(size, int) and size < _SMALLEST.get(kind, 0):
        yield Problem("allocatedStorage", f"{size} is below the {_SMALLEST[kind]} GiB that {kind} begins with")
    if isinstance(size, int) and isinstance(limit, int) and 0 < limit <= size:
        yield Problem("maxAllocatedStorage", f"{limit} must be more than allocatedStorage, {size}")


def _block_devices(inputs: Inputs) -> Iterator[Problem]:
    for number, device in enumerate(inputs.get("blockDeviceMappings", [])):
        kind = device.get("ebs", {}).get("volumeType", "gp3")
        if is_known(kind) and kind not in _VOLUME_TYPES:
            yield Problem(f"blockDeviceMappings[{number}].ebs.volumeType", f'"{kind}" is no type of volume')


def _ports(inputs: Inputs) -> Iterator[Problem]:
    first, last = inputs.get("fromPort"), inputs.get("toPort")
    if inputs.get("ipProtocol") in ("tcp", "udp") and isinstance(first, int) and isinstance(last, int) and first > last:
        yield Problem("fromPort", f"{first} must not be above toPort, {last}")


def _description(inputs: Inputs) -> Iterator[Problem]:
    value = inputs.get("description")
    # EC2's API reference, AuthorizeSecurityGroupIngress and CreateSecurityGroup.
    if isinstance(value, str) and not re.fullmatch(r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{0,255}", value):
        yield Problem("description", f'"{value}" may have 255 letters, digits, spaces and ._-:/()#,@[]+=&;{{}}!$*')


def _windows(inputs: Inputs) -> Iterator[Problem]:
    clock = r"([01]\d|2[0-3]):([0-5]\d)"
    day = f"({'|'.join(_DAYS)})"
    for name, pattern in (("backupWindow", f"{clock}-{clock}"), ("maintenanceWindow", f"{day}:{clock}-{day}:{clock}")):
        value = inputs.get(name)
        if not isinstance(value, str):
            continue
        window = re.fullmatch(pattern, value, re.IGNORECASE)
        if not window:
            form = "hh24:mi-hh24:mi" if name == "backupWindow" else "ddd:hh24:mi-ddd:hh24:mi"
            yield Problem(name, f'"{value}" must have the form {form}')
        elif _minutes(window.groups()) < _SHORTEST_WINDOW_MINUTES:
            yield Problem(name, f'"{value}" must be at least {_SHORTEST_WINDOW_MINUTES} minutes long')


def _minutes(parts: tuple[str, ...]) -> int:
    if len(parts) == 4:
        begin, end = (int(hour) * 60 + int(minute) for hour, minute in (parts[:2], parts[2:]))
        return (end - begin) % (24 * 60)
    begin, end = (
        (_DAYS.index(day.lower()) * 24 + int(hour)) * 60 + int(minute) for day, hour, minute in (parts[:3], parts[3:])
    )
    return (end - begin) % (7 * 24 * 60)


_RULES: dict[str, tuple[Rule, ...]] = {
    "aws:lb/listener:Listener": (_one_of("sslPolicy", _tls_policies),),
    "aws:lb/loadBalancer:LoadBalancer": tuple(
        _one_of(name, lambda modes=modes: modes) for name, modes in _MODES.items()
    ),
    "aws:rds/instance:Instance": (
        _one_of("storageType", lambda: {storage_type.value for storage_type in aws.rds.StorageType}),
        _storage,
        _windows,
    ),
    "aws:ebs/volume:Volume": (_one_of("type", lambda: _VOLUME_TYPES),),
    "aws:ec2/launchTemplate:LaunchTemplate": (_block_devices,),
    "aws:ec2/securityGroup:SecurityGroup": (_description,),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": (_ports, _description),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": (_ports, _description),
}
_IN_TWO_ZONES = {"aws:rds/subnetGroup:SubnetGroup": "subnetIds", "aws:lb/loadBalancer:LoadBalancer": "subnets"}
