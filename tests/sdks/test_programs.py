"""A program in TypeScript, Go or Java makes what the same program in Python makes."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import pulumi
import pytest
from google.protobuf import json_format, struct_pb2
from pulumi.runtime import rpc
from pulumi.runtime.proto import language_pb2, language_pb2_grpc

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
from tests.project import ROOT, Project
from tests.sdks import go, host, java, typescript
from tests.unit.recording import Declared, declare
from toolchain.pulumi.pins import GO_MODULE
from toolchain.sdks import generator

pytestmark = pytest.mark.thorough

PAGE = (ROOT / "docs" / "library.md").read_text(encoding="utf-8")
STACK = "pulumi:pulumi:Stack"
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
        "identity-aws",
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
            "vpc_id": "vpc-0123456789abcdef0",
            "subnet_id": "subnet-0123456789abcdef0",
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
def example(sdks: Path, tmp_path_factory: pytest.TempPathFactory) -> typescript.Example:
    (page,) = code_blocks(PAGE, "typescript")
    programs = {"nested": PROGRAMS / "nested.ts", "page": page}
    return typescript.Example(tmp_path_factory.mktemp("typescript") / "example", sdks / "nodejs", programs)


@pytest.fixture(scope="module")
def made_in_python() -> Declared:
    return declare(nested)


def test_typescript(example: typescript.Example, made_in_python: Declared) -> None:
    recorded = example.run("nested")
    assert resources(constructed(recorded)) == resources(made_in_python)
    assert recorded["exported"] == {"url": "https://auth.example.com"}


def test_go(sdks: Path, tmp_path: Path, made_in_python: Declared) -> None:
    recorded = go.Program(tmp_path / "nested", sdks / "go", PROGRAMS / "nested.go").run()
    assert resources(constructed(recorded)) == resources(made_in_python)


def resources(declared: Declared) -> list[Any]:
    """Return what was declared, in one order.

    It has the contents of archives, which have no equality of their own, and no number in the names of hooks, which
    counts what this process declared.
    """
    shown = (
        replace(
            each,
            inputs=json.loads(json.dumps(each.inputs, default=vars)),
            on_error=tuple(hook.split(" ")[0] for hook in each.on_error),
        )
        for each in declared.resources
    )
    return sorted(shown, key=lambda resource: (resource.type, resource.name))


def test_the_typescript_of_the_page(example: typescript.Example, of_the_page: Declared) -> None:
    recorded = example.run("page")
    assert resources(constructed(recorded)) == resources(of_the_page)
    assert recorded["exported"] == {"url": "https://auth.example.org"}


@pytest.fixture(scope="module")
def of_the_page() -> Declared:
    """Return what the page's program in Python declares."""
    program = code_blocks(PAGE, "python")[0].replace("pulumi_kotauth", "components")
    return declare(lambda: exec(program, {}))  # noqa: S102 - the page's own text


@pytest.mark.engine
def test_the_go_of_the_page_on_the_engine(
    pulumi_engine: None, sdks: Path, tmp_path: Path, of_the_page: Declared
) -> None:
    (text,) = code_blocks(PAGE, "go")
    program = go.Program(tmp_path / "page", sdks / "go", text)
    program.build()
    assert previewed(program, "go") == titles(of_the_page)


@pytest.mark.engine
def test_java(pulumi_engine: None, sdks: Path, tmp_path: Path, of_the_page: Declared) -> None:
    """The SDK is generated. Where it can be compiled, the engine previews the program of the page."""
    (text,) = code_blocks(PAGE, "java")
    assert not missing(sdks, "java", "src/main/java/com/pulumi/kotauth/{}.java")
    if java.can_compile():
        program = java.Program(tmp_path / "page", sdks / "java", text)
        assert previewed(program, "java") == titles(of_the_page)


def previewed(program: go.Program | java.Program, runtime: str) -> set[str]:
    """Return what a preview of a program creates, each as type and name."""
    (program.folder / "Pulumi.yaml").write_text(f"name: page\nruntime: {runtime}\n")
    with host.running(program.command) as address:
        return created(with_components(program.folder).preview("--json", "--client", address).output)


@pytest.mark.engine
def test_the_example_in_typescript_on_the_engine(
    pulumi_engine: None, example: typescript.Example, of_the_page: Declared
) -> None:
    project = with_components(example.folder)
    project.configure(baseUrl="https://auth.example.org", acmeEmail="operations@example.org")
    with host.running(example.command) as address:
        output = project.preview("--json", "--client", address).output
        assert created(output) == titles(of_the_page)
        project.configure(baseUrl="http://auth.example.org")
        refused = project.preview("--client", address, check=False)
    assert refused.code
    assert 'baseUrl = "http://auth.example.org": must start with https://' in refused.output
    assert "Traceback" not in refused.output


def with_components(folder: Path) -> Project:
    """Return a project whose package `kotauth` is a copy of the components, with a stack."""
    shutil.copytree(ROOT / "components", folder / "components", ignore=shutil.ignore_patterns("venv", "build"))
    # What pip would install is what the tests run with.
    (folder / "components" / "venv").symlink_to(ROOT / ".venv")
    with (folder / "Pulumi.yaml").open("a", encoding="utf-8") as file:
        file.write("packages:\n  kotauth: ./components\n")
    project = Project(folder, variables={"PIP_NO_INDEX": "1"})
    project.pulumi("stack", "init", project.stack)
    return project


def created(output: str) -> set[str]:
    """Return what a preview creates, each as type and name."""
    steps = json.loads(output[output.index("{") :])["steps"]
    assert {step["op"] for step in steps} == {"create"}
    urns = [step["urn"].split("::") for step in steps]
    return {f"{kind.rpartition(':')[2]} {name}" for _, _, kind, name in urns if kind != STACK}


def titles(declared: Declared) -> set[str]:
    """Return what a preview of the same creates."""
    return {each.title for each in declared.resources if each.type != STACK}


@pytest.mark.parametrize(
    ("language", "file"),
    [
        ("dotnet", "{}.cs"),
        ("python", "pulumi_kotauth/{}.py"),
    ],
)
def test_other_sdks_are_generated(sdks: Path, language: str, file: str) -> None:
    assert not missing(sdks, language, file)


def missing(sdks: Path, language: str, file: str) -> list[str]:
    """Return the components that an SDK lacks; ``file`` is a component's file with braces for its name."""
    names = [component.__name__ for component in COMPONENTS]
    if language == "python":
        names = [re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower() for name in names]
    return [name for name in names if not (sdks / language / file.format(name)).is_file()]


@pytest.mark.parametrize(("script", "error"), [("exit 3", "ended with 3"), ("echo no; exit 1", "no"), ("echo yes", "")])
def test_the_engine_is_told_of_a_program_that_fails(tmp_path: Path, script: str, error: str) -> None:
    with host.running(lambda _: (["sh", "-c", script], {})) as address, grpc.insecure_channel(address) as channel:
        run = language_pb2_grpc.LanguageRuntimeStub(channel).Run
        told = run(
            language_pb2.RunRequest(args=["engine"], info=language_pb2.ProgramInfo(program_directory=str(tmp_path)))
        ).error
    assert error in told
    assert bool(told) == bool(error)


def test_the_generators_share_the_engine_s_build() -> None:
    """Go compiles a module again in another version, which takes minutes."""
    ours, engine = (
        dict(re.findall(r"^\s*(\S+\.\S+/\S+) (v\S+)", (module / "go.mod").read_text(), re.MULTILINE))
        for module in (generator.GO_MODULE, GO_MODULE)
    )
    assert len(ours) > 100
    assert {name: engine.get(name, version) for name, version in ours.items()} == ours
