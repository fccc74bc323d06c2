"""EC2 hosts: metadata service, public addresses, disks, user data, roles, metrics and size."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...engine.resource import Resource
from ...engine.rule import Area, Level, References, Settings, Severity
from ...engine.value import ABSENT, Value, is_given, seen
from ...engine.verdict import Verdict, fail, undecidable
from ...readers.aws.hosts import disks, instance_types, launches_itself, metadata_option, says
from ...readers.aws.resources import (
    EBS_VOLUME,
    EIP,
    EIP_ASSOCIATION,
    HOSTS,
    INSTANCE,
    LAUNCH_CONFIGURATION,
    LAUNCH_TEMPLATE,
    SUBNET,
    sources,
)
from ...readers.docker.parts import runs_server
from ...readers.hosts.boot_plan import PLAN
from ...readers.hosts.user_data import parse, property_of, text_of
from ...readers.secrets.text import has_secret

AREA = Area("hosts")
_ADDRESSED = ("instanceId", "instance", "networkInterfaceId", "networkInterface")
"""Properties that name the holder of a fixed address, of an association and of an address itself."""
# Whatever is named so has half a gigabyte: the system and nothing beside it.
_MEMORY_MIB = 1024
_TOO_SMALL = re.compile(r".*\.nano|t1\.micro")


@AREA.rule(
    "require-metadata-tokens",
    Severity.HIGH,
    "Require session tokens for the instance metadata service of every host.",
    remedy='Set `http_tokens="required"` in `metadata_options`.',
    types=HOSTS,
    references=References(hub=("EC2.8", "EC2.170"), checkov=("CKV_AWS_79",)),
    waivable=False,
)
def require_metadata_tokens(host: Resource, _: Settings) -> Iterator[Verdict]:
    """Version 1 of the service returns the role's credentials to one GET request from the host.

    A disabled service returns none.
    """
    tokens = metadata_option(host, "httpTokens")
    if says(host, "metadataOptions") and tokens is not None and tokens.text() != "required":
        yield fail("metadataOptions.httpTokens", "is not required")


@AREA.rule(
    "limit-metadata-hops",
    Severity.HIGH,
    "Keep containers from reaching the instance metadata service of their host.",
    remedy="Set `http_put_response_hop_limit=1` in `metadata_options`.",
    types=HOSTS,
    references=References(hub=("AutoScaling.4",), checkov=("CKV_AWS_341",)),
)
def limit_metadata_hops(host: Resource, _: Settings) -> Iterator[Verdict]:
    """With a hop limit of 2, every container reaches the metadata service.

    By default, the machine image sets the limit, and Amazon Linux 2023 sets 2.
    """
    hops = metadata_option(host, "httpPutResponseHopLimit")
    if says(host, "metadataOptions") and hops is not None and hops.number() != 1:
        yield fail("metadataOptions.httpPutResponseHopLimit", "is not 1")


@AREA.rule(
    "forbid-public-host-addresses",
    Severity.HIGH,
    "Do not give a host an automatically assigned public IP address.",
    remedy="Remove `associate_public_ip_address`. Launch the host in a subnet with `map_public_ip_on_launch=False`. "
    "If the host needs a public address, add an `aws.ec2.EipAssociation`.",
    types=HOSTS,
    references=References(hub=("EC2.9", "EC2.25"), checkov=("CKV_AWS_88",)),
)
def forbid_public_host_addresses(host: Resource, _: Settings) -> Iterator[Verdict]:
    """An allow list can't contain an address that changes.

    By default, the subnet decides whether a host gets a public address; an `Eip` replaces an address that the subnet
    maps. The rule can't require `False`: this value sends a network interface, which EC2 refuses beside a launch
    template's security groups.
    """
    if host.type == LAUNCH_TEMPLATE:
        for interface in host.get("networkInterfaces").items():
            value = interface.field("associatePublicIpAddress")
            if value.flag():
                yield fail(value.path, "is true")
        return
    own = host.get("associatePublicIpAddress").flag()
    if own:
        yield fail("associatePublicIpAddress", "is true")
    elif own is None and host.type != LAUNCH_CONFIGURATION and not _has_interface(host) and not _keeps_private(host):
        yield fail("associatePublicIpAddress", "is not set, and the subnet may map a public address")


def _has_interface(host: Resource) -> bool:
    """Whether an instance, or its launch template in the stack, defines all its network interfaces."""
    templates = sources(host, "launchTemplate", LAUNCH_TEMPLATE)
    return any(each.get("networkInterfaces").items() for each in (host, *templates)) or _has_primary_interface(host)


def _has_primary_interface(host: Resource) -> bool:
    interface = host.get("primaryNetworkInterface") if host.type == INSTANCE else Value("", ABSENT)
    return interface.is_unknown or bool(interface.fields())


def _keeps_private(host: Resource) -> bool:
    """Whether an instance gets no public address at launch, or replaces it with an Elastic IP address."""
    holders = host.in_stack().consumers(host, EIP_ASSOCIATION, EIP)
    if any(name in _ADDRESSED for _, name in holders):
        return True
    subnets = host.origins_of(host.get("subnetId"), SUBNET)
    return bool(subnets) and not any(subnet.get("mapPublicIpOnLaunch").flag() for subnet in subnets)


@AREA.rule(
    "encrypt-disks",
    Severity.HIGH,
    "Encrypt every disk of a host.",
    remedy="Set `encrypted=True` on the volume. In a launch template, list the root device in `block_device_mappings`.",
    types=(*HOSTS, EBS_VOLUME),
    references=References(hub=("EC2.3", "EC2.181"), checkov=("CKV_AWS_3", "CKV_AWS_8")),
)
def encrypt_disks(resource: Resource, _: Settings) -> Iterator[Verdict]:
    """The host writes logs and swapped memory to its root disk, and snapshots of the disk outlive the host."""
    for encrypted in disks(resource):
        if not encrypted.flag():
            by_image = encrypted.path == "blockDeviceMappings"
            yield fail(
                encrypted.path,
                "leaves the encryption of the root disk to the machine image" if by_image else "is not true",
            )


@AREA.rule(
    "keep-secrets-out-of-user-data",
    Severity.CRITICAL,
    "Do not put secrets into the user data of a host, and keep its text known at preview.",
    remedy="Let the host read secrets from Secrets Manager with its role. Pass a value that is unknown at preview, "
    "such as a new database's address, in an `aws.ssm.Parameter` that the host reads at boot.",
    types=HOSTS,
    references=References(checkov=("CKV_AWS_46",), checklist=(8, 9)),
    waivable=False,
)
def keep_secrets_out_of_user_data(host: Resource, _: Settings) -> Iterator[Verdict]:
    """Every user who may view the instance, and every process on the host, can read its user data.

    The rules for containers evaluate what the user data starts, so unknown user data would hide every container.
    """
    value = property_of(host)
    if value.secret:
        yield fail(value.path, "is marked secret")
    elif value.is_unknown:
        yield undecidable(value.path)
    else:
        # Files that the host fetches are not a part of its user data, so they are not read here.
        yield from _secrets_in(text_of(host), value.path)


def _secrets_in(text: str, path: str) -> Iterator[Verdict]:
    program = parse(text)
    if program.fault:
        yield fail(path, program.fault)
    # The plan of Kotauth's own hosts has versions of secrets under the names of their files; it is in the text, too.
    texts = [(text, False), *((script.text, True) for script in program.scripts)]
    texts += [(content, path != PLAN) for path, content in program.files.items()]
    if any(has_secret(each, is_code=True, members=members) for each, members in texts):
        # The value is not shown, nor is the name of what holds it, since either can be in any form.
        yield fail(path, "contains a secret, or a text that looks like one")


@AREA.rule(
    "enter-hosts-without-keys",
    Severity.MEDIUM,
    "Give every host an instance profile, and no SSH key pair.",
    level=Level.ADVISORY,
    remedy="Set `iam_instance_profile`, remove `key_name`, and connect through Session Manager.",
    types=HOSTS,
    references=References(checkov=("CKV2_AWS_41",)),
)
def enter_hosts_without_keys(host: Resource, _: Settings) -> Iterator[Verdict]:
    """A key pair is never rotated; Session Manager records who connects, and needs no open port."""
    if is_given(host.get("keyName")):
        yield fail("keyName", "is set")
    profile = host.get("iamInstanceProfile")
    given = profile.is_unknown or profile.fields() if host.type == LAUNCH_TEMPLATE else is_given(profile)
    if launches_itself(host) and not given:
        yield fail("iamInstanceProfile", "is not set")


@AREA.rule(
    "monitor-hosts",
    Severity.LOW,
    "Collect metrics of every host once a minute.",
    level=Level.ADVISORY,
    remedy='Set `monitoring={"enabled": True}` on a launch template, or `monitoring=True` on an instance.',
    types=HOSTS,
    references=References(checkov=("CKV_AWS_126",)),
)
def monitor_hosts(host: Resource, _: Settings) -> Iterator[Verdict]:
    """Metrics every five minutes are too slow for an alarm about logins.

    A launch configuration collects metrics every minute unless the program disables it.
    """
    if host.type == LAUNCH_CONFIGURATION:
        if host.get("enableMonitoring").flag() is False:
            yield fail("enableMonitoring", "is false")
        return
    value = host.get("monitoring")
    flag = value.field("enabled") if host.type == LAUNCH_TEMPLATE else value
    if says(host, "monitoring") and not flag.flag():
        yield fail(flag.path, "is not true")


@AREA.rule(
    "size-kotauth-hosts",
    Severity.HIGH,
    "Run the Kotauth server on a host with enough memory.",
    remedy="Set `instance_type` to t4g.small or larger.",
    types=HOSTS,
    when=runs_server,
    references=References(checklist=(1,)),
)
def size_kotauth_hosts(host: Resource, _: Settings) -> Iterator[Verdict]:
    """Kotauth needs at least 512 MB and one processor, and the operating system needs another 512 MB."""
    needed = host.get("instanceRequirements") if host.type == LAUNCH_TEMPLATE else Value("", ABSENT)
    memory = needed.field("memoryMib").field("min")
    if not memory.is_absent:
        if (memory.number() or 0) < _MEMORY_MIB:
            yield fail(memory.path, f"is less than {_MEMORY_MIB}")
        return
    for kind in instance_types(host):
        if not is_given(kind):
            yield undecidable("instanceType", "is not set, so a host of any size can be launched")
        elif _TOO_SMALL.fullmatch((kind.text() or "").lower()):
            yield fail("instanceType", seen(host.get("instanceType"), "a type with 0.5 GiB of memory"))
