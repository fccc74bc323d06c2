"""Outputs as inputs: a component takes one where its type says so, also without a value, and names each other one."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from components import (
    COMPONENTS,
    AwsDatabase,
    AwsDatabaseRole,
    AwsDeployment,
    AwsLaunchTemplate,
    AwsLoadBalancer,
    AwsNetwork,
    DockerContainer,
    DockerDatabaseRole,
    DockerDeployment,
    KotauthCredentials,
)
from components.inputs.error import InvalidInputError
from components.inputs.wording import bare, is_list, is_mapping
from tests.unit.least_inputs import LEAST, SPEC, Component
from tests.unit.recording import declare, unknown
from tests.unit.wrong_kinds import declared_inputs, takes_outputs

EACH = pytest.mark.parametrize("component", COMPONENTS, ids=lambda component: component.__name__)
EARLY = "must be a plain value: an Output may be unknown at preview"
NOT_WITH_THE_LEAST = {
    AwsDeployment: ["vpc_id", "public_subnet_ids", "private_subnet_ids", "isolated_subnet_ids", "certificate_arn"],
    AwsLoadBalancer: ["certificate_arn"],
}
"""Inputs that exclude others; those of a network have tests in test_aws_deployment.py."""
WITH_OTHERS = {
    *("certificate_chain", "certificate_key", "logs_token", "logs_headers", "proxy_network"),
    *("credentials", "backup_credentials"),
}
"""Inputs that need others, with tests in test_certificate_files.py, test_log_settings.py, test_external_frontend.py,
test_backup_settings.py."""


@EACH
def test_an_output_without_a_value_is_taken_where_the_type_says_so(component: Component) -> None:
    left_out = {*NOT_WITH_THE_LEAST.get(component, []), *WITH_OTHERS}
    late = [name for name, kind in declared_inputs(component).items() if takes_outputs(kind) and name not in left_out]
    labels = declared_inputs(component).keys() & {"tags", "labels", "container_labels"}

    def program() -> pulumi.ComponentResource:
        outputs = {name: unknown() for name in late}
        return component("it", {**LEAST[component], **outputs, **{name: {"team": unknown()} for name in labels}})

    made = declare(program, preview=True)
    outputs = {name for name in component.__annotations__ if not name.startswith("_")}
    assert made.component_outputs[f"kotauth:index:{component.__name__}", "it"] == outputs


@EACH
def test_an_output_where_the_value_decides_is_named(component: Component) -> None:
    for name in (name for name, kind in declared_inputs(component).items() if not takes_outputs(kind)):
        with pytest.raises(InvalidInputError) as refused:
            component("it", {**LEAST[component], name: pulumi.Output.from_input("value")})
        head, *lines = str(refused.value).splitlines()
        assert f"{component.__name__} it " in head
        assert f'  {name} = "an Output": {EARLY}' in lines or f'  {name} = "[secret]": {EARLY}' in lines


@pytest.mark.parametrize(
    ("component", "args", "name"),
    [
        (AwsNetwork, {"zones": ["eu-central-1a", pulumi.Output.from_input("eu-central-1b")]}, "zones"),
        (DockerContainer, {"spec": {**SPEC, "image": pulumi.Output.from_input("x:1")}}, "spec.image"),
        (DockerContainer, {"spec": {**SPEC, "ports": [{"host": pulumi.Output.from_input(1), "container": 1}]}}, ""),
        (DockerDeployment, {**LEAST[DockerDeployment], "http_port": pulumi.Output.from_input(81)}, "http_port"),
    ],
)
def test_an_output_inside_an_input_is_named(component: Component, args: dict[str, Any], name: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        component("it", args)
    assert str(refused.value).splitlines()[1:] == [f'  {name or "spec.ports[0].host"} = "an Output": {EARLY}']


@pytest.mark.parametrize(
    ("component", "name", "value"),
    [
        (AwsDatabase, "subnet_ids", ["subnet-0123456789abcdef0"]),
        (AwsDatabaseRole, "secret_key_fingerprint", "0" * 64),
        (AwsDeployment, "secret_key", "short"),
        (AwsLaunchTemplate, "image_id", "ami-1"),
        (AwsLoadBalancer, "certificate_arn", "arn:aws:iam::123456789012:server-certificate/x"),
        (DockerDatabaseRole, "secret_key_fingerprint", "0" * 64),
        (DockerDeployment, "proxy_network", "host"),
        (KotauthCredentials, "secret_key", "short"),
    ],
)
def test_the_refusal_of_a_value_that_is_known_later_names_the_component(
    component: Component, name: str, value: object
) -> None:
    least = {"frontend": "external"} if name == "proxy_network" else LEAST[component]
    args = {**least, "base_url": "https://auth.example.com"} if "base_url" in declared_inputs(component) else {**least}
    if name == "certificate_arn":
        args.pop("zone_id", None)
    with pytest.raises(InvalidInputError) as refused:
        declare(lambda: component("it", {**args, name: pulumi.Output.from_input(value)}))
    head, line = str(refused.value).splitlines()
    assert head == f"{component.__name__} it is not valid:"
    assert line.startswith(f"  {name} = ")


@EACH
def test_an_output_of_another_kind_is_named_without_its_value(component: Component) -> None:
    """Pulumi's own error has the property of a child, and the value of a secret in clear."""
    left_out = {*NOT_WITH_THE_LEAST.get(component, []), *WITH_OTHERS}
    for name, declared in declared_inputs(component).items():
        if takes_outputs(declared) and name not in left_out:
            several = is_list(bare(declared)[0]) or is_mapping(bare(declared)[0])
            given = "hunter2" if several else {"password": "hunter2"}
            with pytest.raises(InvalidInputError) as refused:
                declare_with(component, name, lambda given=given: pulumi.Output.secret(given))
            head, line = str(refused.value).splitlines()
            # A host gives its inputs to its launch template, which has the same name.
            assert head in {f"{kind} it is not valid:" for kind in (component.__name__, "AwsLaunchTemplate")}
            assert re.match(rf'  {name} = "(an Output|\[secret\])": must be a .*, not a ', line), line
            assert "hunter2" not in line


@EACH
def test_a_label_in_an_output_is_a_text(component: Component) -> None:
    for name in declared_inputs(component).keys() & {"tags", "labels"}:
        for value, rule in [(7, "a number: turn it into a text"), (["hunter2"], "a list")]:
            with pytest.raises(InvalidInputError, match=rf'  {name}\.team = "an Output": must be a text, not {rule}$'):
                declare_with(component, name, lambda value=value: {"team": pulumi.Output.secret(value)})


def declare_with(component: Component, name: str, make: Callable[[], object]) -> None:
    """Declare a component with one more input."""
    declare(lambda: component("it", {**LEAST[component], name: make()}))
