"""The committed stacks on AWS, as a user has them: the program, its settings, the real engine, and the simulator."""

from __future__ import annotations

import contextlib
import itertools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from simulators.aws import AwsSimulator, Operation, aws_simulator
from simulators.aws.checks.network_state import NetworkState
from simulators.aws.checks.reachability import unreachable
from simulators.aws.cloud import cloud
from tests.project import ROOT, Project, Result

REGION = cloud.REGION
ZONE, ZONE_ID = "example.org", "Z0123456789ABCDEFGHIJ"
"""The hosted zone that the committed settings name."""
HOST_IMAGE = "ami-0123456789abcdef0"
"""A machine image for arm64 that exists, as the comment in Pulumi.prod.yaml names it."""
GROUP, GATE_CALL = "Group kotauth-server", "Invocation kotauth-server-gate-call"
DATABASE = "Instance kotauth-database-instance"
POLICIES = sorted((ROOT / "docs" / "deployer-policy").glob("*.json"))
"""The IAM policies that docs/aws/permissions.md gives to the role that deploys."""


def name_of(urn: str) -> str:
    """Return type and name of a resource, short: `Group kotauth-server`."""
    kind, name = urn.split("::")[-2:]
    return f"{kind.rpartition(':')[2]} {name}"


@dataclass
class AwsStack:
    """A stack of the program, and the AWS that it runs on."""

    project: Project
    aws: AwsSimulator
    said: list[str] = field(default_factory=list)
    """What each `up` printed."""
    seen: int = 0
    """How many of the operations on AWS `done` has returned."""
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def configure(self, **settings: str) -> None:
        """Keep these settings; an empty value takes one away. One write, where the engine would need a run for each."""
        self._write(self._settings, settings)

    def previewed(self, **settings: str) -> Result:
        """Return the preview with these settings on top, which the stack doesn't keep; as JSON, and it may fail."""
        file = self.project.path / f"with-{next(self._numbers)}.yaml"
        self._write(file, settings)
        return self.project.preview("--json", "--config-file", str(file), check=False)

    def steps(self, **settings: str) -> list[dict[str, Any]]:
        """Return the steps of the preview with these settings; what stays the same is none."""
        result = self.previewed(**settings)
        found = read(result)
        assert not result.code, found["diagnostics"]
        return found["steps"]

    def changes(self, **settings: str) -> dict[str, str]:
        """Return what an update with these settings would do, by resource."""
        return operations(self.steps(**settings))

    def up(self, *arguments: str, check: bool = True) -> Result:
        """Run `pulumi up`. When it reports success, each client must reach what it needs."""
        result = self.project.up(*arguments, check=check)
        self.said.append(result.output)
        if not result.code:
            not_reached = unreachable(NetworkState.taken(self.aws.boto3))
            assert not not_reached, "\n".join(not_reached)
        return result

    def done(self) -> list[Operation]:
        """Return what was done on AWS since the last call, in order."""
        everything = self.aws.operations
        new, self.seen = everything[self.seen :], len(everything)
        return new

    def resources(self) -> dict[str, dict[str, Any]]:
        """Return the resources of the state by short name; one that waits for its deletion has `(old)` behind it."""
        found = self.project.state()["deployment"].get("resources", [])
        return {name_of(each["urn"]) + (" (old)" if each.get("delete") else ""): each for each in found}

    def edit(self, file: str, old: str, new: str) -> None:
        """Change a line of the stack's copy of the program."""
        path = self.project.path / file
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{file} has no such line any more"
        path.write_text(text.replace(old, new), encoding="utf-8")

    @property
    def _settings(self) -> Path:
        return self.project.path / f"Pulumi.{self.project.stack}.yaml"

    def _write(self, file: Path, settings: Mapping[str, str]) -> None:
        whole = yaml.safe_load(self._settings.read_text(encoding="utf-8"))
        new = {key if ":" in key else f"kotauth:{key}": value for key, value in settings.items()}
        whole["config"] = {key: value for key, value in {**whole["config"], **new}.items() if value}
        file.write_text(yaml.safe_dump(whole), encoding="utf-8")


def read(result: Result) -> dict[str, Any]:
    """Return what a command printed as JSON, whatever it said before."""
    return json.loads(result.output[result.output.index("{") :])


def operations(steps: list[dict[str, Any]]) -> dict[str, str]:
    """Return what a preview does to each resource: the operation, and what of it changes.

    Components are nothing on AWS and left out; files of the host are called by their hash, so they count as one.
    """
    found: dict[str, list[str]] = {}
    changed: dict[str, set[str]] = {}
    for step in steps:
        if step["op"] == "same" or "kotauth:index:" in step["urn"].split("::")[-2].rpartition("$")[2]:
            continue
        name = re.sub(r"-[0-9a-f]{8}$", "-*", name_of(step["urn"]))
        found.setdefault(name, []).append(step["op"])
        changed.setdefault(name, set()).update(re.split(r"[.[]", path)[0] for path in step.get("detailedDiff") or ())
    return {
        name: " and ".join(ops) + (f": {', '.join(sorted(changed[name]))}" if changed[name] else "")
        for name, ops in found.items()
    }


@contextlib.contextmanager
def aws_stack(folder: Path, name: str) -> Iterator[AwsStack]:
    """Yield the committed stack of that name in a project and an AWS of its own; nothing is up yet."""
    path = folder / "project"
    path.mkdir(parents=True)
    with aws_simulator(region=REGION, program=path) as aws:
        aws.hosted_zone(ZONE, ZONE_ID)
        aws.image(HOST_IMAGE, "arm64")
        yield stack_on(aws, path, name)


def deployer_policies(stack: str) -> list[str]:
    """Return the documented policies, with account and stack put in as docs/aws/permissions.md says."""
    return [
        policy.read_text(encoding="utf-8")
        .replace("111122223333", cloud.ACCOUNT)
        .replace("kotauth/prod", f"kotauth/{stack}")
        for policy in POLICIES
    ]


def stack_on(aws: AwsSimulator, path: Path, name: str) -> AwsStack:
    """Return the committed stack of that name in a project of its own, on an AWS that may have others.

    What the stack does on AWS, it does with the documented policies of a deployer.
    """
    path.mkdir(exist_ok=True)
    aws.restrict(name, *deployer_policies(name))
    settings = yaml.safe_load((ROOT / f"Pulumi.{name}.yaml").read_text(encoding="utf-8"))
    (path / f"Pulumi.{name}.yaml").write_text(yaml.safe_dump({"config": settings["config"]}), encoding="utf-8")
    project = Project.create(path, name)
    project.variables |= aws.variables
    return AwsStack(project, aws)
