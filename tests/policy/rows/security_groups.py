"""Rules of the area `security-groups`."""

from dataclasses import replace

import pulumi_aws as aws

from policy.testing.change import ABSENT, UNKNOWN, Args, Change, From, Secret, add, put, without

from ..mutation import CAUGHT, NOTHING, PASSED, REQUIRED, Case, Row, found, on_aws, state
from .security_group_clients import CASES as CLIENTS
from .security_group_peers import CASES as PEERS

_INLINE: Args = {"protocol": "tcp", "from_port": 443, "to_port": 443, "description": "Port 443"}
_FROM_BALANCER = {**_INLINE, "security_groups": [From("balancer-group", "id")]}
_NO_RULES = put("host-group", "egress", [])
_FORM = "keep-rules-in-one-form"
_EVERY = found(
    *(
        f"{rule}@host-group"
        for rule in (
            "limit-world-ingress",
            "restrict-database-ingress",
            "restrict-server-ingress",
            "limit-egress",
            "describe-security-groups",
            _FORM,
        )
    )
)

ROWS = (
    Row("limit-world-ingress", "world-443", "world-443/to_port", 444, absent=NOTHING),
    Row(
        "restrict-database-ingress",
        "host-to-database",
        "host-to-database/referenced_security_group_id",
        From("balancer-group", "id"),
    ),
    Row(
        "restrict-server-ingress",
        "balancer-to-host",
        "balancer-to-host/referenced_security_group_id",
        From("role-group", "id"),
    ),
    Row("limit-egress", "host-out", "host-out/ip_protocol", "-1", absent=REQUIRED),
    Row("describe-security-groups", "host-group", "host-group/description", "Managed by Pulumi"),
)

STATES = (
    state(_FORM, "known", (put("host-group", "ingress", [_FROM_BALANCER]),), found(f"{_FORM}@host-group")),
    # A secret list with an unknown element is unknown as a whole.
    state(_FORM, "secret", (put("host-group", "ingress", Secret([_FROM_BALANCER])),), _EVERY),
    state(_FORM, "unknown", (put("host-group", "ingress", UNKNOWN),), _EVERY),
    state(_FORM, "absent", (), NOTHING),
)


def _classic(group: str, **more: object) -> Change:
    body = {"security_group_id": From(group, "id"), "type": "ingress", "protocol": "tcp", "description": "A rule"}
    return add("classic", aws.ec2.SecurityGroupRule, {**body, "from_port": 5432, "to_port": 5432, **more})


# The rules of a group in one of the other two forms, in the place of those that the program has.
_NO_DATABASE_RULES = without("host-to-database", "role-to-database")
_NO_HOST_RULES = without("balancer-to-host", "host-out")

_FROM_NETWORK = (
    put("balancer-to-host", "referenced_security_group_id", ABSENT),
    put("balancer-to-host", "cidr_ipv4", "10.64.0.0/16"),
)
_VERSION = {"version": From("template", "latest_version", str)}
_NUMBERED, _MIXED = (
    {"id": From("template", "id"), **_VERSION},
    {"launch_template_id": From("template", "id"), **_VERSION},
)
_ATTACHED = {"autoscaling_group_name": From("group", "name"), "lb_target_group_arn": From("targets", "arn")}


def _spelled_world(state: str, name: str, **changed: object) -> Case:
    expected = found("limit-world-ingress@world-443") if state == CAUGHT else NOTHING
    changes = tuple(put("world-443", key, value) for key, value in changed.items())
    return Case(f"the world {state}: {name}", changes, expected, rule="limit-world-ingress", state=state)


_SSH: Args = {"from_port": 22, "to_port": 22}
_IN_LIST: Args = {"cidr_ipv4": ABSENT, "prefix_list_id": From("list", "id"), **_SSH}


def _listed(state: str, *cidrs: str, entry: str = "") -> Case:
    args: Args = {"address_family": "IPv4", "max_entries": 9, "entries": [{"cidr": cidr} for cidr in cidrs]}
    changes = [add("list", aws.ec2.ManagedPrefixList, args, first=True)]
    if entry:
        one = {"prefix_list_id": From("list", "id"), "cidr": entry}
        changes.append(add("entry", aws.ec2.ManagedPrefixListEntry, one))
    case = _spelled_world(state, f"a list of {cidrs} {entry}", **_IN_LIST)
    return replace(case, changes=(*changes, *case.changes))


WORLD = (
    *(
        _spelled_world(CAUGHT, cidr, cidr_ipv4=ABSENT, cidr_ipv6=cidr, **_SSH)
        for cidr in ("::/0", "::0/0", "0:0:0:0:0:0:0:0/0", "::/1", "2000::/3")
    ),
    *(_spelled_world(CAUGHT, cidr, cidr_ipv4=cidr, **_SSH) for cidr in ("0.0.0.0/1", "0.0.0.0/0.0.0.0", "8.8.8.8/0")),
    *(_spelled_world(CAUGHT, f"port {port}", from_port=port, to_port=port) for port in ("22", 3389, 0, "0443.5")),
    _spelled_world(CAUGHT, "a range as text", from_port="443", to_port="8443"),
    *(_spelled_world(CAUGHT, f"protocol {name}", ip_protocol=name) for name in ("ALL", "-1", "17", "UDP")),
    _listed(CAUGHT, "10.0.0.0/8", "0.0.0.0/0"),
    _listed(CAUGHT, "10.0.0.0/8", entry="0.0.0.0/1"),
    *(_spelled_world(PASSED, f"protocol {name}", ip_protocol=name) for name in ("6", "TCP", "icmp", "ICMPv6", "58")),
    _spelled_world(PASSED, "ports as text", from_port="443", to_port="443"),
    *(_spelled_world(PASSED, cidr, cidr_ipv4=cidr, **_SSH) for cidr in ("10.0.0.0/8", "100.64.0.0/10", "8.8.8.8/32")),
    *(
        _spelled_world(PASSED, cidr, cidr_ipv4=ABSENT, cidr_ipv6=cidr, **_SSH)
        for cidr in ("fc00::/7", "fd00::/8", "2001:db8::/32")
    ),
    _spelled_world(PASSED, "a list of AWS", **{**_IN_LIST, "prefix_list_id": "pl-a3a144ca"}),
    _listed(PASSED, "10.0.0.0/8", entry="203.0.113.0/24"),
)


def _world(name: str, *violations: str, **changed: object) -> Case:
    changes = tuple(put("world-443", key, value) for key, value in changed.items())
    return Case(f"the world reaches {name}", changes, found(*(f"{each}@world-443" for each in violations)))


CASES = (
    _world("80 twice", from_port=80, to_port=80),
    _world("udp", "limit-world-ingress", ip_protocol="udp"),
    _world("every protocol", "limit-world-ingress", ip_protocol="-1", from_port=ABSENT, to_port=ABSENT),
    _world("it by IPv6", "limit-world-ingress", cidr_ipv4=ABSENT, cidr_ipv6="::/0", to_port=22, from_port=22),
    _world("a half of it", "limit-world-ingress", cidr_ipv4="128.0.0.0/1", to_port=22, from_port=22),
    _world("nothing of it", cidr_ipv4="203.0.113.0/24", to_port=22, from_port=22),
    _world("who knows", "limit-world-ingress", cidr_ipv4=UNKNOWN, to_port=22, from_port=22),
    _world("what is no network", "limit-world-ingress", cidr_ipv4="0.0.0.0/0 "),
    Case(
        "the world reaches only a gateway of the stack",
        (
            add("nat", aws.ec2.NatGateway, {"subnet_id": "subnet-0123456789abcdef0"}, first=True),
            put("world-443", "cidr_ipv4", From("nat", "public_ip", "{}/32".format)),
            put("world-443", "to_port", 444),
        ),
        NOTHING,
    ),
    _world("only the network", cidr_ipv4=From("vpc", "cidr_block"), to_port=22, from_port=22),
    Case(
        "an inline rule for the world",
        (
            _NO_HOST_RULES,
            put("host-group", "ingress", [{**_INLINE, "from_port": 22, "cidr_blocks": ["0.0.0.0/0"]}]),
        ),
        found("limit-world-ingress@host-group", "restrict-server-ingress@host-group"),
    ),
    Case("inline rules only", (_NO_HOST_RULES, put("host-group", "ingress", [_FROM_BALANCER])), NOTHING),
    Case(
        "a rule in the classic form",
        (_NO_DATABASE_RULES, _classic("database-group", source_security_group_id=From("host-group", "id"))),
        NOTHING,
    ),
    Case(
        "a classic rule for the network",
        (_NO_DATABASE_RULES, _classic("database-group", cidr_blocks=["10.64.0.0/16"])),
        found("restrict-database-ingress@classic"),
    ),
    Case(
        "a classic rule for the world",
        (_NO_DATABASE_RULES, _classic("database-group", ipv6_cidr_blocks=["::/0"])),
        found("restrict-database-ingress@classic", "limit-world-ingress@classic"),
    ),
    Case(
        "a service of ECS reaches the database",
        (
            add("tasks", aws.ec2.SecurityGroup, {"description": "Tasks"}, first=True),
            add(
                "service",
                aws.ecs.Service,
                {"network_configuration": {"subnets": ["subnet-1"], "security_groups": [From("tasks", "id")]}},
            ),
            put("role-to-database", "referenced_security_group_id", From("tasks", "id")),
        ),
        NOTHING,
    ),
    Case(
        "a group that nothing of the stack is in",
        (
            add("others", aws.ec2.SecurityGroup, {"description": "Others"}, first=True),
            put("role-to-database", "referenced_security_group_id", From("others", "id")),
        ),
        found("restrict-database-ingress@role-to-database"),
    ),
    *(
        Case(
            f"a host behind a load balancer, {name}",
            (put("group", "target_group_arns", ABSENT), *_FROM_NETWORK, *changes),
            found("restrict-server-ingress@balancer-to-host"),
        )
        for name, changes in {
            "attached": (add("attached", aws.autoscaling.Attachment, _ATTACHED),),
            "by a source of traffic": (
                put("group", "traffic_sources", [{"identifier": From("targets", "arn"), "type": "elbv2"}]),
            ),
            "registered by itself": (
                add("edge", aws.ec2.Instance, {"associate_public_ip_address": False, "launch_template": _NUMBERED}),
                add(
                    "registered",
                    aws.lb.TargetGroupAttachment,
                    {"target_group_arn": From("targets", "arn"), "target_id": From("edge", "id")},
                ),
            ),
        }.items()
    ),
    Case(
        "a group of several types of hosts",
        (
            put("group", "launch_template", ABSENT),
            put("group", "mixed_instances_policy", {"launch_template": {"launch_template_specification": _MIXED}}),
            *_FROM_NETWORK,
        ),
        found("restrict-server-ingress@balancer-to-host"),
    ),
    Case(
        "both standalone forms",
        (_classic("database-group", source_security_group_id=From("host-group", "id")),),
        found(f"{_FORM}@database-group"),
    ),
    Case(
        "a way out in the classic form",
        (_classic("role-group", type="egress", protocol="all", from_port=0, to_port=0, cidr_blocks=["0.0.0.0/0"]),),
        found("limit-egress@classic"),
    ),
    Case(
        "an inline rule without a word",
        (_NO_HOST_RULES, put("host-group", "ingress", [{**_FROM_BALANCER, "description": ""}])),
        found("describe-security-groups@host-group"),
    ),
)

TABLE = on_aws(*ROWS, *STATES, *CASES, *WORLD, *PEERS, *CLIENTS)
