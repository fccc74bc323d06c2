"""Rules of the area `vpc`."""

import pulumi_aws as aws

from policy.testing.change import ABSENT, UNKNOWN, Change, From, Secret, add, copied, put, without

from ..mutation import NOTHING, REQUIRED, Case, Row, found, on_aws, state

_OPEN = [{"protocol": "-1", "from_port": 0, "to_port": 0, "self": True}]

ROWS = (
    Row("record-vpc-traffic", "vpc", "flow-log/traffic_type", "REJECT"),
    Row(
        "close-default-group",
        "closed",
        "closed/ingress",
        _OPEN,
        unknown=found(
            "close-default-group@closed",
            "limit-world-ingress@closed",
            "restrict-database-ingress@closed",
            "restrict-server-ingress@closed",
        ),
        absent=NOTHING,
    ),
    Row("give-no-public-addresses", "public-a", "public-a/map_public_ip_on_launch", True, absent=NOTHING),
    # A route of another stack's table is evaluated there.
    Row(
        "isolate-database-subnets",
        "subnets",
        "way-out/route_table_id",
        From("isolated-routes", "id"),
        unknown=NOTHING,
        absent=REQUIRED,
    ),
)

_INLINE = {"cidr_block": "0.0.0.0/0", "gateway_id": From("internet", "id")}

_BY_MAIN_TABLE = without("isolated-a-routes", "isolated-b-routes")
_OUT = {"destination_cidr_block": "0.0.0.0/0", "gateway_id": From("internet", "id")}

_ATTACHED = (
    add("address", aws.ec2.Eip, {"domain": "vpc"}),
    add("attached", aws.ec2.EipAssociation, {"allocation_id": From("address", "id")}),
)
_ALONE = found("attach-addresses@address")

STATES = (
    state("attach-addresses", "known", _ATTACHED[:1], _ALONE),
    state("attach-addresses", "secret", (*_ATTACHED, put("attached", "allocation_id", Secret("eip-1"))), _ALONE),
    state("attach-addresses", "unknown", (*_ATTACHED, put("attached", "allocation_id", UNKNOWN)), _ALONE),
    state("attach-addresses", "absent", (*_ATTACHED, put("attached", "allocation_id", ABSENT)), _ALONE),
)

CASES = (
    Case("an address that is attached", _ATTACHED, NOTHING),
    Case("an address of an instance", (_ATTACHED[0], put("address", "instance", "i-1")), NOTHING),
    Case("no flow log", (without("flow-log"),), found("record-vpc-traffic@vpc")),
    Case("the default group as AWS makes it", (without("closed"),), found("close-default-group@vpc")),
    Case("a way out of the default group", (put("closed", "egress", _OPEN),), found("close-default-group@closed")),
    Case(
        "the database in public subnets",
        (put("subnets", "subnet_ids", [From("public-a", "id"), From("isolated-b", "id")]),),
        found("isolate-database-subnets@subnets"),
    ),
    Case(
        "a route in the table itself",
        (put("isolated-routes", "routes", [_INLINE]),),
        found("isolate-database-subnets@subnets"),
    ),
    *(
        Case(
            f"subnets without a table of their own, {name}",
            (_BY_MAIN_TABLE, add("main", kind, args)),
            found("isolate-database-subnets@subnets"),
        )
        for name, kind, args in (
            ("a route", aws.ec2.Route, {"route_table_id": From("vpc", "main_route_table_id"), **_OUT}),
            (
                "the default table",
                aws.ec2.DefaultRouteTable,
                {"default_route_table_id": From("vpc", "default_route_table_id"), "routes": [_INLINE]},
            ),
            (
                "another main table",
                aws.ec2.MainRouteTableAssociation,
                {"vpc_id": From("vpc", "id"), "route_table_id": From("public-routes", "id")},
            ),
        )
    ),
    Case("subnets that nothing leads out of", (_BY_MAIN_TABLE,), NOTHING),
    Case(
        "a gateway of another stack",
        (put("isolated-routes", "routes", [{"cidr_block": "0.0.0.0/0", "gateway_id": "igw-0123456789abcdef0"}]),),
        found("isolate-database-subnets@subnets"),
    ),
    Case(
        "subnets of another stack",
        (put("subnets", "subnet_ids", ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]),),
        NOTHING,
    ),
)

_SUBNETS = [f"{kind}-{zone}" for kind in ("public", "private", "isolated") for zone in "ab"]
_IN_DEFAULT = put("isolated-a", "vpc_id", From("default", "id"))


def _logs(*subnets: str) -> tuple[Change, ...]:
    """Add a flow log for each of these subnets."""
    return tuple(
        add(f"log-{each}", aws.ec2.FlowLog, {"subnet_id": From(each, "id"), "traffic_type": "ALL"}) for each in subnets
    )


SIBLINGS = (
    Case("a flow log of every subnet", (without("flow-log"), *_logs(*_SUBNETS)), NOTHING),
    Case("a flow log of some subnets", (without("flow-log"), *_logs(*_SUBNETS[1:])), found("record-vpc-traffic@vpc")),
    Case("small letters", (put("flow-log", "traffic_type", "all"),), NOTHING),
    *(
        Case(
            f"the default group with exactly these rules: {rules}",
            (
                without("closed"),
                add(
                    "exclusive",
                    aws.ec2.VpcSecurityGroupRulesExclusive,
                    {
                        "security_group_id": From("vpc", "default_security_group_id"),
                        "ingress_rule_ids": rules,
                        "egress_rule_ids": [],
                    },
                ),
            ),
            expected,
        )
        for rules, expected in (([], NOTHING), (["sgr-1"], found("close-default-group@vpc")))
    ),
    Case(
        "the database in a default subnet",
        (
            add("default", aws.ec2.DefaultSubnet, {"availability_zone": "eu-central-1c"}, first=True),
            put("subnets", "subnet_ids.+", From("default", "id")),
        ),
        found("isolate-database-subnets@subnets"),
    ),
    Case(
        "a subnet of the default VPC, by its main table",
        (_BY_MAIN_TABLE, add("default", aws.ec2.DefaultVpc, {}, first=True), _IN_DEFAULT),
        found("isolate-database-subnets@subnets"),
    ),
    Case(
        "a subnet of the default VPC with a table of its own",
        (add("default", aws.ec2.DefaultVpc, {}, first=True), _IN_DEFAULT),
        NOTHING,
    ),
    *(
        Case(
            f"a way out by another gateway: {name}",
            (put("isolated-routes", "routes", [{"cidr_block": "0.0.0.0/0", name: value}]),),
            NOTHING,
        )
        for name, value in (("gateway_id", "vgw-0123"), ("gateway_id", "local"), ("nat_gateway_id", "nat-0123"))
    ),
    Case(
        "an address of a load balancer",
        (
            add("address", aws.ec2.Eip, {"domain": "vpc"}, first=True),
            copied(
                "balancer",
                "network",
                load_balancer_type="network",
                subnets=None,
                subnet_mappings=[
                    {"subnet_id": From("public-a", "id"), "allocation_id": From("address", "id")},
                    {"subnet_id": From("public-b", "id")},
                ],
            ),
        ),
        NOTHING,
    ),
    Case(
        "an address of a server of Transfer Family",
        (
            _ATTACHED[0],
            add(
                "transfer",
                aws.transfer.Server,
                {"endpoint_details": {"address_allocation_ids": [From("address", "id")]}},
            ),
        ),
        NOTHING,
    ),
)

TABLE = on_aws(*ROWS, *STATES, *CASES, *SIBLINGS)
