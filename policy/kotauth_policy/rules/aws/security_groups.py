"""Security groups: allowed connections, in each of the provider's three resource forms."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator

from ...engine.resource import Resource, Stack
from ...engine.rule import Area, Kind, Level, Parameter, References, Settings, Severity
from ...engine.verdict import Verdict, fail
from ...readers.aws.resources import (
    CLASSIC_BALANCERS,
    DATABASE_CLUSTER,
    DATABASE_INSTANCE,
    DATABASE_PROXY,
    DEFAULT_SECURITY_GROUP,
    INGRESS_RULE,
    LOAD_BALANCERS,
    SECURITY_GROUP,
    SECURITY_GROUP_FORMS,
    SECURITY_GROUP_RULE,
)
from ...readers.aws.security_group_members import (
    PROGRAM_GROUPS,
    groups_of,
    groups_of_hosts,
    hosts_behind_balancers,
    members,
)
from ...readers.aws.security_group_rules import STANDALONE, SecurityGroupRule, rules_of

AREA = Area("security-groups")
_INGRESS = (SECURITY_GROUP, DEFAULT_SECURITY_GROUP, SECURITY_GROUP_RULE, INGRESS_RULE)
_EITHER_WAY = tuple(type_ for type_ in SECURITY_GROUP_FORMS if type_ != DEFAULT_SECURITY_GROUP)
_DATABASES = (DATABASE_INSTANCE, DATABASE_CLUSTER)
_BALANCERS = (*LOAD_BALANCERS, *CLASSIC_BALANCERS)
# Engines and the port that each listens on where the program names none.
_PORTS = {
    "postgres": 5432,
    "aurora-postgresql": 5432,
    "mysql": 3306,
    "mariadb": 3306,
    "aurora": 3306,
    "aurora-mysql": 3306,
    "oracle": 1521,
    "custom-oracle": 1521,
    "sqlserver": 1433,
    "custom-sqlserver": 1433,
    "db2": 50000,
}
# What the provider writes where the program says nothing, and cannot be changed afterwards.
_NO_DESCRIPTION = ("", "Managed by Pulumi", "Managed by Terraform")


def _ingress(resource: Resource) -> list[SecurityGroupRule]:
    return [rule for rule in rules_of(resource) if rule.ingress]


def _at(rule: SecurityGroupRule, name: str) -> str:
    return f"{rule.path}.{name}" if rule.path else name


@AREA.rule(
    "limit-world-ingress",
    Severity.CRITICAL,
    "Open only the ports of the website to the internet.",
    remedy="Allow the security group of the client instead of an address range. Open only ports 80 and 443 of the "
    "load balancer or the frontend to the internet.",
    types=_INGRESS,
    references=References(
        hub=("EC2.18", "EC2.19"), checkov=("CKV_AWS_24", "CKV_AWS_25", "CKV_AWS_260", "CKV_AWS_277"), checklist=(2, 3)
    ),
    parameters=(Parameter("ports", Kind.NUMBERS, [80, 443], "TCP ports that every address may reach.", relaxes=True),),
)
def limit_world_ingress(resource: Resource, settings: Settings) -> Iterator[Verdict]:
    """An IPv4 range larger than a /8, or an IPv6 range larger than a /16, counts as the internet.

    ICMP has no ports.
    """
    for rule in _ingress(resource):
        if not rule.has_ports or not rule.is_from_anywhere:
            continue
        first, last = rule.ports
        if rule.protocol != "tcp" or first != last or first not in settings.numbers("ports"):
            allowed = " and ".join(f"{port:g}" for port in settings.numbers("ports"))
            yield fail(rule.path, f"lets every address reach ports other than TCP {allowed}")


def _databases_by_group(stack: Stack) -> dict[str, list[Resource]]:
    by_group: dict[str, list[Resource]] = defaultdict(list)
    for database in stack.of_type(*_DATABASES, DATABASE_PROXY):
        for group in groups_of(database):
            by_group[group.urn].append(database)
    return by_group


def _groups_of_clients(stack: Stack) -> set[str]:
    """Return the groups of whatever runs a program: hosts, functions, services of ECS, and any other type."""
    others = (*_BALANCERS, *_DATABASES)
    held = {urn for urn, each in members(stack).items() if any(member.type not in others for member in each)}
    return held | {each.urn for each in stack.of_type(*PROGRAM_GROUPS)}


def _groups_of_servers(stack: Stack) -> set[str]:
    return {group.urn for group in groups_of_hosts(stack, behind_balancer=True)}


def _groups_of_balancers(stack: Stack) -> set[str]:
    """Return the groups that hold load balancers, and nothing else but the hosts behind them and databases."""
    servers = stack.once(hosts_behind_balancers)
    held = {
        urn
        for urn, resources in members(stack).items()
        if any(member.type in _BALANCERS for member in resources)
        and all(member.type in (*_BALANCERS, *_DATABASES) or member.urn in servers for member in resources)
    }
    return held | {member.urn for member in stack.of_type(*CLASSIC_BALANCERS)}


def _source_past(rule: SecurityGroupRule, allowed: Collection[str]) -> str | None:
    """Return, for a message, the sources that a rule allows in addition to the permitted groups."""
    if rule.networks:
        return "an address range"
    if rule.prefix_lists:
        return "a prefix list"
    if rule.has_stranger():
        return "a security group that is not of this stack"
    peers = rule.peers()
    if not peers:
        return "a source that is not of this stack"
    others = [peer.name for peer in peers if peer.urn not in allowed]
    return f"the members of {others[0]}" if others else None


def _reaches(rule: SecurityGroupRule, database: Resource) -> bool:
    """Whether a rule includes the port that a database listens on."""
    if rule.protocol not in ("tcp", "-1"):
        return False
    port, engine = database.get("port"), database.get("engine" if database.type in _DATABASES else "engineFamily")
    if port.is_unknown or engine.is_unknown:
        return True
    named = (engine.text() or "").lower()
    usual = next((number for name, number in _PORTS.items() if named == name or named.startswith(f"{name}-")), None)
    listens = port.number() or usual
    first, last = rule.ports
    return listens is None or first <= listens <= last


@AREA.rule(
    "restrict-database-ingress",
    Severity.CRITICAL,
    "Let only hosts, functions and services of this stack connect to the database.",
    remedy="Allow the security group of each client instead of an address range.",
    types=_INGRESS,
    references=References(hub=("EC2.19",), checklist=(2,)),
)
def restrict_database_ingress(resource: Resource, _: Settings) -> Iterator[Verdict]:
    """An address range admits every host that gets an address in it later.

    A rule for another port is not evaluated.
    """
    stack = resource.in_stack()
    databases = stack.once(_databases_by_group)
    for rule in _ingress(resource):
        own = {group.urn for group in rule.groups()}
        if any(_reaches(rule, database) for urn in own for database in databases.get(urn, ())):
            # Its own members are databases and clients, unless a load balancer is one of them.
            mixed = {urn for urn in own if any(each.type in _BALANCERS for each in members(stack)[urn])}
            if source := _source_past(rule, (stack.once(_groups_of_clients) | own) - mixed):
                yield fail(
                    rule.path,
                    f"lets {source} reach the database; allow only hosts, functions and services of this stack",
                )


@AREA.rule(
    "restrict-server-ingress",
    Severity.HIGH,
    "Let only the load balancer connect to the hosts behind it.",
    remedy="Allow only the load balancer's security group. To open a shell on a host, use Session Manager.",
    types=_INGRESS,
    references=References(hub=("EC2.19",), checklist=(3,)),
)
def restrict_server_ingress(resource: Resource, _: Settings) -> Iterator[Verdict]:
    """Kotauth trusts the headers that its proxy sets, so no request may bypass the proxy."""
    stack = resource.in_stack()
    for rule in _ingress(resource):
        if any(group.urn in stack.once(_groups_of_servers) for group in rule.groups()) and (
            source := _source_past(rule, stack.once(_groups_of_balancers))
        ):
            yield fail(rule.path, f"lets {source} reach the hosts; allow only load balancers of this stack")


@AREA.rule(
    "limit-egress",
    Severity.LOW,
    "Limit the outgoing connections of every security group to the required ports.",
    level=Level.ADVISORY,
    remedy="List the required ports: 443 for AWS and registries, 465 or 587 for mail.",
    types=_EITHER_WAY,
    references=References(checkov=("CKV_AWS_382",)),
)
def limit_egress(resource: Resource, _: Settings) -> Iterator[Verdict]:
    """An intruder's program often reports to its owner on an unusual port."""
    for rule in rules_of(resource):
        if not rule.ingress and rule.protocol == "-1" and rule.is_from_anywhere:
            yield fail(rule.path, "allows every connection to every address")


@AREA.rule(
    "describe-security-groups",
    Severity.LOW,
    "Describe the purpose of every security group and every rule.",
    level=Level.ADVISORY,
    remedy="Set `description`. A changed description of a group replaces the group.",
    types=_EITHER_WAY,
    references=References(checkov=("CKV_AWS_23",)),
)
def describe_security_groups(resource: Resource, _: Settings) -> Iterator[Verdict]:
    """Later, only the description shows whether an open port can be closed."""
    if (resource.get("description").text() or "") in _NO_DESCRIPTION:
        yield fail("description", "is empty or a default text")
    for rule in rules_of(resource):
        if rule.inline and not rule.field("description").text():
            yield fail(_at(rule, "description"), "is empty")


@AREA.rule(
    "keep-rules-in-one-form",
    Severity.HIGH,
    "Define the rules of a security group in only one of the three resource forms.",
    remedy="Move all rules of the group to `aws.vpc.SecurityGroupIngressRule` and `aws.vpc.SecurityGroupEgressRule`.",
    types=(SECURITY_GROUP,),
    references=References(
        documentation="https://www.pulumi.com/registry/packages/aws/api-docs/ec2/securitygroup/",
    ),
)
def keep_rules_in_one_form(group: Resource, _: Settings) -> Iterator[Verdict]:
    """Inline rules are exclusive: each update removes rules of other forms, and the next update adds them again."""
    inline = any(not group.get(name).is_absent for name in ("ingress", "egress"))
    consumers = group.in_stack().consumers(group, *STANDALONE)
    forms = {resource.type == SECURITY_GROUP_RULE for resource, name in consumers if name == "securityGroupId"}
    if inline and forms:
        yield fail("", "has inline rules and rules that are separate resources")
    elif len(forms) > 1:
        yield fail(
            "", "has rules as `SecurityGroupRule` and as `SecurityGroupIngressRule` or `SecurityGroupEgressRule`"
        )
