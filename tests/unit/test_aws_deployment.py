"""The whole deployment on AWS: what there is for which settings, and what the settings decide."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from components.aws.deployment import AwsDeployment
from components.aws.host.scripts.names import container_file
from components.aws.network.subnets import plan
from components.aws.settings import AwsSettings
from components.inputs.error import InvalidInputError
from components.postgres.rds_ca import rds_ca_bundle
from tests.unit.aws import statements, untagged
from tests.unit.aws_deployments import ALB, API_KEY, BASE, BROUGHT, SECRET_FILES, ZONE_ID, deployed, files
from tests.unit.aws_outputs import ANSWERS, REGION, SUBNETS, arn, certificate_arn, engine_name
from tests.unit.recording import Declared, declare, generated, unknown

EVERYWHERE = {
    "AwsDeployment kotauth",
    "KotauthCredentials kotauth",
    "AwsDatabase kotauth-database",
    "AwsDatabaseRole kotauth-database-role",
    "AwsLaunchTemplate kotauth-server",
    "AwsObservability kotauth-watch",
    *(f"AwsSecret kotauth-{file}" for file in SECRET_FILES),
}
BALANCED = {
    "AwsLoadBalancer kotauth",
    "AwsWebAcl kotauth-web-acl",
    "AwsServerGroup kotauth-server",
    "AwsRollGate kotauth-server-gate",
}
SINGLE_HOST = {"AwsSingleHost kotauth-server", "AwsBootGate kotauth-server-boot-gate"}


@pytest.fixture(scope="module")
def changed() -> Declared:
    """Return one with another value for whatever can be chosen."""
    return deployed(
        {
            **ALB,
            "nat_gateways": "one",
            "vpc_cidr": "10.80.0.0/16",
            "availability_zones": [f"{REGION}{zone}" for zone in "abc"],
            "instance_type": "m7i.large",
            "host_image_id": "ami-0123456789abcdef0",
            "image": "ghcr.io/inumansoul/kotauth:1.22.1",
            "memory": 640.0,
            "cpus": 1.5,
            "pool_size": 20.0,
            "update_check": False,
            "secret_key": pulumi.Output.from_input("a key that was made elsewhere, 32 or more"),
            "frontend_image": "registry.example/caddy:2.11.1",
            "tools_image": "registry.example/postgres:17.1",
            "admin_cidrs": ["203.0.113.0/24"],
            "egress_ports": [443.0, 2525.0],
            "database_version": 17.0,
            "database_password_version": 2.0,
            "database_class": "db.m7g.large",
            "database_storage": 50.0,
            "database_storage_limit": 60.0,
            "database_multi_az": False,
            "database_backup_days": 7.0,
            "database_ca": rds_ca_bundle("eu-west-1"),
            "log_retention_days": 30.0,
            "alarm_email": "ops@example.com",
            "alarm_errors": 7.0,
            "alarm_failed_logins": 8.0,
            "alarm_latency": 1.5,
        }
    )


def components(declared: Declared) -> set[str]:
    return {r.title for r in declared.resources if r.is_component}


def names(declared: Declared) -> dict[str, Any]:
    """Return the records of public names; the proof for a certificate is none."""
    records = [r for r in declared.of_type(":Record") if not r.name.endswith("-validation")]
    return {r.inputs["name"]: {key: r.inputs.get(key) for key in ("zoneId", "type", "records")} for r in records}


def test_behind_a_load_balancer(alb: Declared) -> None:
    assert components(alb) == EVERYWHERE | BALANCED | {
        "AwsNetwork kotauth-network",
        "AwsCertificate kotauth-certificate",
        "AwsDns kotauth-name",
    }
    assert names(alb) == {"auth.example.com": {"zoneId": ZONE_ID, "type": "A", "records": None}}
    (alias,) = alb.named("kotauth-name", ":Record").inputs["aliases"]
    assert alias["name"] == alb.outputs["frontend_address"]
    assert alb.named("kotauth-server", ":Group").inputs["vpcZoneIdentifiers"] == [
        f"kotauth-network-private-{REGION}{zone}-id" for zone in "ab"
    ]


def test_single_host(caddy: Declared) -> None:
    assert components(caddy) == EVERYWHERE | SINGLE_HOST | {"AwsNetwork kotauth-network", "AwsDns kotauth-name"}
    assert names(caddy) == {"auth.example.com": {"zoneId": ZONE_ID, "type": "A", "records": ["203.0.113.10"]}}
    assert caddy.named("kotauth-server", ":Instance").inputs["subnetId"] == f"kotauth-network-public-{REGION}a-id"
    assert caddy.named("kotauth-server-volume").inputs["availabilityZone"] == f"{REGION}a"
    assert caddy.of_type(":NatGateway") == []
    assert "email ops@example.com" in files(caddy)["/etc/kotauth/frontend/Caddyfile"]


def test_with_network_and_certificate_of_one_s_own(brought: Declared) -> None:
    assert components(brought) == EVERYWHERE | BALANCED
    assert names(brought) == {}
    assert brought.of_type(":Vpc") == brought.of_type(":Subnet") == brought.of_type(":Certificate") == []
    assert brought.named("kotauth-https").inputs["certificateArn"] == certificate_arn()
    assert brought.named("kotauth", ":LoadBalancer").inputs["subnets"] == BROUGHT["public_subnet_ids"]
    assert brought.named("kotauth-server", ":Group").inputs["vpcZoneIdentifiers"] == BROUGHT["private_subnet_ids"]
    assert brought.named("kotauth-database", ":SubnetGroup").inputs["subnetIds"] == BROUGHT["isolated_subnet_ids"]
    function = brought.named("kotauth-database-role", ":Function").inputs
    assert function["vpcConfig"]["subnetIds"] == BROUGHT["private_subnet_ids"]
    assert {r.inputs["vpcId"] for r in brought.of_type(":SecurityGroup")} == {BROUGHT["vpc_id"]}


def test_single_host_in_a_network_of_one_s_own_and_without_a_zone(brought_caddy: Declared) -> None:
    assert components(brought_caddy) == EVERYWHERE | SINGLE_HOST
    assert brought_caddy.of_type(":Record") == []
    first, (_, zone) = next(iter(SUBNETS.items()))
    assert brought_caddy.named("kotauth-server", ":Instance").inputs["subnetId"] == first
    assert brought_caddy.named("kotauth-server-volume").inputs["availabilityZone"] == zone


def test_only_the_load_balancer_is_believed_about_the_client(alb: Declared, brought: Declared) -> None:
    own = " ".join(plan("10.64.0.0/16", 2).public)
    theirs = " ".join(cidr for cidr, _ in SUBNETS.values())
    for declared, trusted in ((alb, own), (brought, theirs)):
        assert f"trusted_proxies static {trusted}\n" in files(declared)["/etc/kotauth/frontend/Caddyfile"]


def test_outputs(alb: Declared) -> None:
    host = f"kotauth-database-instance.cafe.{REGION}.rds.amazonaws.com"
    secret_files = ("secret_key", "database_password", "admin_password", "api_keys.json")
    assert alb.outputs == {
        "url": "https://auth.example.com",
        "admin_url": "https://auth.example.com/admin",
        "ready_url": "https://auth.example.com/health/ready",
        "admin_password": generated("kotauth-admin-password"),
        "checklist_api_key": API_KEY,
        "database_url": f"jdbc:postgresql://{host}:5432/kotauth"
        "?tcpKeepAlive=true&sslmode=verify-full&sslrootcert=/run/config/database-ca.pem",
        "database_endpoint": host,
        "frontend_address": f"{engine_name('kotauth')}.{REGION}.elb.amazonaws.com",
        "load_balancer_name": engine_name("kotauth"),
        "secret_arns": {
            file: arn("secretsmanager", f"secret:{engine_name(f'kotauth-{name}')}-AbCdEf")
            for file, name in zip(secret_files, SECRET_FILES, strict=True)
        },
        "log_group": engine_name("kotauth-server-log"),
        "dashboard_url": f"https://{REGION}.console.aws.amazon.com/cloudwatch/home?region={REGION}"
        f"#dashboards/dashboard/{engine_name('kotauth-watch-alarms')}",
    }
    assert alb.secret_outputs == {"admin_password", "checklist_api_key"}


def test_outputs_of_a_single_host(caddy: Declared) -> None:
    different = {"frontend_address": "203.0.113.10", "load_balancer_name": ""}
    assert {name: caddy.outputs[name] for name in different} == different
    assert {name for name, value in caddy.outputs.items() if not value} <= different.keys()


def test_tags_reach_everything_that_takes_them(alb: Declared, caddy: Declared, brought: Declared) -> None:
    assert untagged(alb) == untagged(caddy) == untagged(brought) == []


def test_settings_of_the_network_and_the_host(changed: Declared) -> None:
    assert changed.named("kotauth-network", ":Vpc").inputs["cidrBlock"] == "10.80.0.0/16"
    assert len(changed.of_type(":Subnet")) == 9
    assert len(changed.of_type(":NatGateway")) == 1
    template = changed.named("kotauth-server", ":LaunchTemplate").inputs
    assert (template["instanceType"], template["imageId"]) == ("m7i.large", "ami-0123456789abcdef0")
    assert {r.inputs["retentionInDays"] for r in changed.of_type(":LogGroup")} == {30}


def test_settings_of_the_containers(changed: Declared) -> None:
    host = files(changed)
    server, frontend = (json.loads(host[container_file(part)]) for part in ("server", "frontend"))
    assert server["image"] == "ghcr.io/inumansoul/kotauth:1.22.1"
    assert server["check"]["image"] == "registry.example/postgres:17.1"
    assert (server["memory_mb"], server["cpus"]) == (640, 1.5)
    assert frontend["image"] == "registry.example/caddy:2.11.1"
    environment = host["/etc/kotauth/server.env"].splitlines()
    assert {"DB_POOL_MAX_SIZE=20", "KAUTH_UPDATE_CHECK=false", "KAUTH_ENV=production"} <= set(environment)
    assert "not client_ip 203.0.113.0/24" in host["/etc/kotauth/frontend/Caddyfile"]
    assert host["/etc/kotauth/server/database-ca.pem"] == rds_ca_bundle("eu-west-1")
    assert changed.named("kotauth-secret-key-version").inputs["secretString"].startswith("a key that was made")


def test_settings_of_the_database(changed: Declared) -> None:
    database = changed.named("kotauth-database-instance").inputs
    expected = {
        "engineVersion": "17",
        "instanceClass": "db.m7g.large",
        "allocatedStorage": 50,
        "maxAllocatedStorage": 60,
        "multiAz": False,
        "backupRetentionPeriod": 7,
    }
    assert {key: database[key] for key in expected} == expected
    assert json.loads(changed.named("kotauth-database-role-call").inputs["input"])["connection_limit"] == 45
    ca = changed.named("kotauth-database-role", ":Function").inputs["code"].assets
    assert ca["kotauth/aws/functions/database_role/ca.pem"].text == rds_ca_bundle("eu-west-1")


def test_the_ports_of_the_way_out(changed: Declared, alb: Declared, caddy: Declared) -> None:
    def ways(declared: Declared) -> dict[int, str]:
        rules = declared.of_type(":SecurityGroupEgressRule")
        return {
            rule.inputs["fromPort"]: rule.inputs["description"]
            for rule in rules
            if rule.name.startswith("kotauth-server-to-") and rule.inputs.get("cidrIpv4") == "0.0.0.0/0"
        }

    assert ways(alb).keys() == ways(caddy).keys() == {443, 465, 587}
    assert ways(changed).keys() == {443, 2525}
    assert "" not in ways(changed).values()


def test_settings_of_the_alarms(changed: Declared, alb: Declared) -> None:
    (mail,) = changed.of_type(":TopicSubscription")
    assert mail.inputs["endpoint"] == "ops@example.com"
    assert alb.of_type(":TopicSubscription") == []
    thresholds = {
        r.name.removeprefix("kotauth-watch-"): r.inputs.get("threshold") for r in changed.of_type(":MetricAlarm")
    }
    assert (thresholds["errors"], thresholds["failed-logins"], thresholds["latency-seconds"]) == (7, 8, 1.5)


def test_the_topic_s_key_admits_what_tells_the_topic(alb: Declared) -> None:
    topic = alb.named("kotauth-watch-alarms", ":Topic").inputs
    (key,) = [r for r in alb.of_type(":Key") if arn("kms", f"key/{r.name}-id") == topic["kmsMasterKeyId"]]
    services = [each["Principal"].get("Service") for each in statements(key)]
    assert ["cloudwatch.amazonaws.com", "events.amazonaws.com"] in services


def test_what_is_watched(alb: Declared, caddy: Declared) -> None:
    def watched(declared: Declared) -> set[str]:
        return {r.name.removeprefix("kotauth-watch-") for r in declared.of_type(":MetricAlarm")}

    everywhere = {
        "errors",
        "failed-logins",
        "host-failures",
        "readiness-lost",
        "database-cpu-percent",
        "database-storage-gb",
    }
    balanced = {"healthy-hosts", "unhealthy-hosts", "latency-seconds", "certificate-days", "group-instances"}
    assert watched(alb) >= everywhere | balanced
    assert watched(caddy) >= everywhere
    assert not watched(caddy) & balanced


def test_bad_inputs_are_all_named() -> None:
    with pytest.raises(InvalidInputError) as refused:
        deployed({**BASE, "memory": 1, "frontend": "apache", "tag": "x"})
    lines = str(refused.value).splitlines()
    assert lines[0] == "4 values of AwsDeployment kotauth are not valid:"
    keys = {line.strip().partition(" = ")[0] for line in lines[1:]}
    assert keys == {"memory", "frontend", "tag", "availability_zones"}


CIDRS = [cidr for cidr, _ in SUBNETS.values()]
ONE_PROGRAM = {**BASE, "zone_id": ZONE_ID, "public_subnet_cidrs": CIDRS}
NETWORK_LOOKUP = "aws:ec2/getSubnet:getSubnet"


def later(given: Any, *, single: bool) -> Any:
    """Return an Output of the value; of a list, one Output for each item where they are ``single``."""
    if single and isinstance(given, list):
        return [pulumi.Output.from_input(item) for item in given]
    return pulumi.Output.from_input(given)


@pytest.mark.parametrize("single", [True, False], ids=["single ids", "whole lists"])
def test_a_network_of_the_same_program(single: bool) -> None:
    """It is taken like an existing one, once it is known."""
    args: Any = ONE_PROGRAM | {key: later(each, single=single) for key, each in BROUGHT.items()}
    declared = deployed(args)
    assert declared.named("kotauth", ":LoadBalancer").inputs["subnets"] == BROUGHT["public_subnet_ids"]
    assert declared.named("kotauth-server", ":Group").inputs["vpcZoneIdentifiers"] == BROUGHT["private_subnet_ids"]
    assert declared.named("kotauth-database", ":SubnetGroup").inputs["subnetIds"] == BROUGHT["isolated_subnet_ids"]
    assert {r.inputs["vpcId"] for r in declared.of_type(":SecurityGroup")} == {BROUGHT["vpc_id"]}
    trusted = f"trusted_proxies static {' '.join(CIDRS)}\n"
    assert trusted in files(declared)["/etc/kotauth/frontend/Caddyfile"]


@pytest.mark.parametrize(
    ("frontend", "public"),
    [
        ({"public_subnet_cidrs": CIDRS}, unknown),
        ({"frontend": "caddy", "acme_email": "ops@example.com"}, lambda: [unknown(), unknown()]),
    ],
    ids=["alb, whole list", "caddy, single ids"],
)
def test_a_network_that_is_not_made_yet(frontend: dict[str, Any], public: Callable[[], Any]) -> None:
    """The preview plans everything, and asks AWS for no subnet."""

    def program() -> AwsDeployment:
        network = {key: public() if key == "public_subnet_ids" else unknown() for key in BROUGHT}
        late = {"zone_id": unknown(), "host_image_id": unknown(), **network}
        return AwsDeployment("kotauth", {**BASE, **frontend, **late})  # pyright: ignore[reportArgumentType]

    declared = declare(program, preview=True)
    expected = deployed({**BASE, **BROUGHT, "zone_id": ZONE_ID, **frontend})
    assert {r.title for r in declared.resources} == {r.title for r in expected.resources}
    assert NETWORK_LOOKUP not in declared.invoke_providers


def test_a_single_host_is_in_the_zone_of_a_subnet_of_the_same_program() -> None:
    caddy: Any = {**BASE, **BROUGHT, "frontend": "caddy", "acme_email": "ops@example.com"}
    public = BROUGHT["public_subnet_ids"]
    declared = deployed({**caddy, "public_subnet_ids": later(public, single=False)})
    assert declared.named("kotauth-server", ":Instance").inputs["subnetId"] == public[0]
    assert declared.named("kotauth-server-volume").inputs["availabilityZone"] == SUBNETS[public[0]][1]


@pytest.mark.parametrize("late", [True, False])
def test_other_cidr_blocks_than_those_of_the_subnets_are_refused(late: bool) -> None:
    public = later(BROUGHT["public_subnet_ids"], single=False) if late else BROUGHT["public_subnet_ids"]
    args: Any = {**ONE_PROGRAM, **BROUGHT, "public_subnet_ids": public, "public_subnet_cidrs": CIDRS[::-1]}
    rule = "must be the CIDR blocks of public_subnet_ids in the same order: set 10.1.1.0/24,10.1.2.0/24"
    with pytest.raises(InvalidInputError) as refused:
        deployed(args)
    head, line = str(refused.value).splitlines()
    assert head == "AwsDeployment kotauth is not valid:"
    assert line == f'  public_subnet_cidrs = "10.1.2.0/24,10.1.1.0/24": {rule}'


@pytest.mark.parametrize(
    ("cidrs", "rule"),
    [
        ([], "is required because public_subnet_ids is an Output: give the CIDR blocks as plain values"),
        (CIDRS[:1], "must be two or more CIDR blocks, of subnets in different zones"),
    ],
)
def test_what_a_network_of_the_same_program_must_say_early(cidrs: list[str], rule: str) -> None:
    late = {key: later(value, single=False) for key, value in BROUGHT.items()}
    with pytest.raises(InvalidInputError) as refused:
        deployed({**ONE_PROGRAM, **late, "public_subnet_cidrs": cidrs})
    shown = ",".join(cidrs)
    assert str(refused.value) == f'AwsDeployment kotauth is not valid:\n  public_subnet_cidrs = "{shown}": {rule}'


@pytest.mark.parametrize(
    ("key", "value", "rule"),
    [
        ("vpc_id", "vpc-1", "must be an id such as vpc-0123456789abcdef0"),
        ("private_subnet_ids", ["subnet-1", "subnet-2"], "must be an id such as subnet-0123456789abcdef0"),
        ("zone_id", "example.com", "must be the id of a Route 53 hosted zone, such as Z0123456789ABC"),
        ("host_image_id", "ami-1", "must be an id such as ami-0123456789abcdef0"),
    ],
)
@pytest.mark.parametrize("single", [True, False], ids=["single", "whole"])
def test_the_value_of_an_output_has_the_same_rule(key: str, value: Any, rule: str, single: bool) -> None:
    args = {**ONE_PROGRAM, **BROUGHT, key: later(value, single=single)}
    with pytest.raises(InvalidInputError) as refused:
        declare(lambda: {key: getattr(AwsSettings.resolve(args, "it"), key)})
    assert str(refused.value).startswith(f'it is not valid:\n  {key} = "')
    assert str(refused.value).endswith(rule)


def test_a_region_without_known_authorities_needs_them_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ANSWERS["aws:index/getRegion:getRegion"], "region", "ca-west-1")
    with pytest.raises(InvalidInputError, match='database_ca = "": is required in region "ca-west-1"'):
        deployed(ALB)
