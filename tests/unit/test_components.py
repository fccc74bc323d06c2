"""The components on their own: the safe default of each, what it takes from other languages, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pulumi
import pytest

from components import (
    COMPONENTS,
    AwsBootGate,
    AwsCertificate,
    AwsDatabase,
    AwsDatabaseRole,
    AwsDeployment,
    AwsDns,
    AwsEdge,
    AwsLaunchTemplate,
    AwsLoadBalancer,
    AwsNetwork,
    AwsObservability,
    AwsRollGate,
    AwsSecret,
    AwsServer,
    AwsWebAcl,
    DockerCaCertificate,
    DockerContainer,
    DockerDatabase,
    DockerDatabaseRole,
    DockerDeployment,
    DockerFiles,
    DockerNetwork,
    KotauthCredentials,
)
from components.inputs import InvalidInputError
from tests.unit.aws import TAGS, untagged
from tests.unit.recording import Declared, declare

SPEC: dict[str, Any] = {
    "part": "server",
    "image": "registry.example/x:1.2.3",
    "user": "10001:10001",
    "memory": 64,
    "cpus": 1,
    "probe": {
        "command": ["true"],
        "interval_seconds": 5,
        "timeout_seconds": 5,
        "retries": 3,
        "start_period_seconds": 90,
    },
    "stop_seconds": 20,
}
ROLE: dict[str, Any] = {
    "network": "back",
    "host": "postgres",
    "administrator_password": "administrator",
    "password": "application",
}
HOST: dict[str, Any] = {
    "vpc_id": "vpc-1",
    "containers": [{**SPEC, "ports": [{"host": 443, "container": 8443}], "tmpfs": ["/tmp"]}],  # noqa: S108
    "log_retention_days": 30,
    "watch": {"port": 9000},
}
SUBNETS = ["subnet-a", "subnet-b"]
LEAST: dict[Callable[..., pulumi.ComponentResource], dict[str, Any]] = {
    DockerDeployment: {"base_url": "https://auth.example.com", "acme_email": "ops@example.com", "http_port": 81},
    DockerNetwork: {},
    DockerContainer: {"spec": {**SPEC, "ports": [{"host": 1, "container": 2}]}},
    DockerFiles: {"image": "registry.example/x:1", "files": {"a": "b"}},
    DockerDatabase: {"network": "back", "memory": 512, "cpus": 1},
    DockerDatabaseRole: {**ROLE, "password_version": 2, "pool_size": 10},
    DockerCaCertificate: {
        "volume": "data",
        "path": "/data/root.crt",
        "image": "registry.example/x:1",
        "written_by": "c",
    },
    KotauthCredentials: {"database_password_version": 2},
    AwsDeployment: {
        "base_url": "https://auth.example.com",
        "availability_zones": ["eu-central-1a", "eu-central-1b"],
        "zone_id": "Z0123456789ABC",
        "alarm_email": "ops@example.com",
        "memory": 600,
        "cpus": 1,
        "pool_size": 11,
        "replicas": 1,
        "database_version": 15,
        "database_password_version": 2,
        "database_storage": 30,
        "database_storage_limit": 60,
        "database_backup_days": 7,
        "log_retention_days": 30,
        "alarm_errors": 7,
        "alarm_failed_logins": 8,
        "alarm_latency": 3,
    },
    AwsNetwork: {"zones": ["eu-central-1a", "eu-central-1b"], "flow_log_retention_days": 30},
    AwsSecret: {"value": "x", "description": "x", "version": 2, "recovery_window_days": 7},
    AwsDatabase: {
        "vpc_id": "vpc-1",
        "subnet_ids": SUBNETS,
        "version": 15,
        "storage_gb": 30,
        "storage_limit_gb": 60,
        "backup_retention_days": 7,
        "log_retention_days": 30,
    },
    AwsDatabaseRole: {
        "vpc_id": "vpc-1",
        "subnet_ids": SUBNETS,
        "database_host": "db.example",
        "database_port": 5433,
        "database_security_group_id": "sg-1",
        "administrator_secret_arn": "arn:a",
        "administrator_key_arn": "arn:b",
        "password_secret_arn": "arn:c",
        "password_key_arn": "arn:d",
        "password_version": 2,
        "pool_size": 11,
        "log_retention_days": 30,
    },
    AwsLaunchTemplate: {**HOST, "in_group": True, "egress": [{"port": 443, "description": "x"}]},
    AwsServer: {**HOST, "subnet_ids": SUBNETS, "target_group_arn": "arn:t", "load_balancer_security_group_id": "sg-1"},
    AwsEdge: {**HOST, "subnet_id": "subnet-a", "availability_zone": "eu-central-1a", "volume_gb": 2},
    AwsCertificate: {"host_name": "auth.example.com", "zone_id": "Z0123456789ABC"},
    AwsDns: {"name": "auth.example.com", "zone_id": "Z0123456789ABC", "address": "203.0.113.10"},
    AwsLoadBalancer: {
        "vpc_id": "vpc-1",
        "subnet_ids": SUBNETS,
        "host_name": "auth.example.com",
        "zone_id": "Z0123456789ABC",
        "target_port": 8443,
        "access_log_days": 7,
        "login_rate_limit": 20,
        "rate_limit": 500,
        "log_retention_days": 30,
    },
    AwsWebAcl: {"login_rate_limit": 20, "rate_limit": 500, "log_retention_days": 30},
    AwsBootGate: {"instance_id": "i-1", "log_group_arn": "arn:aws:logs:r:1:log-group:g", "limit_seconds": 300},
    AwsRollGate: {
        "group_name": "g",
        "target_group_arn": "arn:t",
        "limit_seconds": 300,
        "log_retention_days": 30,
    },
    AwsObservability: {
        "log_group_name": "g",
        "load_balancer_arn_suffix": "app/l",
        "target_group_arn_suffix": "targetgroup/t",
        "certificate_arn": "arn:c",
        "database_identifier": "d",
        "group_name": "g",
        "errors": 7,
        "failed_logins": 8,
        "host_failures": 2,
        "load_balancer_errors": 11,
        "server_errors": 12,
        "latency_seconds": 3,
        "certificate_days": 20,
        "database_cpu_percent": 70,
        "database_storage_gb": 2,
        "database_memory_mb": 200,
        "database_connections": 50,
    },
}
EACH = pytest.mark.parametrize("component", COMPONENTS, ids=lambda component: component.__name__)


def declared(component: Callable[..., pulumi.ComponentResource], args: Mapping[str, Any]) -> Declared:
    def program() -> dict[str, Any]:
        component("it", args)
        return {}

    return declare(program)


def is_aws(component: Callable[..., pulumi.ComponentResource]) -> bool:
    return ".aws." in component.__module__


def as_another_language_sends_it(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: as_another_language_sends_it(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [as_another_language_sends_it(inner) for inner in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def comparable(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return inputs with the content of archives in their place, which are never equal themselves."""
    return {
        key: {path: vars(asset) for path, asset in value.assets.items()}
        if isinstance(value, pulumi.AssetArchive)
        else value
        for key, value in inputs.items()
    }


@EACH
def test_floats_for_numbers_declare_the_same(component: Callable[..., pulumi.ComponentResource]) -> None:
    args = LEAST[component]
    by_name = [
        {(r.type, r.name): comparable(r.inputs) for r in declared(component, given).resources}
        for given in (args, as_another_language_sends_it(args))
    ]
    assert by_name[0] == by_name[1]


@EACH
def test_every_output_is_set_and_registered(component: Callable[..., pulumi.ComponentResource]) -> None:
    promised = {name for name in component.__annotations__ if not name.startswith("_")}

    def program() -> dict[str, Any]:
        made = component("it", LEAST[component])
        return {name: getattr(made, name) for name in promised}

    result = declare(program)
    assert {name for name, value in result.outputs.items() if value is None} == set()
    registered = result.component_outputs["kotauth:index:" + component.__name__, "it"]  # pyright: ignore[reportAttributeAccessIssue]
    assert registered == promised


@EACH
def test_labels_reach_every_child(component: Callable[..., pulumi.ComponentResource]) -> None:
    if component is KotauthCredentials or is_aws(component):
        return  # nothing that Docker keeps
    result = declared(component, {**LEAST[component], "labels": {"team": "identity"}})
    made = [r for r in result.resources if r.type.startswith("docker:")]
    assert made
    assert not [r.name for r in made if r.labels.get("team") != "identity"]


@EACH
def test_tags_reach_every_child_that_takes_them(component: Callable[..., pulumi.ComponentResource]) -> None:
    if not is_aws(component) or component is AwsDns:
        return  # a record takes none
    result = declared(component, {**LEAST[component], "tags": TAGS})
    assert any(r.type.startswith("aws:") for r in result.resources)
    assert untagged(result) == []


@EACH
def test_every_child_has_a_parent_among_the_component_s_own(component: Callable[..., pulumi.ComponentResource]) -> None:
    result = declared(component, LEAST[component])
    roots = [r.type for r in result.resources if r.parent == "kotauth-unit"]
    assert roots == ["kotauth:index:" + component.__name__]  # pyright: ignore[reportAttributeAccessIssue]


def test_a_network_has_no_way_out_unless_one_is_asked_for() -> None:
    assert declared(DockerNetwork, {}).named("it", ":Network").inputs["internal"] is True
    assert declared(DockerNetwork, {"internal": False}).named("it", ":Network").inputs["internal"] is False


def test_a_container_alone_has_no_network_and_is_replaced_before_it_is_deleted() -> None:
    container = declared(DockerContainer, {"spec": SPEC}).named("it", ":Container")
    assert container.inputs["networkMode"] == "none"
    assert container.delete_before_replace is False


@pytest.mark.parametrize("owns", [{"ports": [{"host": 1, "container": 2}]}, {"volumes": [{"name": "d", "path": "/d"}]}])
def test_what_owns_a_port_or_data_is_deleted_first(owns: dict[str, Any]) -> None:
    assert declared(DockerContainer, {"spec": {**SPEC, **owns}}).named("it", ":Container").delete_before_replace is True


def test_times_are_as_docker_reads_them_back() -> None:
    container = declared(DockerContainer, {"spec": SPEC}).named("it", ":Container").inputs
    health = container["healthcheck"]
    assert (health["interval"], health["timeout"], health["startPeriod"]) == ("5s", "5s", "1m30s")
    assert container["cpus"] == "1.0"
    assert container["waitTimeout"] > 90 + 3 * 5


def test_root_is_refused() -> None:
    with pytest.raises(InvalidInputError, match=r'spec\.user = "0:0": must be uid:gid, numeric and not root'):
        declared(DockerContainer, {"spec": {**SPEC, "user": "0:0"}})
    with pytest.raises(InvalidInputError, match='owner = "root": must be uid:gid, numeric and not root'):
        declared(DockerFiles, {**LEAST[DockerFiles], "owner": "root"})


def test_files_change_their_volume_with_their_content() -> None:
    def version(files: dict[str, str]) -> str:
        result = declared(DockerFiles, {"image": "registry.example/x:1", "files": files})
        return result.named("it", ":Volume").labels["kotauth.content"]

    versions = [
        version({"a": "b"}),
        version({"a": "c"}),
        version({"b": "a"}),
        version({"a": "b", "c": ""}),
        version({}),
    ]
    assert len(set(versions)) == len(versions)
    assert version({"a": "b", "c": "d"}) == version({"c": "d", "a": "b"})


def test_files_in_a_volume_that_is_there() -> None:
    args = {"image": "registry.example/x:1", "files": {"a": "b"}, "volume": "mine", "directory": "next"}
    result = declared(DockerFiles, args)
    assert not result.of_type(":Volume")
    carrier = result.named("it-carrier").inputs
    assert [upload["file"] for upload in carrier["uploads"]] == ["/files/next/a"]
    assert carrier["volumes"][0]["volumeName"] == "mine"


@pytest.mark.parametrize(
    ("component", "args", "problems"),
    [
        (DockerDatabase, {"network": "n", "memory": 64, "image": "x"}, ["memory", "image"]),
        (DockerDatabase, {"network": "n", "memry": 64}, ["memry"]),
        (DockerDatabaseRole, {**ROLE, "password_version": 0, "pool_size": 1000}, ["password_version", "pool_size"]),
        (KotauthCredentials, {"database_password_version": 1.5}, ["database_password_version"]),
        (DockerDeployment, {}, ["base_url"]),
        (AwsDeployment, {}, ["base_url", "zone_id", "availability_zones"]),
    ],
)
def test_bad_inputs_are_all_named(
    component: Callable[..., pulumi.ComponentResource], args: dict[str, Any], problems: list[str]
) -> None:
    with pytest.raises(InvalidInputError) as refused:
        declared(component, args)
    assert sorted(line.split(" = ")[0].strip() for line in str(refused.value).splitlines()[1:]) == sorted(problems)


def test_a_missing_certificate_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.unit import recording  # noqa: PLC0415 - to change its table

    def nothing(name: str) -> dict[str, Any]:
        return {"name": name, "containerLogs": "cat: /data/root.crt: No such file"}

    monkeypatch.setitem(recording.OUTPUTS, "docker:index/container:Container", nothing)
    with pytest.raises(pulumi.RunError, match=r"no certificate was found: cat: /data/root\.crt"):
        declared(DockerCaCertificate, LEAST[DockerCaCertificate])


def test_volumes_are_a_map_also_where_there_are_none() -> None:
    def volumes(**changes: Any) -> object:
        args: Any = {"spec": {**SPEC, **changes}}
        return declare(lambda: {"volumes": DockerContainer("it", args).volumes}).outputs["volumes"]

    assert volumes() == {}
    assert volumes(volumes=[{"name": "data", "path": "/data"}]) == {"data": "it-data-0c0ffee"}
