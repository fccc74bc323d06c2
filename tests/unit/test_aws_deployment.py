"""The whole deployment on AWS: what there is for which settings, in which order, and where the secrets are."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from typing import Any

import pulumi
import pytest
import yaml

from components.aws.deployment import AwsDeployment
from components.aws.subnets import plan
from components.inputs import InvalidInputError
from components.postgres.rds_ca import rds_ca_bundle
from tests.unit import recording
from tests.unit.aws import TAGS, untagged
from tests.unit.aws_outputs import ANSWERS, REGION, SUBNETS, arn, certificate_arn, engine_name
from tests.unit.recording import Declared, declare, generated

BASE: dict[str, Any] = {"base_url": "https://auth.example.com", "tags": TAGS}
ZONE_ID = "Z0123456789ABC"
OWN: dict[str, Any] = {"availability_zones": [f"{REGION}a", f"{REGION}b"]}
BROUGHT: dict[str, Any] = {
    "vpc_id": "vpc-0123456789abcdef0",
    "public_subnet_ids": list(SUBNETS),
    "private_subnet_ids": ["subnet-0123456789abcdef3", "subnet-0123456789abcdef4"],
    "isolated_subnet_ids": ["subnet-0123456789abcdef5", "subnet-0123456789abcdef6"],
}
ALB: dict[str, Any] = {**BASE, **OWN, "zone_id": ZONE_ID}
CADDY: dict[str, Any] = {**BASE, **OWN, "frontend": "caddy", "acme_email": "ops@example.com", "nat_gateways": "none"}

SECRET_FILES = ("secret-key", "database-password", "admin-password", "api-keys")
GENERATED = ("secret-key", "admin-password", "checklist-api-key", "database-password")
SECRET_KEY = hashlib.sha256(generated("kotauth-secret-key").encode()).hexdigest()
API_KEY = f"kauth_master_{generated('kotauth-checklist-api-key')}"
SECRETS = [*(generated(f"kotauth-{name}") for name in GENERATED), SECRET_KEY, API_KEY]
ALWAYS_PROTECTED = {f"RandomPassword kotauth-{name}" for name in GENERATED if name != "database-password"}
PROTECTED = {
    *ALWAYS_PROTECTED,
    "Instance kotauth-database-instance",
    "Key kotauth-database-key",
    "Key kotauth-secrets-key",
    "Secret kotauth-secret-key",
    "Secret kotauth-admin-password",
    "Secret kotauth-api-keys",
}


def deployed(args: dict[str, Any]) -> Declared:
    def program() -> dict[str, Any]:
        deployment = AwsDeployment("kotauth", args)  # pyright: ignore[reportArgumentType]
        return {output: getattr(deployment, output) for output in AwsDeployment.__annotations__}

    return declare(program)


@pytest.fixture(scope="module")
def alb() -> Declared:
    return deployed(ALB)


@pytest.fixture(scope="module")
def caddy() -> Declared:
    return deployed({**CADDY, "zone_id": ZONE_ID})


@pytest.fixture(scope="module")
def brought() -> Declared:
    """Return one with network and certificate of one's own, and without protection."""
    return deployed({**BASE, **BROUGHT, "certificate_arn": certificate_arn(), "deletion_protection": False})


@pytest.fixture(scope="module")
def brought_caddy() -> Declared:
    """Return one at the edge of a network of one's own, without a zone."""
    args = {**BASE, **BROUGHT, "frontend": "caddy", "acme_email": "ops@example.com"}
    return deployed({**args, "private_subnet_ids": BROUGHT["private_subnet_ids"][:1], "deletion_protection": False})


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


def files(declared: Declared) -> dict[str, str]:
    """Return every file of a host, from the user data or from the bucket."""
    text = base64.b64decode(declared.named("kotauth-server", ":LaunchTemplate").inputs["userData"])
    written = {file["path"]: file["content"] for file in yaml.safe_load(text)["write_files"]}
    objects = {r.inputs["key"]: r.inputs["content"] for r in declared.of_type(":BucketObjectv2")}
    fetched = json.loads(written["/etc/kotauth/boot.json"])["artifacts"]
    return {**written, **{path: objects[key] for path, key in fetched.items()}}


def names(declared: Declared) -> dict[str, Any]:
    """Return the records of public names; the proof for a certificate is none."""
    records = [r for r in declared.of_type(":Record") if not r.name.endswith("-validation")]
    return {r.inputs["name"]: {key: r.inputs.get(key) for key in ("zoneId", "type", "records")} for r in records}


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
    "AwsServer kotauth-server",
    "AwsRollGate kotauth-server-gate",
}


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


def test_at_the_edge(caddy: Declared) -> None:
    assert components(caddy) == EVERYWHERE | {
        "AwsNetwork kotauth-network",
        "AwsDns kotauth-name",
        "AwsEdge kotauth-server",
    }
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


def test_at_the_edge_of_a_network_of_one_s_own_and_without_a_zone(brought_caddy: Declared) -> None:
    assert components(brought_caddy) == EVERYWHERE | {"AwsEdge kotauth-server"}
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
        "?sslmode=verify-full&sslrootcert=/run/config/database-ca.pem",
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


def test_outputs_at_the_edge(caddy: Declared) -> None:
    different = {"frontend_address": "203.0.113.10", "load_balancer_name": ""}
    assert {name: caddy.outputs[name] for name in different} == different
    assert all(value for name, value in caddy.outputs.items() if name not in different)


def test_no_secret_but_in_secrets_manager(alb: Declared, caddy: Declared) -> None:
    for declared in (alb, caddy):
        texts = {r.title: str(r.inputs) for r in declared.resources} | {"user data": str(files(declared))}
        found = {title for title, text in texts.items() if any(secret in text for secret in SECRETS)}
        assert found == {f"SecretVersion kotauth-{file}-version" for file in SECRET_FILES} - {
            "SecretVersion kotauth-api-keys-version"  # a hash of the key, as Kotauth takes it
        }
        assert all(r.secret_inputs == {"secretString"} for r in declared.of_type(":SecretVersion"))


def test_what_lies_in_secrets_manager(alb: Declared) -> None:
    stored = {r.name: r.inputs["secretString"] for r in alb.of_type(":SecretVersion")}
    assert {**stored, "kotauth-api-keys-version": ""} == {
        "kotauth-secret-key-version": SECRET_KEY,
        "kotauth-database-password-version": generated("kotauth-database-password"),
        "kotauth-admin-password-version": generated("kotauth-admin-password"),
        "kotauth-api-keys-version": "",
    }
    (api_key,) = json.loads(stored["kotauth-api-keys-version"])
    assert api_key["keyHash"] == hashlib.sha256(API_KEY.encode()).hexdigest()


@pytest.mark.parametrize(("version", "label", "login"), [(1, "v1", "kotauth_a"), (2, "v2", "kotauth_b")])
def test_everybody_means_the_same_version_of_the_password(
    alb: Declared, changed: Declared, version: int, label: str, login: str
) -> None:
    declared = {1: alb, 2: changed}[version]
    assert declared.named("kotauth-database-password-version").inputs["versionStages"] == ["AWSCURRENT", label]
    call = json.loads(declared.named("kotauth-database-role-call").inputs["input"])
    assert (call["login"], call["password_label"]) == (login, label)
    host = files(declared)
    assert json.loads(host["/etc/kotauth/boot.json"])["parts"]["server"]["secrets"] == {
        "secret_key": "AWSCURRENT",
        "database_password": label,
        "admin_password": "AWSCURRENT",
        "api_keys.json": "AWSCURRENT",
    }
    assert f"DB_USER={login}\n" in host["/etc/kotauth/server.env"]
    assert f"PGUSER={login}\n" in host["/etc/kotauth/server.key-guard.env"]


def test_only_the_password_has_labels_of_its_own(alb: Declared) -> None:
    labelled = [r.name for r in alb.of_type(":SecretVersion") if "versionStages" in r.inputs]
    assert labelled == ["kotauth-database-password-version"]


def test_one_key_for_each_purpose(alb: Declared, caddy: Declared) -> None:
    for declared in (alb, caddy):
        assert [r.name for r in declared.of_type(":Key")] == [
            "kotauth-database-key",
            "kotauth-log-key",
            "kotauth-secrets-key",
        ]
        logs = {r.name: r.inputs["kmsKeyId"].rpartition("/")[2] for r in declared.of_type(":LogGroup")}
        assert {key for name, key in logs.items() if name.startswith("kotauth-database-") and "role" not in name} == {
            "kotauth-database-key-id"
        }
        assert {key for name, key in logs.items() if not name.startswith("kotauth-database-") or "role" in name} == {
            "kotauth-log-key-id"
        }
        assert declared.named("kotauth-watch-alarms").inputs["kmsMasterKeyId"].endswith("key/kotauth-log-key-id")
        keys = {r.inputs["kmsKeyId"].rpartition("/")[2] for r in declared.of_type(":Secret")}
        assert keys == {"kotauth-secrets-key-id"}


def test_what_is_protected(alb: Declared, caddy: Declared, brought: Declared, brought_caddy: Declared) -> None:
    def protected(declared: Declared) -> set[str]:
        return {r.title for r in declared.resources if r.protect}

    assert protected(alb) == PROTECTED
    assert protected(caddy) == PROTECTED | {"Eip kotauth-server-address", "Volume kotauth-server-volume"}
    assert protected(brought) == protected(brought_caddy) == ALWAYS_PROTECTED


def test_aws_s_own_protection_follows(alb: Declared, brought: Declared) -> None:
    for declared, on in ((alb, True), (brought, False)):
        assert declared.named("kotauth-database-instance").inputs["deletionProtection"] is on
        assert declared.named("kotauth", ":LoadBalancer").inputs["enableDeletionProtection"] is on
        assert {r.name: r.inputs["forceDestroy"] for r in declared.of_type(":Bucket")} == {
            "kotauth-access-logs": not on,
            "kotauth-server-host": not on,
        }


def test_tags_reach_everything_that_takes_them(alb: Declared, caddy: Declared, brought: Declared) -> None:
    assert untagged(alb) == untagged(caddy) == untagged(brought) == []


ALL_SECRETS = {f"SecretVersion kotauth-{file}-version" for file in SECRET_FILES}
WAYS_OUT = {
    *(f"Route kotauth-network-private-{REGION}{zone}-way-out" for zone in "ab"),
    *(f"RouteTableAssociation kotauth-network-private-{REGION}{z}-routes-in-{REGION}{z}" for z in "ab"),
    "Route kotauth-network-public-way-out",
    "VpcEndpoint kotauth-network-s3",
}
DATABASE = "Instance kotauth-database-instance"


def test_the_role_s_function_waits_for_what_it_needs(alb: Declared) -> None:
    assert alb.before("Invocation kotauth-database-role-call") >= {DATABASE, *ALL_SECRETS, *WAYS_OUT}


def test_a_host_starts_after_all_that_it_needs(alb: Declared) -> None:
    assert alb.before("Group kotauth-server") >= {
        "Invocation kotauth-database-role-call",
        *(DATABASE, *ALL_SECRETS, *WAYS_OUT),
        "ListenerRule kotauth-public-name",
        "CertificateValidation kotauth-certificate-issued",
        "RolePolicy kotauth-server-rights",
        "Parameter kotauth-server-boot",
        "LogGroup kotauth-server-log",
        *(r.title for r in alb.of_type(":BucketObjectv2")),
        *(f"SecurityGroup{way}Rule kotauth-server-to-database-{way.lower()}" for way in ("Ingress", "Egress")),
        *(f"SecurityGroup{way}Rule kotauth-server-from-load-balancer-{way.lower()}" for way in ("Ingress", "Egress")),
    }


def test_a_host_at_the_edge_starts_after_all_that_it_needs(caddy: Declared) -> None:
    assert caddy.before("Instance kotauth-server") >= {
        "Invocation kotauth-database-role-call",
        *(DATABASE, *ALL_SECRETS),
        f"RouteTableAssociation kotauth-network-public-routes-in-{REGION}a",
        "Route kotauth-network-public-way-out",
        "RolePolicy kotauth-server-rights",
        "Parameter kotauth-server-boot",
        *(r.title for r in caddy.of_type(":BucketObjectv2")),
        "SecurityGroupIngressRule kotauth-server-from-443",
    }


@pytest.mark.parametrize(
    ("kind", "title"),
    [
        ("aws:lambda/invocation:Invocation", "Invocation kotauth-database-role-call"),
        ("aws:lb/listenerRule:ListenerRule", "ListenerRule kotauth-public-name"),
    ],
)
def test_the_group_waits_however_slow_it_is(monkeypatch: pytest.MonkeyPatch, kind: str, title: str) -> None:
    """Beside the recorded dependencies: whoever doesn't wait is registered in that second."""

    def slow(name: str) -> dict[str, Any]:
        if title.endswith(f" {name}"):
            time.sleep(1)
        return {}

    monkeypatch.setitem(recording.OUTPUTS, kind, slow)
    made = [r.title for r in deployed(ALB).resources]
    assert made.index(title) < made.index("LaunchTemplate kotauth-server") < made.index("Group kotauth-server")


def test_settings_of_the_network_and_the_host(changed: Declared) -> None:
    assert changed.named("kotauth-network", ":Vpc").inputs["cidrBlock"] == "10.80.0.0/16"
    assert len(changed.of_type(":Subnet")) == 9
    assert len(changed.of_type(":NatGateway")) == 1
    template = changed.named("kotauth-server", ":LaunchTemplate").inputs
    assert (template["instanceType"], template["imageId"]) == ("m7i.large", "ami-0123456789abcdef0")
    assert {r.inputs["retentionInDays"] for r in changed.of_type(":LogGroup")} == {30}


def test_settings_of_the_containers(changed: Declared) -> None:
    host = files(changed)
    server, frontend = (host[f"/etc/systemd/system/kotauth-{part}.service"] for part in ("server", "frontend"))
    assert "ghcr.io/inumansoul/kotauth:1.22.1" in server
    assert "registry.example/postgres:17.1" in server
    assert "--memory=640m" in server
    assert "--cpus=1.5" in server
    assert "registry.example/caddy:2.11.1" in frontend
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


def test_settings_of_the_alarms(changed: Declared, alb: Declared) -> None:
    (mail,) = changed.of_type(":TopicSubscription")
    assert mail.inputs["endpoint"] == "ops@example.com"
    assert alb.of_type(":TopicSubscription") == []
    thresholds = {
        r.name.removeprefix("kotauth-watch-"): r.inputs.get("threshold") for r in changed.of_type(":MetricAlarm")
    }
    assert (thresholds["errors"], thresholds["failed-logins"], thresholds["latency-seconds"]) == (7, 8, 1.5)


def test_what_is_watched(alb: Declared, caddy: Declared) -> None:
    def watched(declared: Declared) -> set[str]:
        return {r.name.removeprefix("kotauth-watch-") for r in declared.of_type(":MetricAlarm")}

    everywhere = {"errors", "failed-logins", "host-failures", "database-cpu-percent", "database-storage-gb"}
    balanced = {"healthy-hosts", "unhealthy-hosts", "latency-seconds", "certificate-days", "group-instances"}
    assert watched(alb) >= everywhere | balanced
    assert watched(caddy) >= everywhere
    assert not watched(caddy) & balanced


def test_bad_inputs_are_all_named() -> None:
    with pytest.raises(InvalidInputError) as refused:
        deployed({**BASE, "memory": 1, "frontend": "nginx", "tag": "x"})
    lines = str(refused.value).splitlines()
    assert lines[0] == "5 values of AwsDeployment kotauth are not valid:"
    keys = {line.strip().partition(" = ")[0] for line in lines[1:]}
    assert keys == {"memory", "frontend", "tag", "zone_id", "availability_zones"}


def test_a_region_without_known_authorities_needs_them_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ANSWERS["aws:index/getRegion:getRegion"], "region", "ca-west-1")
    with pytest.raises(InvalidInputError, match='database_ca = "": no certificate authority of Amazon RDS is kept'):
        deployed(ALB)
