"""Security groups: who may open a connection to whom, in each of the three forms that the provider has for it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from ..facts.aws import (
    DATABASE_INSTANCE,
    INGRESS_RULE,
    LOAD_BALANCERS,
    SECURITY_GROUP,
    SECURITY_GROUP_RULE,
)
from ..facts.security_group_rules import FORMS, STANDALONE, SecurityGroupRule, groups_of, groups_of_hosts, rules_of
from ..resource import Resource, Stack
from ..rule import Area, Kind, Level, Parameter, References, Settings, Severity
from ..verdict import Verdict, fail

AREA = Area("security-groups")
_INGRESS = (SECURITY_GROUP, SECURITY_GROUP_RULE, INGRESS_RULE)

Groups = Callable[[Stack], Collection[str]]
"""URNs of some groups of a stack."""
# What the provider writes where the program says nothing, and cannot be changed afterwards.
_NO_DESCRIPTION = ("", "Managed by Pulumi", "Managed by Terraform")


def _ingress(resource: Resource) -> list[SecurityGroupRule]:
    return [rule for rule in rules_of(resource) if rule.ingress]


def _at(rule: SecurityGroupRule, name: str) -> str:
    return f"{rule.path}.{name}" if rule.path else name


@AREA.rule(
    "limit-world-ingress",
    Severity.CRITICAL,
    "Open no port to the world but those of the website.",
    remedy="Name the security group that may connect; the world reaches 80 and 443 of the edge.",
    types=_INGRESS,
    references=References(
        hub=("EC2.18", "EC2.19"), checkov=("CKV_AWS_24", "CKV_AWS_25", "CKV_AWS_260", "CKV_AWS_277"), checklist=(2, 3)
    ),
    parameters=(Parameter("ports", Kind.NUMBERS, [80, 443], "TCP ports that everybody may reach.", relaxes=True),),
)
def limit_world_ingress(resource: Resource, settings: Settings) -> Iterator[Verdict]:
    """Half the world counts as the world: a range that no single owner has."""
    for rule in _ingress(resource):
        if not rule.is_from_anywhere:
            continue
        first, last = rule.ports
        if rule.protocol not in ("tcp", "6") or first != last or first not in settings.numbers("ports"):
            allowed = " and ".join(f"{port:g}" for port in settings.numbers("ports"))
            yield fail(rule.path, f"lets the world reach more than tcp {allowed}")


def _groups_of_databases(stack: Stack) -> dict[str, Resource]:
    return {group.urn: each for each in stack.of_type(DATABASE_INSTANCE) for group in groups_of(each)}


def _groups_of_clients(stack: Stack) -> set[str]:
    """Return the groups of whatever runs a program: hosts, functions, services of ECS, and what comes next year."""
    others = (*LOAD_BALANCERS, DATABASE_INSTANCE, *FORMS)
    return {group.urn for each in stack.resources.values() if each.type not in others for group in groups_of(each)}


def _groups_of_servers(stack: Stack) -> set[str]:
    return {group.urn for group in groups_of_hosts(stack, behind_balancer=True)}


def _groups_of_balancers(stack: Stack) -> set[str]:
    return {group.urn for each in stack.of_type(*LOAD_BALANCERS) for group in groups_of(each)}


def _comes_only_from(rule: SecurityGroupRule, allowed: Collection[str]) -> bool:
    peers = rule.peers()
    others = rule.networks or not rule.field("prefixListIds", "prefixListId").is_absent
    return bool(peers) and not others and all(peer.urn in allowed for peer in peers)


def _rules_past(resource: Resource, targets: Groups, clients: Groups) -> Iterator[SecurityGroupRule]:
    """Yield the ways into the groups of the targets that others than the clients' groups may take."""
    stack = resource.in_stack()
    reached = stack.once(targets)
    for rule in _ingress(resource):
        if any(group.urn in reached for group in rule.groups()) and not _comes_only_from(rule, stack.once(clients)):
            yield rule


@AREA.rule(
    "restrict-database-ingress",
    Severity.CRITICAL,
    "Let only hosts, functions and services of this stack reach the database.",
    remedy="Allow the security group of whatever connects to it, and no address.",
    types=_INGRESS,
    references=References(hub=("EC2.19",), checklist=(2,)),
)
def restrict_database_ingress(resource: Resource, _: Settings) -> Iterator[Verdict]:
    """An address range is whoever gets an address in it tomorrow."""
    for rule in _rules_past(resource, _groups_of_databases, _groups_of_clients):
        yield fail(rule.path, "lets something else than a host, function or service of this stack reach the database")


@AREA.rule(
    "restrict-server-ingress",
    Severity.HIGH,
    "Let only the load balancer reach the hosts behind it.",
    remedy="Allow the load balancer's security group, and enter hosts through Session Manager.",
    types=_INGRESS,
    references=References(hub=("EC2.19",), checklist=(3,)),
)
def restrict_server_ingress(resource: Resource, _: Settings) -> Iterator[Verdict]:
    """The server believes the headers that its proxy sets, so nobody may speak to it past the proxy."""
    for rule in _rules_past(resource, _groups_of_servers, _groups_of_balancers):
        yield fail(rule.path, "lets something else than a load balancer of this stack reach the hosts")


@AREA.rule(
    "limit-egress",
    Severity.LOW,
    "Let groups open connections only to ports that are needed.",
    level=Level.ADVISORY,
    remedy="Name the ports: 443 for AWS and registries, 465 or 587 for mail.",
    types=FORMS,
    references=References(checkov=("CKV_AWS_382",)),
)
def limit_egress(resource: Resource, _: Settings) -> Iterator[Verdict]:
    """What is broken into talks to its owner on a port that nobody else uses."""
    for rule in rules_of(resource):
        if not rule.ingress and rule.protocol == "-1" and rule.is_from_anywhere:
            yield fail(rule.path, "lets everything out to everywhere")


@AREA.rule(
    "describe-security-groups",
    Severity.LOW,
    "Say what every security group and every rule is for.",
    level=Level.ADVISORY,
    remedy="Set `description`; a changed one of a group makes a new group.",
    types=FORMS,
    references=References(checkov=("CKV_AWS_23",)),
)
def describe_security_groups(resource: Resource, _: Settings) -> Iterator[Verdict]:
    """Whoever finds an open port later has only this to learn whether it may be closed."""
    if (resource.get("description").text() or "") in _NO_DESCRIPTION:
        yield fail("description", "says nothing")
    for rule in rules_of(resource):
        if rule.inline and not rule.field("description").text():
            yield fail(_at(rule, "description"), "says nothing")


@AREA.rule(
    "keep-rules-in-one-form",
    Severity.HIGH,
    "Write the rules of a security group in one of the three forms.",
    remedy="Move the inline rules of the group to `aws.vpc.SecurityGroupIngressRule` and `SecurityGroupEgressRule`.",
    types=(SECURITY_GROUP,),
    references=References(
        documentation="https://www.pulumi.com/registry/packages/aws/api-docs/ec2/securitygroup/",
    ),
)
def keep_rules_in_one_form(group: Resource, _: Settings) -> Iterator[Verdict]:
    """Inline rules are the whole list: each update removes the rules of the other forms, and the next one adds them."""
    inline = any(not group.get(name).is_absent for name in ("ingress", "egress"))
    consumers = group.in_stack().consumers(group, *STANDALONE)
    forms = {resource.type == SECURITY_GROUP_RULE for resource, name in consumers if name == "securityGroupId"}
    if inline and forms:
        yield fail("", "has inline rules, and others")
    elif len(forms) > 1:
        yield fail("", "has rules of both standalone forms")
