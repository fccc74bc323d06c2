"""Previews against a simulator of AWS on this machine, of an empty account.

OFFLINE=1 previews a stack of this checkout. `make offline` previews a project in another folder, with the Pulumi, the
state and the settings that the user has there.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path

from . import pulumi_command
from .stack import Stack, is_offline

_ANNOUNCED = "OFFLINE: a simulator answers for AWS. Its account is empty, so all resources are shown as new."
_NO_PULUMI = """\
error: pulumi is not on the PATH: install Pulumi, or use this clone's engine and state in this shell:
  make engine && eval "$(make -s env)\""""


@contextlib.contextmanager
def aws_simulated_if_asked(stack: Stack) -> Generator[None]:
    """With OFFLINE=1, run the AWS simulator meanwhile, and look at a state of its own: an empty account."""
    if not is_offline():
        yield
        return
    if not stack.is_on_aws:
        sys.exit(f"error: OFFLINE=1 is only for stacks on AWS, and kotauth:target of {stack.name} is not aws")
    from simulators.aws import aws_simulator  # noqa: PLC0415 - only where it is asked for

    print(_ANNOUNCED, flush=True)
    region = stack.setting("aws:region")
    with tempfile.TemporaryDirectory() as state, aws_simulator(region=region, program=pulumi_command.ROOT) as aws:
        if zone := stack.setting("zoneId"):
            aws.hosted_zone(stack.setting("baseUrl").removeprefix("https://"), zone)
        backend = {"PULUMI_BACKEND_URL": Path(state).as_uri(), "PULUMI_CONFIG_PASSPHRASE": "offline"}
        with pulumi_command.variables_added({**aws.variables, **backend}):
            yield


def refuse(reason: str) -> None:
    """End this process where OFFLINE=1 is set for a job that can't do without AWS."""
    if is_offline():
        sys.exit(f"error: OFFLINE=1 is only for previews: {reason}")


def main(words: list[str]) -> int:
    """Preview a stack of the project in another folder; further words are options of `pulumi preview`."""
    parser = argparse.ArgumentParser(prog="make offline", usage="make offline PROJECT=folder [STACK=name]")
    parser.add_argument("project")
    parser.add_argument("stack")
    arguments, options = parser.parse_known_args(words)
    project = Path(arguments.project)
    if not arguments.project or not (project / "Pulumi.yaml").is_file():
        sys.exit(f"error: PROJECT={arguments.project}: there is no Pulumi.yaml: give the folder of your project")
    if shutil.which("pulumi") is None:
        sys.exit(_NO_PULUMI)
    from simulators.aws import aws_simulator, cloud  # noqa: PLC0415 - only where it is asked for

    print(_ANNOUNCED, file=sys.stderr)
    region = os.environ.get("AWS_REGION") or cloud.REGION
    with aws_simulator(region=region, program=project.resolve()) as aws:
        command = ["pulumi", "preview", "--stack", arguments.stack, *options]
        done = subprocess.run(command, cwd=project, env={**os.environ, **aws.variables}, check=False)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
