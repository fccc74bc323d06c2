"""The engine built from the Go module proxy: CLI, host for YAML programs, and the docker and random plugins.

For machines that cannot reach Pulumi's download servers. The proxy carries the engine's source and the Terraform
providers that Pulumi's plugins are made of; `go/` puts them together.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

from ..machine import cache, progress
from ..machine.errors import EngineError
from . import go_toolchain
from .pins import GO_MODULE, PLUGIN_VERSIONS, PULUMI_VERSION, PULUMI_YAML_VERSION

_SDK_MODULE = "github.com/pulumi/pulumi/sdk/v3"
_LINKER_VARIABLES = {
    f"{_SDK_MODULE}/go/common/version.Version": f"v{PULUMI_VERSION}",
    "github.com/pulumi/pulumi-yaml/pkg/version.Version": f"v{PULUMI_YAML_VERSION}",
    **{f"main.{package}Version": version for package, version in PLUGIN_VERSIONS.items()},
}
# `no_compose` leaves out Docker Compose, which the docker plugin's upstream would drag in.
_BUILD_FLAGS = (
    "-v",
    "-tags",
    "no_compose",
    "-ldflags",
    " ".join(("-s -w", *(f"-X {k}={v}" for k, v in _LINKER_VARIABLES.items()))),
)


def folder() -> Path:
    """Return where the built engine is or would be."""
    return cache.folder() / _name()


def ensure() -> Path:
    """Return the folder of the built engine (`bin/`, `home/`, `python-sdk/`); build it if it is not there."""
    return cache.artefact(_name(), _build)


def plugin_file(package: str) -> Path:
    """Return the executable of a built plugin."""
    name = f"resource-{package}-v{PLUGIN_VERSIONS[package]}"
    return folder() / "home" / "plugins" / name / f"pulumi-resource-{package}"


def _name() -> str:
    return f"engine-{cache.key(GO_MODULE, Path(__file__), *_BUILD_FLAGS)}"


def _build(partial: Path) -> None:
    go = go_toolchain.ensure()
    binaries = partial / "go-build"
    with progress.step(
        f"Building the Pulumi engine {PULUMI_VERSION} with {go} from the Go module proxy"
        " (once; about 5 minutes and 5 GB in Go's own caches)"
    ):
        progress.run(
            [str(go), "build", "-C", str(GO_MODULE), *_BUILD_FLAGS, "-o", f"{binaries}/", "tool", "./cmd/..."],
            what="go build",
            log=cache.folder() / "logs" / "go-build.log",
            env=_environment(),
            describe=_compilation,
        )
    commands = partial / "bin"
    commands.mkdir()
    for name in ("pulumi", "pulumi-language-yaml"):
        (binaries / name).rename(commands / name)
    _copy_python_sdk(go, partial)
    _install_plugins(commands / "pulumi", binaries, partial / "home")
    shutil.rmtree(binaries)
    _share_workspaces(partial / "home")


def _environment() -> dict[str, str]:
    """Return the user's environment with what would make the build depend on the machine taken out."""
    return {
        **os.environ,
        "CGO_ENABLED": "0",
        "GOFLAGS": "-mod=readonly -buildvcs=false",
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
    }


def _compilation(lines: list[str]) -> str:
    downloads = sum(line.startswith("go: downloading") for line in lines)
    return f", {downloads} modules downloaded, {len(lines) - downloads} packages compiled"


def _copy_python_sdk(go: Path, partial: Path) -> None:
    """Copy the official scripts that run Python programs, so that nothing depends on Go's module cache later."""
    asked = subprocess.run(
        [str(go), "list", "-C", str(GO_MODULE), "-m", "-f", "{{.Dir}}", _SDK_MODULE],
        env=_environment(),
        check=True,
        capture_output=True,
        text=True,
    )
    sdk = Path(asked.stdout.strip()) / "python"
    _copy_executable(sdk / "cmd" / "pulumi-language-python-exec", partial / "python-sdk")
    # The provider of `pulumi.dynamic` resources lies beside the CLI in the official distribution, too.
    _copy_executable(sdk / "dist" / "pulumi-resource-pulumi-python", partial / "bin")


def _copy_executable(source: Path, target_folder: Path) -> None:
    target_folder.mkdir(exist_ok=True)
    target = target_folder / source.name
    target.write_bytes(source.read_bytes())
    target.chmod(0o755)


def _share_workspaces(home: Path) -> None:
    """Keep the selected stack of each project out of the artefact, so that a newer engine remembers it."""
    shared = cache.folder() / "workspaces"
    shared.mkdir(exist_ok=True)
    (home / "workspaces").symlink_to(shared, target_is_directory=True)


def _install_plugins(pulumi: Path, binaries: Path, home: Path) -> None:
    environment = {**os.environ, "PULUMI_HOME": str(home), "PULUMI_SKIP_UPDATE_CHECK": "true"}

    def call(*arguments: str) -> str:
        done = subprocess.run([str(pulumi), *arguments], env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise EngineError(f"`pulumi {' '.join(arguments)}` failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    with progress.step("Installing the built plugins " + ", ".join(f"{p} {v}" for p, v in PLUGIN_VERSIONS.items())):
        if not re.fullmatch(rf"v?{re.escape(PULUMI_VERSION)}\s*", version := call("version")):
            raise EngineError(f"the built CLI says it is {version.strip()}, not {PULUMI_VERSION}")
        for package, version in PLUGIN_VERSIONS.items():
            file = binaries / f"pulumi-resource-{package}"
            call("plugin", "install", "resource", package, version, "--file", str(file), "--reinstall")
