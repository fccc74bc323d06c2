"""The launch template: what a host starts with, what it may do, and what makes a new one."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any

import pulumi
import pytest
import yaml

from components.aws.compute.launch_template import AwsLaunchTemplate
from components.inputs.error import InvalidInputError
from components.kotauth.secret_files import SECRET_FILES
from tests.unit import hosts
from tests.unit.aws import TAGS, statements, untagged
from tests.unit.aws_outputs import ACCOUNT, HOST_IMAGES, REGION, arn, engine_name
from tests.unit.recording import Declared, declare

KEY = arn("kms", "key/secrets")
DATABASE_GROUP = "sg-0123456789abcdef0"


def secrets(label: pulumi.Input[str] = "v1", place: str = "") -> dict[str, dict[str, pulumi.Input[str]]]:
    found: dict[str, dict[str, pulumi.Input[str]]] = {
        file: {"arn": secret(place + file), "key_arn": KEY} for file in SECRET_FILES
    }
    found["database_password"]["version_label"] = label
    return found


def secret(name: str) -> str:
    return arn("secretsmanager", f"secret:{name}-AbCdEf")


def launched(
    *,
    database_host: str = "database.test",
    server: Mapping[str, Any] | None = None,
    frontend: Mapping[str, Any] | None = None,
    **more: Any,
) -> Declared:
    def component() -> AwsLaunchTemplate:
        late = pulumi.Output.from_input(database_host)
        args: Any = {
            "vpc_id": "vpc-0123456789abcdef0",
            "containers": [hosts.server(late, **(server or {})), {**hosts.inner(), **(frontend or {})}],
            "in_group": True,
            "secrets": secrets(),
            "database_security_group_id": DATABASE_GROUP,
            "tags": TAGS,
            **more,
        }
        return AwsLaunchTemplate("kotauth", args)

    return declare(component)


@pytest.fixture(scope="module")
def declared() -> Declared:
    return launched()


def user_data(declared: Declared) -> str:
    return base64.b64decode(declared.named("kotauth", ":LaunchTemplate").inputs["userData"], validate=True).decode()


def plan(declared: Declared) -> dict[str, Any]:
    files = yaml.safe_load(user_data(declared))["write_files"]
    (content,) = [file["content"] for file in files if file["path"] == "/etc/kotauth/boot.json"]
    return json.loads(content)


def test_how_a_host_is_launched(declared: Declared) -> None:
    """All of it: a key pair, a public address or a second interface would stand here, too."""
    inputs = dict(declared.named("kotauth", ":LaunchTemplate").inputs)
    assert inputs.pop("userData")
    assert inputs == {
        "instanceType": "t4g.small",
        "imageId": HOST_IMAGES["/aws/service/ecs/optimized-ami/amazon-linux-2023/arm64/recommended/image_id"],
        "iamInstanceProfile": {"arn": arn("service", engine_name("kotauth-profile"))},
        "vpcSecurityGroupIds": ["kotauth-group-id"],
        "metadataOptions": {
            "httpEndpoint": "enabled",
            "httpTokens": "required",
            "httpPutResponseHopLimit": 1,
            "instanceMetadataTags": "disabled",
        },
        "monitoring": {"enabled": True},
        "blockDeviceMappings": [
            {
                "deviceName": "/dev/xvda",
                "ebs": {"encrypted": "true", "volumeType": "gp3", "volumeSize": 30, "deleteOnTermination": "true"},
            }
        ],
        "updateDefaultVersion": False,
        "tags": TAGS,
    }
    assert untagged(declared) == []


def test_the_image_fits_the_processor_or_is_the_given_one() -> None:
    intel = launched(instance_type="m7i.large").named("kotauth", ":LaunchTemplate").inputs
    assert intel["imageId"] == HOST_IMAGES["/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id"]
    given = launched(image_id="ami-0123456789abcdef0").named("kotauth", ":LaunchTemplate").inputs
    assert given["imageId"] == "ami-0123456789abcdef0"


def test_the_rights_are_exactly_these(declared: Declared) -> None:
    assert statements(declared.named("kotauth-rights")) == [
        {
            "Sid": "ReadBootParameter",
            "Effect": "Allow",
            "Action": "ssm:GetParameter",
            "Resource": arn("service", engine_name("kotauth-boot")),
        },
        {
            "Sid": "ReadFiles",
            "Effect": "Allow",
            "Action": "s3:GetObject",
            "Resource": f"arn:aws:s3:::{engine_name('kotauth-host')}/*",
        },
        {
            "Sid": "WriteLogs",
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": arn("logs", f"log-group:{engine_name('kotauth-log')}:*"),
        },
        {
            "Sid": "ReadSecrets",
            "Effect": "Allow",
            "Action": "secretsmanager:GetSecretValue",
            "Resource": [secret(file) for file in SECRET_FILES],
        },
        {
            "Sid": "DecryptSecrets",
            "Effect": "Allow",
            "Action": "kms:Decrypt",
            "Resource": [KEY],
            "Condition": {"StringEquals": {"kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com"}},
        },
        {
            "Sid": "GiveUp",
            "Effect": "Allow",
            "Action": "autoscaling:SetInstanceHealth",
            "Resource": f"arn:aws:autoscaling:{REGION}:{ACCOUNT}:autoScalingGroup:*:autoScalingGroupName/kotauth-*",
        },
        {
            "Sid": "SessionManager",
            "Effect": "Allow",
            "Action": [
                "ssm:UpdateInstanceInformation",
                "ssmmessages:CreateControlChannel",
                "ssmmessages:CreateDataChannel",
                "ssmmessages:OpenControlChannel",
                "ssmmessages:OpenDataChannel",
            ],
            "Resource": "*",
        },
    ]


def test_the_role_has_no_other_rights(declared: Declared) -> None:
    assert [r.name for r in declared.of_type(":RolePolicy")] == ["kotauth-rights"]
    assert declared.of_type(":RolePolicyAttachment") == []
    assert statements(declared.named("kotauth-role"), "assumeRolePolicy") == [
        {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ]
    assert declared.named("kotauth-rights").inputs["role"] == engine_name("kotauth-role")
    assert declared.named("kotauth-profile").inputs["role"] == engine_name("kotauth-role")


def test_a_host_without_secrets_and_group_may_do_less() -> None:
    alone = launched(containers=[hosts.inner()], secrets={}, in_group=False)
    sids = [statement["Sid"] for statement in statements(alone.named("kotauth-rights"))]
    assert sids == ["ReadBootParameter", "ReadFiles", "WriteLogs", "SessionManager"]
    assert plan(alone)["in_group"] is False


@pytest.mark.parametrize(
    ("registry", "region"),
    [
        ("111122223333.dkr.ecr.eu-west-1.amazonaws.com", "eu-west-1"),
        ("111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn", "cn-north-1"),
    ],
)
def test_a_private_image_of_ecr_is_all_that_the_host_may_pull(registry: str, region: str) -> None:
    server = {"image": f"{registry}/mirror/kotauth:1.22.0@sha256:{'a' * 64}"}
    private = launched(server=server)
    rights = {each["Sid"]: each for each in statements(private.named("kotauth-rights"))}
    assert rights["LogInToRegistries"] == {
        "Sid": "LogInToRegistries",
        "Effect": "Allow",
        "Action": "ecr:GetAuthorizationToken",
        "Resource": "*",
    }
    assert rights["PullImages"] == {
        "Sid": "PullImages",
        "Effect": "Allow",
        "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
        "Resource": [arn("ecr", "repository/mirror/kotauth", region=region)],
    }
    assert plan(private)["logins"] == {registry: region}


@pytest.mark.parametrize(
    "repository",
    ["public.ecr.aws/acme/kotauth", "registry.test/111122223333.dkr.ecr.eu-west-1.amazonaws.com/kotauth"],
)
def test_no_other_registry_gets_a_login(repository: str) -> None:
    public = launched(server={"image": f"{repository}:1.22.0"})
    assert not {"LogInToRegistries", "PullImages"} & {
        each["Sid"] for each in statements(public.named("kotauth-rights"))
    }
    assert plan(public)["logins"] == {}


def test_no_ingress_rule_and_four_egress_rules(declared: Declared) -> None:
    rules = {
        (r.type.rpartition(":")[2], r.inputs["securityGroupId"], r.inputs["fromPort"], r.inputs["toPort"]): (
            r.inputs.get("referencedSecurityGroupId") or r.inputs["cidrIpv4"]
        )
        for r in declared.resources
        if r.type.startswith("aws:vpc/")
    }
    assert rules == {
        ("SecurityGroupEgressRule", "kotauth-group-id", 443, 443): "0.0.0.0/0",
        ("SecurityGroupEgressRule", "kotauth-group-id", 465, 465): "0.0.0.0/0",
        ("SecurityGroupEgressRule", "kotauth-group-id", 587, 587): "0.0.0.0/0",
        ("SecurityGroupEgressRule", "kotauth-group-id", 5432, 5432): DATABASE_GROUP,
        ("SecurityGroupIngressRule", DATABASE_GROUP, 5432, 5432): "kotauth-group-id",
    }
    made = [r.inputs for r in declared.resources if r.type.startswith("aws:vpc/")]
    assert [rule for rule in made if rule["ipProtocol"] != "tcp" or not rule["description"]] == []
    assert set(declared.named("kotauth-group").inputs) == {"description", "vpcId", "tags"}, "no rules of its own"


def test_the_ways_out_are_the_given_ones() -> None:
    other = launched(egress=[{"port": 2587.0, "description": "Mail"}])
    out = [r.inputs for r in other.of_type(":SecurityGroupEgressRule") if "cidrIpv4" in r.inputs]
    assert [(rule["fromPort"], rule["toPort"], rule["description"]) for rule in out] == [(2587, 2587, "Mail")]


def test_cloud_init_reads_the_user_data_and_ec2_takes_it(declared: Declared) -> None:
    text = user_data(declared)
    assert text.startswith("#cloud-config\n")
    assert len(text.encode()) < 16 * 1024
    assert {"write_files", "runcmd"} <= set(yaml.safe_load(text))


def test_the_user_data_names_what_was_made(declared: Declared) -> None:
    named = plan(declared)
    assert (named["parameter"], named["bucket"], named["log_group"]) == (
        engine_name("kotauth-boot"),
        engine_name("kotauth-host"),
        engine_name("kotauth-log"),
    )
    assert named["in_group"] is True
    files = dict.fromkeys(SECRET_FILES, "AWSCURRENT")
    assert named["secrets"]["server"] == {**files, "database_password": "v1"}


def test_the_same_settings_make_the_same_user_data(declared: Declared) -> None:
    assert user_data(launched()) == user_data(declared)


@pytest.mark.parametrize(
    "change",
    [
        {"server": {"image": "ghcr.io/inumansoul/kotauth:1.22.1"}},
        {"server": {"memory": 640}},
        {"server": {"pool_size": 11}},
        {"secrets": secrets("v2")},
        {"frontend": {"config_files": {"Caddyfile": "other\n"}}},
    ],
    ids=["image", "memory", "pool size", "password version", "Caddyfile"],
)
def test_what_must_roll_the_servers_changes_it(declared: Declared, change: dict[str, Any]) -> None:
    assert user_data(launched(**change)) != user_data(declared)


@pytest.mark.parametrize(
    "change",
    [
        {"database_host": "elsewhere.test"},
        {"secrets": secrets(place="moved-")},
        {"tags": {"team": "other"}},
        {"log_retention_days": 30},
        {"deletion_protection": False},
        {"egress": []},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_must_not_roll_the_servers_leaves_it(declared: Declared, change: dict[str, Any]) -> None:
    assert user_data(launched(**change)) == user_data(declared)


def test_a_label_that_an_output_holds_is_the_label(declared: Declared) -> None:
    """Such as the one that a secret gives: it rolls the servers like any other."""
    assert user_data(launched(secrets=secrets(pulumi.Output.from_input("v1")))) == user_data(declared)
    rolled = launched(secrets=secrets(pulumi.Output.from_input("v2")))
    assert plan(rolled)["secrets"]["server"]["database_password"] == "v2"


def test_the_watched_container_is_the_first_or_the_given_one(declared: Declared) -> None:
    def watched(declared: Declared) -> tuple[str, int, str]:
        watch = plan(declared)["watch"]
        return watch["part"], watch["port"], watch["path"]

    assert watched(declared) == ("server", 8080, "/health")
    assert watched(launched(watch={"port": 9000.0})) == ("server", 9000, "/health")
    given = launched(watch={"part": "frontend", "port": 2019, "path": "/live?full"})
    assert watched(given) == ("frontend", 2019, "/live?full")


def test_what_comes_later_lies_in_the_boot_parameter_and_nothing_else_does(declared: Declared) -> None:
    parameter = declared.named("kotauth-boot")
    assert parameter.inputs["type"] == "String"
    late = json.loads(parameter.inputs["value"])
    assert late["environment"] == {
        "server": {
            "DB_URL": "jdbc:postgresql://database.test:5432/kotauth"
            "?tcpKeepAlive=true&sslmode=verify-full&sslrootcert=/run/config/database-ca.pem"
        },
        "server.key-guard": {"PGHOST": "database.test"},
    }
    assert late["secrets"] == {"server": {file: secret(file) for file in SECRET_FILES}}
    assert set(late) == {"environment", "config", "secrets"}


def test_long_files_lie_under_their_hash_and_stay_for_the_hosts_of_before(declared: Declared) -> None:
    objects = declared.of_type(":BucketObjectv2")
    for each in objects:
        assert each.inputs["key"] == hashlib.sha256(each.inputs["content"].encode()).hexdigest()
        assert each.inputs["bucket"] == engine_name("kotauth-host")
        assert each.retain_on_delete
        assert "BucketPolicy kotauth-host-policy" in each.waits_for
    contents = {each.inputs["key"]: each.inputs["content"] for each in objects}
    hashes = plan(declared)["artifacts"]
    programs = json.loads(contents[hashes["/etc/kotauth/programs.json"]])
    assert set(contents) == {*hashes.values(), *programs.values()}
    assert hosts.CA in {each.inputs["content"] for each in objects}


@pytest.mark.parametrize(("protected", "forced"), [(True, False), (False, True)])
def test_a_bucket_that_holds_files_goes_only_without_protection(protected: bool, forced: bool) -> None:
    declared = launched(deletion_protection=protected)
    assert declared.named("kotauth-host").inputs["forceDestroy"] is forced


def test_a_host_finds_all_that_it_needs(declared: Declared) -> None:
    template = declared.named("kotauth", ":LaunchTemplate")
    files = {r.title for r in declared.of_type(":BucketObjectv2")}
    assert files
    assert template.waits_for >= {
        "RolePolicy kotauth-rights",
        "InstanceProfile kotauth-profile",
        "Parameter kotauth-boot",
        "LogGroup kotauth-log",
        *files,
    }


def test_the_log(declared: Declared) -> None:
    own = declared.named("kotauth-log").inputs
    assert own == {"retentionInDays": 365, "kmsKeyId": arn("kms", "key/kotauth-log-key-id"), "tags": TAGS}
    given = launched(log_retention_days=30.0, kms_key_arn=KEY)
    assert given.named("kotauth-log").inputs == {"retentionInDays": 30, "kmsKeyId": KEY, "tags": TAGS}
    assert given.of_type(":Key") == []


def test_the_volume_that_keeps_what_must_outlive_the_host() -> None:
    declared = launched(containers=[hosts.server(), hosts.edge()], in_group=False, volume_id="vol-0123456789abcdef0")
    assert plan(declared)["volume"] == {"device": "/dev/sdf", "folders": {"frontend/data": [10002, 10002]}}
    assert json.loads(declared.named("kotauth-boot").inputs["value"])["volume_id"] == "vol-0123456789abcdef0"


def test_outputs(declared: Declared) -> None:
    assert declared.outputs == {
        "template_id": "kotauth-id",
        "template_version": "1",
        "security_group_id": "kotauth-group-id",
        "role_name": engine_name("kotauth-role"),
        "log_group_name": engine_name("kotauth-log"),
        "log_group_arn": arn("logs", f"log-group:{engine_name('kotauth-log')}"),
    }


def test_a_container_without_its_secrets_is_refused() -> None:
    with pytest.raises(InvalidInputError, match=r'secrets = "": must have exactly "admin_pass'):
        launched(secrets={})


def test_a_secret_that_no_container_reads_is_refused() -> None:
    """The host would have the right to read it."""
    with pytest.raises(InvalidInputError, match=r'secrets = "admin_pasword": must be secret files of the containers'):
        launched(secrets={**secrets(), "admin_pasword": {"arn": arn("secretsmanager", "secret:x"), "key_arn": KEY}})
