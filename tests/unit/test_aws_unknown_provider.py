"""A provider of AWS whose configuration is unknown at preview: the engine answers each question with nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components import COMPONENTS, AwsDeployment, AwsLoadBalancer, AwsNetwork
from components.inputs.error import InvalidInputError
from tests.unit import aws_outputs
from tests.unit.aws_deployments import BASE, BROUGHT, CADDY, ZONE_ID
from tests.unit.least_inputs import LEAST, Component
from tests.unit.recording import CERTIFICATE, Declared, declare, unknown

SOURCES = Path(__file__).resolve().parent.parent.parent / "components"
AWS = [component for component in COMPONENTS if component.__name__.startswith("Aws")]
CIDRS = [cidr for cidr, _ in aws_outputs.SUBNETS.values()]
ZONE = {**BASE, "zone_id": ZONE_ID}
SINGLE = {**BASE, "frontend": "caddy", "acme_email": "ops@example.com"}
ONE_PROGRAM = {**BROUGHT, **dict.fromkeys(BROUGHT, unknown)}
EARLY = "is required, because the configuration of the AWS provider is unknown at preview: give"
CA = f'  database_ca = "": {EARLY} the content of https://truststore.pki.rds.amazonaws.com/REGION/REGION-bundle.pem'
ONE = f'  public_subnet_cidrs = "": {EARLY} the CIDR blocks of public_subnet_ids, in the same order'


def titles(declared: Declared) -> set[str]:
    return {resource.title for resource in declared.resources}


def unconfigured(monkeypatch: pytest.MonkeyPatch, component: Component, args: Mapping[str, Any]) -> Declared:
    """Declare the component at a preview in which AWS isn't asked, and no property of a resource becomes known."""
    outputs = aws_outputs.outputs
    with monkeypatch.context() as patched:
        for token in aws_outputs.ANSWERS:
            patched.setitem(aws_outputs.ANSWERS, token, {})
        patched.setattr(
            aws_outputs, "outputs", lambda kind, *rest: {} if kind.startswith("aws:") else outputs(kind, *rest)
        )
        late = {key: given() if given is unknown else given for key, given in args.items()}
        return declare(lambda: component("kotauth", late), preview=True)


@pytest.mark.parametrize(
    ("component", "args"),
    [
        *((component, LEAST[component]) for component in AWS),
        (AwsDeployment, CADDY),
        (AwsDeployment, {**ZONE, **ONE_PROGRAM, "public_subnet_cidrs": CIDRS, "database_ca": CERTIFICATE}),
        (AwsDeployment, {**SINGLE, **BROUGHT, "database_ca": CERTIFICATE}),
        (
            AwsLoadBalancer,
            {**LEAST[AwsLoadBalancer], "zone_id": None, "certificate_arn": aws_outputs.certificate_arn()},
        ),
    ],
)
def test_a_preview_shows_the_same_resources(
    component: Component, args: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {**args, **{key: BROUGHT[key] for key, given in args.items() if given is unknown}}
    assert titles(unconfigured(monkeypatch, component, args)) == titles(
        declare(lambda: component("kotauth", known), preview=True)
    )


def test_what_follows_from_an_answer_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    declared = unconfigured(monkeypatch, AwsNetwork, LEAST[AwsNetwork])
    (statement,) = declared.named("kotauth-flow-log-role").inputs["assumeRolePolicy"]["Statement"]
    late = [
        declared.named("kotauth-s3").inputs["serviceName"],
        statement["Condition"]["StringEquals"]["aws:SourceAccount"],
    ]
    assert {type(value) for value in late} == {type(pulumi.UNKNOWN)}
    # Actions and services stay visible, for readers of the preview and for policies.
    assert statement["Principal"] == {"Service": "vpc-flow-logs.amazonaws.com"}


@pytest.mark.parametrize(
    ("args", "lines"),
    [
        ({**ZONE, **BROUGHT}, [CA, ONE]),
        ({**ZONE, **BROUGHT, "public_subnet_cidrs": CIDRS}, [CA]),
        ({**ZONE, **BROUGHT, "database_ca": CERTIFICATE}, [ONE]),
        ({**SINGLE, **BROUGHT}, [CA]),
    ],
)
def test_what_must_be_known_is_asked_for(
    args: dict[str, Any], lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InvalidInputError) as refused:
        unconfigured(monkeypatch, AwsDeployment, args)
    said = str(refused.value).splitlines()[1:]
    assert [line.removesuffix(" for your region") for line in said] == lines


def test_one_module_asks_aws() -> None:
    asking = re.compile(r"\baws\.([a-z0-9_]+\.)?get_|\binvoke\(")
    modules = {
        path.relative_to(SOURCES).as_posix()
        for path in SOURCES.rglob("*.py")
        if asking.search(path.read_text(encoding="utf-8"))
    }
    # Only the program calls the preflight, with a provider that is known.
    assert modules == {"aws/provider/lookups.py", "aws/preflight.py"}
