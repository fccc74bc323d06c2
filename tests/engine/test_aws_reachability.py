"""Each host and each function reaches what it calls, in every variant; and what the walk finds after one mistake."""

from __future__ import annotations

import ast
import base64
import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from components.aws.settings import mirrored
from components.config.frontends import DEFAULT as FRONTEND
from components.postgres.server import IMAGES
from simulators.aws.checks.network_state import NetworkState
from simulators.aws.checks.reachability import DATABASE, INTERNET, NEEDS, PRIVATE_IMAGES, WORLD, unreachable
from tests.engine.aws_stack import REGION, AwsStack, aws_stack, operations, read
from tests.engine.brought import Brought
from tests.project import ROOT

pytestmark = pytest.mark.engine

NOT_RESOLVED = "images without a digest, so a moved tag changes what hosts pull: "
PINNED = {
    setting: f"{image}@sha256:{'0123456789abcdef' * 4}"
    for setting, image in {
        "image": f"111122223333.dkr.ecr.{REGION}.amazonaws.com/kotauth:1.22.0",
        "frontendImage": mirrored(FRONTEND.default_image),
        "toolsImage": mirrored(IMAGES[14]),
    }.items()
}
AWS_PARTS = ROOT / "components" / "aws"
Rule = dict[str, Any]


@pytest.fixture(scope="module")
def prod(production: AwsStack) -> NetworkState:
    return NetworkState.taken(production.aws.boto3)


@pytest.fixture(scope="module")
def cheap(staging: AwsStack) -> NetworkState:
    return NetworkState.taken(staging.aws.boto3)


@pytest.fixture(scope="module", params=["alb", "caddy"])
def brought(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsStack]:
    """Yield a stack in a network and, behind a load balancer, with a certificate that were there before.

    Its images are pinned as `make image` pins them, and one of them is private.
    """
    with aws_stack(tmp_path_factory.mktemp(request.param), "prod" if request.param == "alb" else "staging") as stack:
        network = Brought(stack)
        own = {"zoneId": "", "certificateArn": network.certificate} if request.param == "alb" else {"natGateways": ""}
        stack.configure(**network.network, **own, **PINNED)
        stack.up()
        yield stack


def test_what_the_committed_stacks_reach(prod: NetworkState, cheap: NetworkState) -> None:
    assert unreachable(prod) == []
    assert unreachable(cheap) == []
    assert (len(prod.groups), len(prod.instances), len(cheap.groups), len(cheap.instances)) == (1, 0, 0, 1)


def test_the_database_of_another_stack_is_no_business_of_a_host(cheap: NetworkState) -> None:
    """Of a second stack in the account. Where the only database lies in another VPC, nothing leads to it."""
    state = copy.deepcopy(cheap)
    (own,) = state.databases
    foreign = copy.deepcopy(own)
    foreign["DBSubnetGroup"]["VpcId"] = "vpc-0123456789abcdef0"
    state.databases.append(foreign)
    assert unreachable(state) == []
    state.databases.remove(own)
    assert any(f"{own['DBInstanceIdentifier']} is in another VPC" in each for each in unreachable(state))


def test_what_a_stack_in_a_brought_network_reaches(brought: AwsStack) -> None:
    """Its `up` has looked already; here stands that there was something to look at."""
    state = NetworkState.taken(brought.aws.boto3)
    assert len(state.groups) + len(state.instances) == 1
    assert [each for each in state.functions if each.get("VpcConfig")]


def test_pinned_images_are_the_same_at_the_next_preview(brought: AwsStack) -> None:
    preview = brought.previewed()
    assert operations(read(preview)["steps"]) == {}
    assert NOT_RESOLVED not in preview.output
    # With a tag alone it is another host, and said.
    loose = brought.previewed(toolsImage=PINNED["toolsImage"].partition("@")[0])
    assert operations(read(loose)["steps"])
    assert f"{NOT_RESOLVED}{PINNED['toolsImage'].partition('@')[0]}. " in loose.output


def named(descriptions: list[Rule], name: str) -> Rule:
    """Return what has that tag `Name`, or that name of a group."""
    (found,) = [
        each
        for each in descriptions
        if name
        in (each.get("GroupName", "")[:-8], *(tag["Value"] for tag in each.get("Tags", []) if tag["Key"] == "Name"))
    ]
    return found


def way_out(state: NetworkState, table: str) -> Rule:
    (route,) = [
        each for each in named(state.route_tables, table)["Routes"] if each.get("DestinationCidrBlock") == WORLD
    ]
    return route


def without_port(state: NetworkState, group: str, direction: str, port: int) -> None:
    rules: list[Rule] = named(state.security_groups, group)[direction]
    kept = [each for each in rules if each.get("FromPort") != port]
    assert len(kept) < len(rules)
    rules[:] = kept


def from_private_only(state: NetworkState) -> None:
    """Forget the public ones, whose name leads there, too."""
    (rule,) = named(state.security_groups, "kotauth-network-secrets-group")["IpPermissions"]
    private = [each for each in state.subnets if any(tag["Value"] == "private" for tag in each["Tags"])]
    rule["IpRanges"] = [{"CidrIp": each["CidrBlock"]} for each in private]


def foreign_policy(state: NetworkState, kind: str) -> None:
    (endpoint,) = [each for each in state.endpoints if each["VpcEndpointType"] == kind]
    policy = json.loads(endpoint["PolicyDocument"])
    for statement in policy["Statement"]:
        statement["Action"] = "s3:ListBucket"
    endpoint["PolicyDocument"] = json.dumps(policy)


def denying_policy(state: NetworkState) -> None:
    (endpoint,) = [each for each in state.endpoints if each["VpcEndpointType"] == "Interface"]
    policy = json.loads(endpoint["PolicyDocument"])
    policy["Statement"].append({"Effect": "Deny", "Principal": "*", "Action": "secretsmanager:*", "Resource": "*"})
    endpoint["PolicyDocument"] = json.dumps(policy)


def closed_name(state: NetworkState) -> None:
    """An endpoint that another team adds: its name leads there from the whole VPC."""
    (gateway,) = state.endpoints
    (vpc,) = [each for each in state.vpcs if each["VpcId"] == gateway["VpcId"]]
    subnet = next(each for each in state.subnets if each["VpcId"] == vpc["VpcId"])
    closed = named(state.security_groups, "kotauth-network-closed")
    state.endpoints.append(
        {
            "VpcEndpointId": "vpce-logs",
            "VpcEndpointType": "Interface",
            "VpcId": vpc["VpcId"],
            "ServiceName": f"com.amazonaws.{REGION}.logs",
            "PrivateDnsEnabled": True,
            "SubnetIds": [subnet["SubnetId"]],
            "Groups": [closed],
        }
    )


def set_all(descriptions: list[Rule], **values: Any) -> None:
    for each in descriptions:
        each.update(values)


class Mistake(NamedTuple):
    """What is changed, and who then doesn't reach what, and why."""

    what: str
    plant: Callable[[NetworkState], None]
    whose: str
    needs: str
    why: str


STAGING = [
    Mistake(
        "an endpoint for private ranges", from_private_only, "the host", "secretsmanager", "lets 10.64.192.0/21 in"
    ),
    Mistake(
        "no route",
        lambda state: way_out(state, "kotauth-network-public-routes").update(GatewayId="local"),
        "the host",
        "ssm s3 logs ssmmessages ec2messages internet",
        "has no route out",
    ),
    Mistake(
        "no way out of the group",
        lambda state: without_port(state, "kotauth-server-group", "IpPermissionsEgress", 443),
        "the host",
        "ssm s3 logs ssmmessages ec2messages internet secretsmanager",
        "no security group lets it out",
    ),
    Mistake(
        "no mail",
        lambda state: without_port(state, "kotauth-server-group", "IpPermissionsEgress", 587),
        "the host",
        "internet",
        f"no security group lets it out to {WORLD}",
    ),
    Mistake(
        "a policy that denies", denying_policy, "the host function", "secretsmanager", "does not let secretsmanager:"
    ),
    Mistake(
        "no address",
        lambda state: set_all(state.addresses, InstanceId=""),
        "the host",
        "ssm s3 logs ssmmessages ec2messages internet",
        "it has no public address",
    ),
    Mistake(
        "no names",
        lambda state: set_all(state.vpcs, EnableDnsHostnames=False),
        "the host function",
        "secretsmanager",
        "the VPC has no host names",
    ),
    Mistake(
        "no private name",
        lambda state: set_all(state.endpoints, PrivateDnsEnabled=False),
        "function",
        "secretsmanager",
        "has no route out",
    ),
    Mistake(
        "a database that lets no client in",
        lambda state: without_port(state, "kotauth-database-group", "IpPermissions", 5432),
        "the host function",
        "database",
        "lets 10.64.",
    ),
    Mistake(
        "a function that may not leave",
        lambda state: without_port(state, "kotauth-database-role-function", "IpPermissionsEgress", 5432),
        "function",
        "database",
        "no security group lets it out to",
    ),
]
PROD = [
    Mistake(
        "a subnet without NAT",
        lambda state: way_out(state, f"kotauth-network-private-{REGION}a-routes").update(
            NatGatewayId="", GatewayId="local"
        ),
        "the group function",
        "ssm secretsmanager logs ssmmessages ec2messages internet autoscaling",
        "has no route out",
    ),
    Mistake(
        "NAT without a way out",
        lambda state: way_out(state, "kotauth-network-public-routes").update(GatewayId="local"),
        "the group function",
        "ssm secretsmanager logs ssmmessages ec2messages internet autoscaling",
        "has no route to an internet gateway",
    ),
    Mistake(
        "NAT that failed",
        lambda state: set_all(state.nat_gateways, State="failed"),
        "the group function",
        "ssm secretsmanager logs ssmmessages ec2messages internet autoscaling",
        "has no route out",
    ),
    Mistake(
        "a policy without objects", lambda state: foreign_policy(state, "Gateway"), "the group", "s3", "s3:GetObject"
    ),
    Mistake("a name that leads to a closed endpoint", closed_name, "the group", "logs", "of vpce-logs lets"),
    Mistake(
        "no DNS",
        lambda state: set_all(state.vpcs, EnableDnsSupport=False),
        "the group function",
        "ssm s3 secretsmanager logs ssmmessages ec2messages internet autoscaling database",
        "the VPC has no DNS",
    ),
]


def found(state: NetworkState, mistake: Mistake) -> set[str]:
    """Return who does not reach what."""
    wrong = copy.deepcopy(state)
    mistake.plant(wrong)
    said = unreachable(wrong)
    assert all(mistake.why in each for each in said), said
    return {f"{each.partition(' in ')[0].removesuffix(' database_role')}: {_what(each)}" for each in said}


def _what(said: str) -> str:
    return said.partition(" does not reach ")[2].partition(" on ")[0].removeprefix("the ")


def expected(mistake: Mistake, state: NetworkState) -> set[str]:
    who = mistake.whose.replace("the ", "the_").split()
    return {
        f"{each.replace('_', ' ')}: {need}"
        for each in who
        for need in mistake.needs.split()
        if each != "function" or need in ("secretsmanager", "database")
    }


@pytest.mark.parametrize("mistake", STAGING, ids=lambda row: row.what)
def test_a_mistake_in_staging(cheap: NetworkState, mistake: Mistake) -> None:
    assert found(cheap, mistake) == expected(mistake, cheap)


@pytest.mark.parametrize("mistake", PROD, ids=lambda row: row.what)
def test_a_mistake_in_prod(prod: NetworkState, mistake: Mistake) -> None:
    assert found(prod, mistake) == expected(mistake, prod)


def test_one_gateway_is_enough_for_all_zones(prod: NetworkState) -> None:
    state = copy.deepcopy(prod)
    first, second = (way_out(state, f"kotauth-network-private-{REGION}{zone}-routes") for zone in "ab")
    second["NatGatewayId"] = first["NatGatewayId"]
    assert unreachable(state) == []


@pytest.mark.parametrize("is_private", [True, False])
def test_an_endpoint_of_ecr_counts_where_an_image_lies_there(prod: NetworkState, is_private: bool) -> None:
    state = copy.deepcopy(prod)
    closed_name(state)
    state.endpoints[-1]["ServiceName"] = f"com.amazonaws.{REGION}.ecr.dkr"
    (group,) = state.groups
    if is_private:
        told = base64.b64decode(group["Template"]["UserData"]).replace(b'"logins": {}', b'"logins": {"x": "y"}')
        group["Template"]["UserData"] = base64.b64encode(told).decode()
    lines = unreachable(state)
    assert bool(lines) is is_private
    assert all(" does not reach ecr.dkr on 443: " in line for line in lines)


def asked(folder: Path, methods: set[str]) -> set[str]:
    """Return the services that the code of a folder calls: the constant that such a call begins with."""
    calls = [node for file in folder.glob("*.py") for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))]
    return {
        call.args[0].value
        for call in calls
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in methods
        if call.args and isinstance(call.args[0], ast.Constant)
        if isinstance(call.args[0].value, str)
    }


def test_the_needs_are_those_of_the_code() -> None:
    agent = {"ssmmessages", "ec2messages"}
    services = {row: {need.what for need in needs} - {DATABASE, INTERNET} for row, needs in NEEDS.items()}
    # Its endpoint in a VPC is called the other way round.
    login = {".".join(reversed(PRIVATE_IMAGES[0].what.split(".")))}
    assert services["host of a group"] - agent | login == asked(AWS_PARTS / "host" / "scripts", {"json", "call", "url"})
    assert services["host"] == services["host of a group"] - {"autoscaling"}
    assert services["database_role"] == asked(AWS_PARTS / "functions" / "database_role", {"client"})
