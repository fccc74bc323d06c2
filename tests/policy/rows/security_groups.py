"""Rules of the area `security-groups`."""

import pulumi_aws as aws

from ..change import ABSENT, UNKNOWN, Args, Change, From, Secret, add, put, without
from ..mutation import NOTHING, REQUIRED, Case, Row, found, on_aws, state

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

TABLE = on_aws(*ROWS, *STATES, *CASES)
