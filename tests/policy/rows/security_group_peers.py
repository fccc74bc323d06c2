"""Rows of the area `security-groups`: who is at the other end of a rule, and what is in a group."""

from __future__ import annotations

from typing import Any

import pulumi_aws as aws

from policy.testing.aws_program import KNOWN
from policy.testing.change import UNKNOWN, Args, Change, From, add, put, without

from ..mutation import CAUGHT, NOTHING, PASSED, Case, Found, found

DATABASE, SERVER = "restrict-database-ingress", "restrict-server-ingress"
STRANGER = "sg-0aaaabbbbccccdddd"
_BODY: Args = {"protocol": "tcp", "from_port": 5432, "to_port": 5432, "description": "PostgreSQL"}
_HOSTS, _BALANCER = From("host-group", "id"), From("balancer-group", "id")
_NO_DATABASE_RULES = without("host-to-database", "role-to-database")


def _first(name: str) -> Change:
    return add(name, aws.ec2.SecurityGroup, {"description": f"The {name}"}, first=True)


def _inline(group: str, *rules: Args) -> tuple[Change, ...]:
    """Write the rules of a group inline, in the place of those that the program has."""
    others = _NO_DATABASE_RULES if group == "database-group" else without("balancer-to-host", "host-out")
    return others, put(group, "ingress", [{**_BODY, **rule} for rule in rules])


def _evaluated(
    rule: str, at: str, state: str, name: str, *changes: Change, outputs: Any = None, also: Found = NOTHING
) -> Case:
    expected = found(f"{rule}@{at}") if state == CAUGHT else NOTHING
    return Case(f"{rule} {state}: {name}", changes, expected | also, outputs, rule, state)


def _database(state: str, name: str, *rules: Args, outputs: Any = None) -> Case:
    return _evaluated(DATABASE, "database-group", state, name, *_inline("database-group", *rules), outputs=outputs)


def _of(*groups: Any) -> Args:
    return {"security_groups": list(groups)}


# A state whose outputs don't say what the groups are called, and yet the inputs do.
_SILENT: dict[str, dict[str, Any]] = {
    name: {"id": "", "description": "sg-"} if name.endswith("-group") else known for name, known in KNOWN.items()
}


def _called(group: str) -> From:
    return From(group, "description", f"{{}}{group}".format)


_LISTS = (
    _database(CAUGHT, "a stranger in a rule beside", _of(_HOSTS), _of(STRANGER)),
    _database(CAUGHT, "a stranger in a rule beside, after an update", _of(_HOSTS), _of(STRANGER), outputs=KNOWN),
    _database(CAUGHT, "a stranger in the same list", _of(_HOSTS, STRANGER)),
    _database(CAUGHT, "a stranger in the same list, after an update", _of(_HOSTS, STRANGER), outputs=KNOWN),
    _database(CAUGHT, "a network beside a group", {**_of(_HOSTS), "cidr_blocks": ["10.64.0.0/16", "10.1.0.0/16"]}),
    _database(CAUGHT, "a list of networks beside a group", {**_of(_HOSTS), "prefix_list_ids": ["pl-0123"]}),
    _database(CAUGHT, "the balancer's group, after an update", _of(_HOSTS), _of(_BALANCER), outputs=KNOWN),
    _database(
        CAUGHT,
        "more groups than the property comes from, in a state without outputs",
        _of(_called("host-group")),
        _of(STRANGER),
        outputs=_SILENT,
    ),
    _database(PASSED, "two groups", _of(_HOSTS), _of(From("role-group", "id"))),
    _database(PASSED, "two groups in one list, after an update", _of(_HOSTS, From("role-group", "id")), outputs=KNOWN),
    _database(PASSED, "empty lists beside a group", {**_of(_HOSTS), "cidr_blocks": [], "prefix_list_ids": []}),
    _database(
        PASSED,
        "two groups, in a state without outputs",
        _of(_called("host-group")),
        _of(_called("role-group"), _called("host-group")),
        outputs=_SILENT,
    ),
    _database(PASSED, "ICMP from the network", _of(_HOSTS), {"protocol": "icmp", "cidr_blocks": ["10.64.0.0/16"]}),
    _database(PASSED, "another port", _of(_HOSTS), {"from_port": 443, "to_port": 443, "cidr_blocks": ["0.0.0.0/0"]}),
    _database(CAUGHT, "every port", {"from_port": 0, "to_port": 65535, "cidr_blocks": ["10.64.0.0/16"]}),
    _database(
        CAUGHT, "every protocol", {"protocol": "All", "from_port": 0, "to_port": 0, "cidr_blocks": ["10.0.0.0/8"]}
    ),
)


def _vpc_rule(value: Any, **more: Any) -> tuple[Change, ...]:
    opening = {"security_group_id": From("database-group", "id"), "ip_protocol": "tcp", "from_port": 5432}
    body = {**opening, "to_port": 5432, "description": "A rule", "referenced_security_group_id": value, **more}
    return without("role-to-database"), add("rule", aws.vpc.SecurityGroupIngressRule, body)


def _classic(**more: Any) -> tuple[Change, ...]:
    body = {"security_group_id": From("database-group", "id"), "type": "ingress", **_BODY, **more}
    return _NO_DATABASE_RULES, add("rule", aws.ec2.SecurityGroupRule, body)


def _rule(state: str, name: str, *changes: Change, outputs: Any = None, also: Found = NOTHING) -> Case:
    return _evaluated(DATABASE, "rule", state, name, *changes, outputs=outputs, also=also)


_STANDALONE = (
    _rule(CAUGHT, "a group by its id", *_vpc_rule(STRANGER)),
    _rule(CAUGHT, "a group of another account", *_vpc_rule(f"123456789012/{STRANGER}"), outputs=KNOWN),
    _rule(CAUGHT, "a group by its id, classic", *_classic(source_security_group_id=STRANGER)),
    _rule(CAUGHT, "a prefix list", *_vpc_rule(None, prefix_list_id="pl-0123456789abcdef0")),
    _rule(CAUGHT, "a group that nothing knows", *_vpc_rule(UNKNOWN)),
    _rule(CAUGHT, "itself, beside a network", *_classic(self=True, cidr_blocks=["10.64.0.0/16"])),
    _rule(
        PASSED,
        "with the account before it",
        *_vpc_rule(From("host-group", "id", "123456789012/{}".format)),
        outputs=KNOWN,
    ),
    _rule(PASSED, "the same group, classic", *_classic(source_security_group_id=_HOSTS), outputs=KNOWN),
    _rule(PASSED, "the database's own group, which has no other member", *_classic(self=True)),
    _rule(PASSED, "the database's own group by its id", *_vpc_rule(From("database-group", "id"))),
)


def _shared(state: str, name: str, *changes: Change, rule: Args | None = None) -> Case:
    """Return a case of one group for everything that a change puts into it."""
    return _evaluated(
        DATABASE, "database-group", state, name, *_inline("database-group", rule or {"self": True}), *changes
    )


_IN_DATABASE_GROUP = [From("database-group", "id")]
_HOST_TOO = put("template", "vpc_security_group_ids", _IN_DATABASE_GROUP)
_NO_HOST_RULES = without("balancer-to-host", "host-out")
_SERVICE = {"subnets": ["subnet-1"], "security_groups": _IN_DATABASE_GROUP}
_SELF = (
    _shared(
        PASSED,
        "database and function in one group",
        put("function", "vpc_config.security_group_ids", _IN_DATABASE_GROUP),
    ),
    _shared(
        PASSED,
        "database and service of ECS in one group",
        add("service", aws.ecs.Service, {"network_configuration": _SERVICE}),
    ),
    _shared(
        PASSED,
        "database and a host of its own in one group",
        add(
            "worker",
            aws.ec2.Instance,
            {
                "associate_public_ip_address": False,
                "launch_template": {"id": From("template", "id"), "version": From("template", "latest_version", str)},
                "vpc_security_group_ids": _IN_DATABASE_GROUP,
            },
        ),
    ),
    _shared(
        CAUGHT, "the load balancer is in it, too", put("balancer", "security_groups", [_BALANCER, *_IN_DATABASE_GROUP])
    ),
    _shared(
        CAUGHT,
        "the load balancer is in it by a list",
        put("balancer", "security_groups", [_BALANCER, STRANGER, *_IN_DATABASE_GROUP]),
    ),
)


def _server(state: str, name: str, *rules: Args, changes: tuple[Change, ...] = (), outputs: Any = None) -> Case:
    return _evaluated(SERVER, "host-group", state, name, *_inline("host-group", *rules), *changes, outputs=outputs)


_HTTPS: Args = {"from_port": 443, "to_port": 443}
_SSH: Args = {"from_port": 22, "to_port": 22}
_BALANCER_TOO = put("balancer", "security_groups", [_BALANCER, _HOSTS])
_BASTION = add(
    "bastion",
    aws.ec2.NetworkInterface,
    {"subnet_id": "subnet-0123456789abcdef0", "security_groups": [_BALANCER]},
)
_SERVERS = (
    _server(CAUGHT, "a stranger beside the balancer's group", {**_HTTPS, **_of(_BALANCER, STRANGER)}),
    _server(CAUGHT, "a stranger after an update", {**_HTTPS, **_of(_BALANCER)}, _of(STRANGER), outputs=KNOWN),
    _server(CAUGHT, "hosts among themselves, past the balancer", {**_HTTPS, "self": True}),
    _server(CAUGHT, "a bastion in the balancer's group", {**_HTTPS, **_of(_BALANCER)}, changes=(_BASTION,)),
    _server(
        CAUGHT,
        "a port to enter by",
        {**_of(_BALANCER)},
        {"from_port": 22, "to_port": 22, "cidr_blocks": ["10.0.0.0/8"]},
    ),
    _server(CAUGHT, "a list of networks", {**_HTTPS, "prefix_list_ids": ["pl-0123456789abcdef0"]}),
    _server(PASSED, "the balancer's group", {**_HTTPS, **_of(_BALANCER)}),
    _server(PASSED, "the balancer's group, after an update", {**_HTTPS, **_of(_BALANCER)}, outputs=KNOWN),
    _server(PASSED, "empty lists", {**_HTTPS, **_of(_BALANCER), "ipv6_cidr_blocks": [], "self": False}),
    _server(PASSED, "balancer and hosts in one group", {**_HTTPS, "self": True}, changes=(_BALANCER_TOO,)),
    _server(PASSED, "two rules", {**_HTTPS, **_of(_BALANCER)}, {"from_port": 8443, "to_port": 8443, **_of(_BALANCER)}),
    _server(
        PASSED,
        "hosts behind a gateway load balancer",
        {"protocol": "udp", "from_port": 6081, "to_port": 6081, "cidr_blocks": ["10.64.0.0/16"]},
        changes=(
            add("appliances", aws.lb.TargetGroup, {"port": 6081, "protocol": "GENEVE"}, first=True),
            put("group", "target_group_arns", [From("appliances", "arn")]),
        ),
    ),
)

_CLUSTER: Args = {"engine": "aurora-postgresql", "vpc_security_group_ids": [From("role-group", "id")]}
_PROXY: Args = {
    "engine_family": "POSTGRESQL",
    "role_arn": "arn:aws:iam::123456789012:role/role",
    "vpc_subnet_ids": ["subnet-1"],
    "auths": [{"auth_scheme": "SECRETS", "secret_arn": "arn"}],
    "vpc_security_group_ids": [From("role-group", "id")],
}
_TO_ROLE = {"security_group_id": From("role-group", "id"), "type": "ingress", **_BODY}
# Of a cluster only the ways in are evaluated.
_UNJUDGED = found("name-unjudged-resources@kotauth-infra-test")
_OTHER_DATABASES = tuple(
    _rule(
        state,
        f"{name}, {kind.__name__}",
        add("other", kind, args),
        add("rule", aws.ec2.SecurityGroupRule, {**_TO_ROLE, **source}),
        also=also,
    )
    for kind, args, also in ((aws.rds.Cluster, _CLUSTER, _UNJUDGED), (aws.rds.Proxy, _PROXY, NOTHING))
    for state, name, source in (
        (CAUGHT, "a network", {"cidr_blocks": ["10.64.0.0/16"]}),
        (PASSED, "a group of hosts", {"source_security_group_id": _HOSTS}),
    )
)

CASES = (*_LISTS, *_STANDALONE, *_SELF, *_SERVERS, *_OTHER_DATABASES)
