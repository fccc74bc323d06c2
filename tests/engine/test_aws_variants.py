"""The ways in which the stack can be put together, each previewed from nothing: frontend, network, certificate."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
import yaml

from tests.certificates import issued
from tests.engine.aws_stack import DATABASE, GATE_CALL, GROUP, REGION, AwsStack, aws_stack, name_of
from tests.engine.brought import Brought
from tests.project import ROOT

pytestmark = pytest.mark.engine

NETWORK = {"Vpc", "Subnet", "InternetGateway", "NatGateway", "Route", "RouteTable", "VpcEndpoint", "FlowLog"}
BALANCER = {"LoadBalancer", "Listener", "ListenerRule", "TargetGroup", "WebAcl", "Group", "Certificate"}
SINGLE_HOST = {"Volume", "VolumeAttachment", "EipAssociation"}
CADDY = {"frontend": "caddy", "acmeEmail": "operations@example.org"}


PROXIES = {
    "caddy": {"acmeEmail": "operations@example.org"},
    "nginx": {"certificates": "files", "certificateChain": "tls/chain.pem", "certificateKey": "tls/key.pem"},
    "traefik": {"acmeEmail": "operations@example.org"},
}
"""What each proxy of the single host needs besides."""

Steps = list[dict[str, Any]]


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory, pulumi_engine: None) -> Iterator[AwsStack]:
    """Yield the committed stack prod, of which nothing is ever made."""
    with aws_stack(tmp_path_factory.mktemp("untouched"), "prod") as stack:
        yield stack


@pytest.fixture(scope="module")
def brought(untouched: AwsStack) -> Brought:
    return Brought(untouched)


@pytest.fixture(scope="module")
def variants(untouched: AwsStack, brought: Brought) -> Iterator[dict[str, Future[Steps]]]:
    """Yield the previews, as they come."""
    staging = yaml.safe_load((ROOT / "Pulumi.staging.yaml").read_text(encoding="utf-8"))["config"]
    settings: dict[str, dict[str, str]] = {
        "prod as committed": {},
        "staging as committed": {"alarmEmail": "", **staging},
        **{
            f"staging, {proxy}": {"alarmEmail": "", **staging, "kotauth:frontend": proxy, **more}
            for proxy, more in PROXIES.items()
            if proxy != staging["kotauth:frontend"]
        },
        "brought network, alb": brought.network,
        "brought network, caddy": {**CADDY, **brought.network},
        "brought certificate": {"zoneId": "", "certificateArn": brought.certificate},
    }
    name = staging["kotauth:baseUrl"].removeprefix("https://")
    certificate, folder = issued(name), untouched.project.path / "tls"
    folder.mkdir()
    (folder / "chain.pem").write_text(certificate.chain)
    (folder / "key.pem").write_text(certificate.key)
    with ThreadPoolExecutor(2) as previewing:
        yield {name: previewing.submit(untouched.steps, **each) for name, each in settings.items()}
        previewing.shutdown(cancel_futures=True)


def planned(future: Future[Steps]) -> dict[str, dict[str, Any]]:
    """Return the inputs of everything that would be made, by resource. Nothing else would be done."""
    steps = future.result()
    assert {step["op"] for step in steps} == {"create"}
    return {name_of(step["urn"]): step["newState"].get("inputs", {}) for step in steps}


def kinds(resources: dict[str, dict[str, Any]]) -> Counter[str]:
    return Counter(name.partition(" ")[0] for name in resources)


def test_prod(variants: dict[str, Future[Steps]], untouched: AwsStack) -> None:
    made = planned(variants["prod as committed"])
    assert {DATABASE, GROUP, GATE_CALL} <= made.keys()
    found = kinds(made)
    assert found >= Counter(NETWORK | BALANCER)
    assert not found.keys() & SINGLE_HOST
    assert (found["Subnet"], found["NatGateway"]) == (6, 2)
    assert made[DATABASE]["multiAz"] is True
    assert made[DATABASE]["deletionProtection"] is True
    # What is protected by the engine itself, whatever AWS would say.
    protected = {
        name_of(each["urn"]) for each in variants["prod as committed"].result() if each["newState"].get("protect")
    }
    assert protected == {
        DATABASE,
        "Key kotauth-database-key",
        "Key kotauth-secrets-key",
        "Secret kotauth-secret-key",
        "Secret kotauth-admin-password",
        "Secret kotauth-api-keys",
        "RandomPassword kotauth-secret-key",
        "RandomPassword kotauth-admin-password",
        "RandomPassword kotauth-checklist-api-key",
    }


@pytest.mark.parametrize("stack", ["prod", "staging"])
def test_the_readme_says_how_many_resources_that_is(variants: dict[str, Future[Steps]], stack: str) -> None:
    count = len(planned(variants[f"{stack} as committed"]))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.search(rf"\b{count} resources\b", readme), f"{stack} makes {count} resources"


def test_staging(variants: dict[str, Future[Steps]]) -> None:
    made = planned(variants["staging as committed"])
    found = kinds(made)
    assert found >= Counter({*SINGLE_HOST, "Vpc", "Eip", "VpcEndpoint"})
    assert not found.keys() & {*BALANCER, "NatGateway"}
    # Without a way out, the function in the VPC still reaches Secrets Manager.
    assert any(
        each.get("vpcEndpointType") == "Interface" for name, each in made.items() if name.startswith("VpcEndpoint")
    )
    assert made[DATABASE]["multiAz"] is False
    assert made[DATABASE]["instanceClass"] == "db.t4g.micro"
    host = made["Instance kotauth-server"]
    assert (host["monitoring"], "associatePublicIpAddress" in host) == (True, False)
    assert not [name for name in made if "protect" in made[name]]


@pytest.mark.parametrize("proxy", PROXIES)
def test_staging_with_each_proxy(variants: dict[str, Future[Steps]], proxy: str) -> None:
    future = variants.get(f"staging, {proxy}", variants["staging as committed"])
    made = planned(future)
    files = {name: each["content"] for name, each in made.items() if name.startswith("BucketObjectv2 ")}
    (frontend,) = [text for text in files.values() if f"/library/{proxy}:" in text]
    assert json.loads(frontend)["name"] == "frontend"
    assert ("reload" in json.loads(frontend)) is (proxy == "nginx")
    assert ("Secret kotauth-certificate" in made) is (proxy == "nginx")
    assert "PRIVATE KEY" not in json.dumps(future.result())


def test_a_brought_network_behind_a_load_balancer(variants: dict[str, Future[Steps]], brought: Brought) -> None:
    made = planned(variants["brought network, alb"])
    assert not kinds(made).keys() & NETWORK
    assert made["LoadBalancer kotauth"]["subnets"] == brought.subnets["public"]
    assert made[GROUP]["vpcZoneIdentifiers"] == brought.subnets["private"]
    assert made["Function kotauth-database-role"]["vpcConfig"]["subnetIds"] == brought.subnets["private"]
    assert made["SubnetGroup kotauth-database"]["subnetIds"] == brought.subnets["isolated"]
    groups = {name: each["vpcId"] for name, each in made.items() if name.startswith("SecurityGroup ")}
    assert set(groups.values()) == {brought.vpc}
    assert len(groups) >= 4


def test_a_brought_network_with_a_single_host(variants: dict[str, Future[Steps]], brought: Brought) -> None:
    made = planned(variants["brought network, caddy"])
    assert not kinds(made).keys() & (NETWORK | BALANCER)
    assert made["Instance kotauth-server"]["subnetId"] == brought.subnets["public"][0]
    # The volume lies where the subnet does.
    assert made["Volume kotauth-server-volume"]["availabilityZone"] == f"{REGION}a"
    assert made["SubnetGroup kotauth-database"]["subnetIds"] == brought.subnets["isolated"]


def test_a_brought_certificate(variants: dict[str, Future[Steps]], brought: Brought) -> None:
    made = planned(variants["brought certificate"])
    assert made["Listener kotauth-https"]["certificateArn"] == brought.certificate
    # The record is then the user's own, too.
    assert not kinds(made).keys() & {"Certificate", "CertificateValidation", "Record"}
    assert made["MetricAlarm kotauth-watch-certificate-days"]["dimensions"] == {"CertificateArn": brought.certificate}


def test_a_made_certificate(variants: dict[str, Future[Steps]]) -> None:
    made = planned(variants["prod as committed"])
    assert made["Certificate kotauth-certificate"]["domainName"] == "auth.example.org"
    assert made["Certificate kotauth-certificate"]["validationMethod"] == "DNS"
    assert made["Record kotauth-name"]["name"] == "auth.example.org"
    assert kinds(made)["CertificateValidation"] == 1


def test_a_preview_makes_nothing(variants: dict[str, Future[Steps]], untouched: AwsStack) -> None:
    for each in variants.values():
        each.exception()
    assert not untouched.done()
    assert not untouched.resources()
