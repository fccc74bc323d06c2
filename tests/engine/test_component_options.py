"""What Pulumi does with the options of a component, as docs/library.md says; the engine alone applies most of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from simulators.aws import aws_simulator
from tests.code_blocks import code_blocks
from tests.engine.aws_stack import name_of
from tests.engine.example_project import library_project
from tests.project import ROOT, Project

pytestmark = pytest.mark.engine

PAGE = (ROOT / "docs" / "library.md").read_text(encoding="utf-8")
PROGRAM = """\
import pulumi
import pulumi_random as random
from pulumi_kotauth import KotauthCredentials


def changed(args):
    if args.type_ == "random:index/randomPassword:RandomPassword":
        return pulumi.ResourceTransformResult({{**args.props, "length": {length}}}, {transformed})


first = random.RandomPassword("first", length=8)
KotauthCredentials("{name}", {{}}, pulumi.ResourceOptions(depends_on=[first], protect=True, {options}))
"""
OWN_PROVIDER = next(text for text in code_blocks(PAGE, "python") if "aws.Provider(" in text)
NETWORK = """
from pulumi_kotauth import AwsNetwork

AwsNetwork("net", {"zones": ["eu-central-1a", "eu-central-1b"]}, pulumi.ResourceOptions(provider=provider))
"""
SECRETS = {"secret-key", "admin-password", "checklist-api-key", "database-password"}


def write(
    project: Project, *, name: str = "old", options: str = "", length: int = 60, transformed: str = "args.opts"
) -> None:
    """Write the program with these options of the component, and what the transform makes of each child."""
    program = PROGRAM.format(
        name=name, options=f"{options}transforms=[changed]", length=length, transformed=transformed
    )
    (project.path / "__main__.py").write_text(program, encoding="utf-8")


def changes(project: Project) -> dict[str, str]:
    """Return what an update would do to each resource that changes."""
    output = project.preview("--json").output
    steps: list[dict[str, Any]] = json.loads(output[output.index("{") :])["steps"]
    return {name_of(step["urn"]): step["op"] for step in steps if step["op"] != "same"}


def test_options_of_a_component(tmp_path: Path, pulumi_engine: None) -> None:
    project = library_project(tmp_path)
    write(project)
    project.up()
    state = {name_of(each["urn"]): each for each in project.state()["deployment"]["resources"]}
    children = {name: each for name, each in state.items() if name.startswith("RandomPassword old-")}
    assert children.keys() == {f"RandomPassword old-{secret}" for secret in SECRETS}
    # Also the password that the component itself doesn't protect.
    assert {each["protect"] for each in children.values()} == {True}
    assert {each["inputs"]["length"] for each in children.values()} == {60}

    write(project, name="new", options="aliases=[pulumi.Alias(name='old')], ")
    assert changes(project) == {}
    # The option of the component is for its own inputs; a transform gives it to the children.
    write(project, length=70, options="ignore_changes=['length'], ")
    refused = project.preview(check=False)
    assert refused.code
    assert "as it is currently marked for protection" in refused.output
    ignored = "pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(ignore_changes=['length']))"
    write(project, length=70, transformed=ignored)
    assert changes(project) == {}


def test_a_provider_whose_role_the_same_program_makes(tmp_path: Path, pulumi_engine: None) -> None:
    project = library_project(tmp_path)
    program = project.path / "__main__.py"
    with aws_simulator(program=project.path) as aws:
        project.variables.update(aws.variables)
        program.write_text(OWN_PROVIDER, encoding="utf-8")
        planned = changes(project)
        assert {"Role deployer", "Instance kotauth-database-instance", "Group kotauth-server"} <= planned.keys()
        assert {*planned.values()} == {"create"}
        # An update of a part, which takes a tenth of the time.
        program.write_text(OWN_PROVIDER.partition("AwsDeployment(\n")[0] + NETWORK, encoding="utf-8")
        project.up()
        (endpoint,) = aws.boto3("ec2").describe_vpc_endpoints()["VpcEndpoints"]
        assert endpoint["ServiceName"] == "com.amazonaws.eu-central-1.s3"
