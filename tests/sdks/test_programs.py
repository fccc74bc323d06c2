"""A program in TypeScript or Go makes what the same program in Python makes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pulumi
import pytest
from google.protobuf import json_format, struct_pb2
from pulumi.runtime import rpc

from components import (
    COMPONENTS,
    PACKAGE,
    AwsDeployment,
    AwsDns,
    AwsSecret,
    AwsSingleHost,
    ContainerSpec,
    DockerContainer,
    DockerDeployment,
)
from components.schema.host import Components
from tests.code_blocks import code_blocks
from tests.project import ROOT
from tests.sdks import go, typescript
from tests.unit.recording import Declared, declare
from toolchain.pulumi.pins import GO_MODULE
from toolchain.sdks import generator

pytestmark = pytest.mark.thorough

PAGE = (ROOT / "docs" / "library.md").read_text(encoding="utf-8")
PROGRAMS = Path(__file__).parent / "programs"
SPEC: ContainerSpec = {
    "part": "server",
    "image": "registry.example/x:1.2.3",
    "user": "10001:10001",
    "memory": 64,
    "cpus": 0.5,
    "probe": {"command": ["true"], "interval_seconds": 5, "timeout_seconds": 5, "retries": 3},
}


def nested() -> None:
    """Make what `programs/nested.ts` and `programs/nested.go` make."""
    DockerDeployment(
        "docker",
        {
            "base_url": "https://auth.example.com",
            "acme_email": "ops@example.com",
            "http_port": 81,
            "secret_key": pulumi.Output.secret("b" * 64),
            "labels": {"team": "identity"},
        },
    )
    DockerContainer(
        "container",
        {
            "spec": {
                **SPEC,
                "environment": {"PLAIN": "a"},
                "secret_files": ["token"],
                "config_files": {"server.conf": "late"},
                "volumes": [{"name": "data", "path": "/data"}],
                "log": {"driver": "json-file", "options": {"max-size": "1m"}},
                "before_start": {"name": "guard", "image": "registry.example/x:1.2.3", "command": ["check"]},
            },
            "secrets": {"token": "of the container"},
            "networks": [{"name": "back", "alias": "server", "for_check": True}, {"name": "front"}],
        },
    )
    AwsDeployment(
        "aws",
        {
            "base_url": "https://auth.example.com",
            "availability_zones": ["eu-central-1a", "eu-central-1b"],
            "zone_id": "Z0123456789ABC",
            "admin_cidrs": ["203.0.113.0/24"],
            "egress_ports": [443, 587],
            "database_multi_az": False,
            "alarm_latency": 1.5,
            "tags": {"team": "identity"},
        },
    )
    AwsSecret("secret", {"value": pulumi.Output.secret("of the secret"), "description": "Token"})
    AwsSingleHost(
        "host",
        {
            "vpc_id": "vpc-1",
            "subnet_id": "subnet-a",
            "availability_zone": "eu-central-1a",
            "containers": [{**SPEC, "secret_files": ["token"], "ports": [{"host": 443, "container": 8443}]}],
            # What the recorders answer for the outputs of `secret`.
            "secrets": {"token": {"arn": "secret-arn", "key_arn": "secret-key", "version_label": "v1"}},
            "egress": [{"port": 443, "description": "AWS"}],
            "watch": {"port": 9000},
        },
    )
    AwsDns(
        "dns",
        {
            "zone_id": "Z0123456789ABC",
            "name": "auth.example.com",
            "alias": {"dns_name": "lb.example.com", "zone_id": "Z1", "dualstack": True},
        },
    )


def constructed(recorded: Mapping[str, Any]) -> Declared:
    """Return what the provider makes of what a program in another language registered."""
    provider = Components(COMPONENTS, PACKAGE)

    def construct() -> None:
        for resource in recorded["resources"]:
            wire = json_format.ParseDict(resource["inputs"], struct_pb2.Struct())
            inputs = {
                name: pulumi.Output.secret(rpc.unwrap_rpc_secret(each)) if rpc.is_rpc_secret(each) else each
                for name, each in rpc.deserialize_properties(wire, keep_unknowns=True).items()
            }
            provider.construct(resource["name"], resource["type"], inputs, None)

    return declare(construct)


@pytest.fixture(scope="module")
def sdks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the SDKs, by language."""
    folder = tmp_path_factory.mktemp("sdks")
    schema = folder / "schema.json"
    schema.write_text(Components(COMPONENTS, PACKAGE).schema or "", encoding="utf-8")
    generator.generate(schema, folder, "nodejs", "go", "dotnet", "java", "python")
    return folder


@pytest.fixture(scope="module")
def typescript_project(sdks: Path, tmp_path_factory: pytest.TempPathFactory) -> typescript.Project:
    (page,) = code_blocks(PAGE, "typescript")
    programs = {"nested": PROGRAMS / "nested.ts", "example": typescript.EXAMPLE / "index.ts", "page": page}
    return typescript.Project(tmp_path_factory.mktemp("typescript"), sdks / "nodejs", programs)


@pytest.fixture(scope="module")
def made_in_python() -> Declared:
    return declare(nested)


def test_typescript(typescript_project: typescript.Project, made_in_python: Declared) -> None:
    recorded = typescript_project.run("nested")
    assert resources(constructed(recorded)) == resources(made_in_python)
    assert recorded["exported"] == {"url": "https://auth.example.com"}


def test_go(sdks: Path, tmp_path: Path, made_in_python: Declared) -> None:
    recorded = go.run(tmp_path / "nested", sdks / "go", PROGRAMS / "nested.go")
    assert resources(constructed(recorded)) == resources(made_in_python)


def resources(declared: Declared) -> list[Any]:
    """Return what was declared, in one order, with the contents of archives, which have no equality of their own."""
    shown = (replace(each, inputs=json.loads(json.dumps(each.inputs, default=vars))) for each in declared.resources)
    return sorted(shown, key=lambda resource: (resource.type, resource.name))


def test_the_example_in_typescript(typescript_project: typescript.Project) -> None:
    (project,) = re.findall(r"^name: (.*)$", (typescript.EXAMPLE / "Pulumi.yaml").read_text(), re.MULTILINE)
    settings = {"baseUrl": "https://auth.example.com", "acmeEmail": "ops@example.com"}
    recorded = typescript_project.run(
        "example", project=project, config={f"{project}:{name}": value for name, value in settings.items()}
    )
    made = constructed(recorded)
    assert made.named("kotauth-server", ":Container").labels["team"] == "identity"
    assert recorded["exported"]["url"] == settings["baseUrl"]


def test_the_programs_of_the_page(typescript_project: typescript.Project, sdks: Path, tmp_path: Path) -> None:
    (in_go,) = code_blocks(PAGE, "go")
    recorded = [typescript_project.run("page"), go.run(tmp_path / "page", sdks / "go", in_go)]
    for each in recorded:
        assert constructed(each).named("kotauth-server", ":Container").labels["team"] == "identity"


@pytest.mark.parametrize(
    ("language", "file"),
    [
        ("dotnet", "{}.cs"),
        ("java", "src/main/java/com/pulumi/kotauth/{}.java"),
        ("python", "pulumi_kotauth/{}.py"),
    ],
)
def test_other_sdks_are_generated(sdks: Path, language: str, file: str) -> None:
    names = [component.__name__ for component in COMPONENTS]
    if language == "python":
        names = [re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower() for name in names]
    assert not [name for name in names if not (sdks / language / file.format(name)).is_file()]


def test_the_generators_share_the_engine_s_build() -> None:
    """Go compiles a module again in another version, which takes minutes."""
    ours, engine = (
        dict(re.findall(r"^\s*(\S+\.\S+/\S+) (v\S+)", (module / "go.mod").read_text(), re.MULTILINE))
        for module in (generator.GO_MODULE, GO_MODULE)
    )
    assert len(ours) > 100
    assert {name: engine.get(name, version) for name, version in ours.items()} == ours
