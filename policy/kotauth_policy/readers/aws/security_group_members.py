"""Which groups a value names, and which resources are in a group.

Most groups are resources of their own. Others are made by AWS for a resource, whose output names them: the default
group of a VPC, the group of an EKS cluster.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from ...engine.resource import Resource, Stack
from ...engine.value import ABSENT, Value
from .listeners import is_of_gateway
from .resources import (
    BEANSTALK_ENVIRONMENTS,
    CLASSIC_BALANCERS,
    DEFAULT_SECURITY_GROUP,
    EKS_CLUSTER,
    EKS_NODE_GROUP,
    EXCLUSIVE_GROUP_RULES,
    GROUP,
    GROUP_ATTACHMENTS,
    HOSTS,
    INSTANCE,
    INTERFACE_ATTACHMENT,
    LAUNCH_CONFIGURATION,
    LAUNCH_TEMPLATE,
    NETWORK_INTERFACE,
    SECURITY_GROUP,
    SECURITY_GROUP_FORMS,
    SPOT_REQUEST,
    TARGET_ATTACHMENTS,
    TARGET_GROUPS,
    VPCS,
    WORKSPACES_DIRECTORY,
    sources,
)

PROGRAM_GROUPS = (EKS_CLUSTER, EKS_NODE_GROUP, WORKSPACES_DIRECTORY)
"""Resources for which AWS makes a group, and puts what runs programs into it."""
_MADE_BY_AWS = (*PROGRAM_GROUPS, *VPCS, *CLASSIC_BALANCERS)
GROUPS = (SECURITY_GROUP, DEFAULT_SECURITY_GROUP, *_MADE_BY_AWS)
"""Resources that are a group, or that a group is an output of."""
_NO_MEMBERS = (
    *SECURITY_GROUP_FORMS,
    "aws:vpc/securityGroupVpcAssociation:SecurityGroupVpcAssociation",
    EXCLUSIVE_GROUP_RULES,
)
"""Resources that name a group without being in it."""
# `securityGroupIds`, `vpcSecurityGroupIds`, `securityGroupIdLists`, `emrManagedMasterSecurityGroup`, and whatever else
# the provider calls it. A source is a peer, and a replacement applies only after the resource is deleted.
_MEMBERSHIP = re.compile(
    r"(?:^|\.)(?!source|referenced|replacement|input)\w*[sS]ecurityGroups?(?:s?Ids?|Arns|IdLists|Names)?(?:\[|$)"
)
_HOLDERS = re.compile(
    r"vpc|network|ec2|ecs|compute|endpointDetails|broker|physicalConnection|launchSpecifications|domainSettings|default.*"
    r"Settings|userSettings|kafkaCluster|workspaceCreation|workforceVpc|target$|targetParameters"
)
"""Properties with a group further down, for an object that is unknown as a whole."""
_GROUP_ID = "sg-"
_ACCOUNT = re.compile(r"^\d{12}/")
_TARGETS = ("targetGroupArns", "trafficSources")


def groups_named(resource: Resource, value: Value) -> list[Resource]:
    """Return the groups of the stack that a value names, none for a group from elsewhere.

    With the account before it (`123456789012/sg-…`) it is the same group.
    """
    if isinstance(value.raw, str):
        value = Value(value.path, _ACCOUNT.sub("", value.raw), value.secret)
    if value.raw is ABSENT:
        return [identity(group) for group in sources(resource, value.root, *GROUPS)]
    groups = resource.origins_of(value, *GROUPS)
    if not groups and not value.is_unknown:
        groups = [maker for maker in sources(resource, value.root, *_MADE_BY_AWS) if _is_silent(maker)]
    return list({group.urn: group for group in map(identity, groups)}.values())


def has_stranger(resource: Resource, values: Iterable[Value], all_values: Iterable[Value]) -> bool:
    """Whether one of the values names a group that is not in the stack.

    In a state that doesn't say what the groups are called, it is one of the property's that are more than its groups.
    """
    values = list(values)
    if any(not groups_named(resource, value) for value in values):
        return True
    if not any(_guessed(resource, value) for value in values):
        return False
    guessed = {text for value in all_values if (text := _guessed(resource, value))}
    groups = sources(resource, values[0].root, *GROUPS)
    return len(guessed) > len([group for group in groups if _is_silent(group)])


def _guessed(resource: Resource, value: Value) -> str | None:
    """Return the name of a group that is assumed to be one of the property's, because these have no known name."""
    groups = groups_named(resource, value)
    return value.raw if isinstance(value.raw, str) and all(map(_is_silent, groups)) else None


def _is_silent(group: Resource) -> bool:
    """Whether no output of a group reveals its name."""
    if group.type in _MADE_BY_AWS:
        return not any(name.startswith(_GROUP_ID) for name in group.names)
    return not group.names


def identity(group: Resource) -> Resource:
    """Return the resource that identifies a group; a VPC identifies its default group."""
    return next(iter(sources(group, "vpcId", *VPCS)), group) if group.type == DEFAULT_SECURITY_GROUP else group


def members(stack: Stack) -> Mapping[str, list[Resource]]:
    """Return what is in each group, by the group's URN."""
    return stack.once(_members)


def _members(stack: Stack) -> dict[str, list[Resource]]:
    members_by_group: dict[str, list[Resource]] = defaultdict(list)
    for resource in stack.resources.values():
        for group in _memberships(resource):
            members_by_group[group.urn].append(resource)
    return members_by_group


def groups_of(resource: Resource) -> list[Resource]:
    """Return the groups of the stack that a resource is in, also through its network interfaces."""
    stack = resource.in_stack()
    interfaces = [
        *sources(resource, "networkInterfaces", NETWORK_INTERFACE),
        *sources(resource, "primaryNetworkInterface", NETWORK_INTERFACE),
    ]
    attached = [
        attachment
        for each in (resource, *interfaces)
        for attachment, name in stack.consumers(each, INTERFACE_ATTACHMENT)
        if name == "networkInterfaceId"
    ]
    return [group for each in (resource, *interfaces, *attached) for group in _memberships(each)]


def _memberships(resource: Resource) -> Iterator[Resource]:
    if resource.type in _NO_MEMBERS:
        return
    for name in resource.origins:
        if sources(resource, name, *GROUPS):
            for value in _named_memberships(resource, name):
                yield from groups_named(resource, value)


def _named_memberships(resource: Resource, name: str) -> Iterator[Value]:
    value = resource.get(name)
    if resource.type in BEANSTALK_ENVIRONMENTS:
        yield from _of_beanstalk(value)
        return
    for leaf in value.leaves():
        if _MEMBERSHIP.search(leaf.path) or (leaf.is_unknown and _HOLDERS.match(name)):
            yield leaf


def _of_beanstalk(settings: Value) -> Iterator[Value]:
    if settings.is_unknown:
        return
    for setting in settings.items():
        value = setting.field("value")
        if setting.field("namespace").text() != "aws:autoscaling:launchconfiguration":
            continue
        if setting.field("name").text() == "SecurityGroups":
            texts = value.raw.split(",") if isinstance(value.raw, str) else [value.raw]
            yield from (Value(value.path, text, value.secret) for text in texts)


def groups_of_hosts(stack: Stack, *, behind_balancer: bool) -> list[Resource]:
    """Return the groups of the hosts; those behind a load balancer, or all others."""
    balanced = stack.once(hosts_behind_balancers)
    hosts = [host for host in stack.of_type(*HOSTS) if (host.urn in balanced) == behind_balancer]
    return [group for host in hosts for group in groups_of(host)]


def hosts_behind_balancers(stack: Stack) -> set[str]:
    """Return the URNs of the instances and launch templates of the hosts behind a load balancer.

    A gateway load balancer sends packets to appliances, which take them from whole networks.
    """
    groups = [group for group in stack.of_type(GROUP) if any(_is_balanced(group, name) for name in _TARGETS)]
    for attachment in stack.of_type(*GROUP_ATTACHMENTS):
        if any(_is_balanced(attachment, name) for name in ("lbTargetGroupArn", "trafficSource")):
            groups += sources(attachment, "autoscalingGroupName", GROUP)
    instances = [
        instance
        for attachment in stack.of_type(*TARGET_ATTACHMENTS)
        if _is_balanced(attachment, "targetGroupArn")
        for instance in sources(attachment, "targetId", INSTANCE, SPOT_REQUEST)
    ]
    templates = [
        template
        for host in (*groups, *instances)
        for name in ("launchTemplate", "mixedInstancesPolicy", "launchConfiguration")
        for template in sources(host, name, LAUNCH_TEMPLATE, LAUNCH_CONFIGURATION)
    ]
    return {each.urn for each in (*instances, *templates)}


def _is_balanced(resource: Resource, name: str) -> bool:
    value = resource.get(name)
    if not value.is_unknown and not any(True for _ in value.leaves()):
        return False
    targets = sources(resource, name, *TARGET_GROUPS)
    return not targets or not all(is_of_gateway(target) for target in targets)
