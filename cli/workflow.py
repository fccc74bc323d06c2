"""What `make` does around the plain `pulumi` commands: prepare the stack, add the policy pack, say what comes next.

Nothing here is needed to use the program: `pulumi install && pulumi stack init dev && pulumi up` does the same with an
engine of one's own. No tracked file is ever changed but by `image`, whose purpose it is: the engine writes to the file
of a stack, so a stack whose file is in git is run with a copy in `.pulumi-local`.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

import toolchain
from cli import host_image, image_digest, policy_report, readiness, stack_file
from policy.kotauth_policy.formats import FORMATS
from toolchain import EngineError, local_state
from toolchain.machine import docker

ROOT = Path(__file__).resolve().parents[1]
_SALT = re.compile(r"^encryptionsalt: .*$", re.MULTILINE)
_DEVELOPMENT = "dev"


_TAKE_DOWN = """\
error: a stack on AWS is not stopped and started again. To take it down for good (policies refuse the first by make):
  pulumi config set deletionProtection false --stack {stack} && pulumi up --stack {stack}
  make purge STACK={stack}
"""
_READY_SECONDS = 30.0
"""As long as a proxy may take to get its first certificate."""
_NOT_READY = """
error: {url} does not answer 200 but: {answer}
If something was removed or stopped by hand, the state does not know it yet. Have Pulumi look, and make what is missing:
  eval "$(make -s env)" && pulumi up --refresh {options}
If nothing was: docs/operations.md (Docker) and docs/aws.md say where to look."""
_LEFT_ON_AWS = """
Left behind, on purpose, and to be paid for until it is deleted by hand:
  the database's final snapshot           aws rds describe-db-snapshots
  its automated backups                   aws rds describe-db-instance-automated-backups
  the key that both are encrypted with    aws kms list-keys
  the secrets, restorable for 30 days     aws secretsmanager list-secrets --include-planned-deletion
  all other keys, pending deletion        aws kms list-keys
  logs of a database that a restore
  renamed: no key, no retention           aws logs describe-log-groups --log-group-name-prefix /aws/rds/instance/
"""


@dataclass(frozen=True)
class Stack:
    """A stack of this checkout, and how to call Pulumi on it."""

    name: str

    @property
    def file(self) -> Path:
        """The settings that the user edits."""
        return ROOT / f"Pulumi.{self.name}.yaml"

    @property
    def is_on_aws(self) -> bool:
        """Whether it is a stack on AWS, which needs no Docker on this machine."""
        return self.setting("target") == "aws"

    @functools.cached_property
    def is_tracked(self) -> bool:
        """Whether git holds the settings."""
        asked = ["git", "ls-files", "--error-unmatch", self.file.name]
        return subprocess.run(asked, cwd=ROOT, capture_output=True, check=False).returncode == 0

    @property
    def options(self) -> list[str]:
        """The options that choose stack and settings."""
        copy = ["--config-file", str(self._copy)] if self.is_tracked else []
        return ["--stack", self.name, *copy]

    @property
    def policy(self) -> list[str]:
        """The options that run the policy pack; a stack without a policy file of its own has production's."""
        levels = ROOT / "policy" / f"{self.name}.json"
        strict = ROOT / "policy" / "prod.json"
        return ["--policy-pack", "policy", "--policy-pack-config", str(levels if levels.exists() else strict)]

    @property
    def _copy(self) -> Path:
        # An offline preview has a passphrase of its own, which must not replace the real one's salt.
        folder = ROOT / local_state.FOLDER
        return (folder / "offline" if _is_offline() else folder) / self.file.name

    def ensure(self) -> None:
        """Make the stack where there is none, and bring the copy of its settings up to date."""
        before = self.file.read_text(encoding="utf-8") if self.is_tracked else None
        listed = json.loads(pulumi("stack", "ls", "--json", capture=True))
        if self.name not in {stack["name"].rpartition("/")[2] for stack in listed}:
            pulumi("stack", "init", self.name, "--no-select")
        if before is None:
            return
        written = self.file.read_text(encoding="utf-8")
        if written != before:
            self.file.write_text(before, encoding="utf-8")
        # The salt that the secrets of this state are encrypted with: in git only where the user put it there.
        kept = self._copy.read_text(encoding="utf-8") if self._copy.exists() else ""
        salt = _SALT.search(before) or _SALT.search(written) or _SALT.search(kept)
        own = "" if _SALT.search(before) or not salt else f"{salt[0]}\n"
        self._copy.parent.mkdir(exist_ok=True)
        self._copy.write_text(own + before, encoding="utf-8")

    def setting(self, key: str) -> str:
        """Return a setting as the stack's own file has it, empty where it has only its default."""
        written = yaml.safe_load(self.file.read_text(encoding="utf-8")) if self.file.exists() else {}
        return str((written.get("config") or {}).get(key if ":" in key else f"kotauth:{key}", ""))


def pulumi(*arguments: str, capture: bool = False) -> str:
    """Run a pulumi command; end this process with its exit code where it fails."""
    done = _run(*arguments, capture=capture)
    if done.returncode:
        sys.exit(done.returncode)
    return done.stdout or ""


def _run(*arguments: str, capture: bool = False) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["pulumi", *arguments],
        cwd=ROOT,
        env={**os.environ, **_engine()},
        stdout=subprocess.PIPE if capture else None,
        text=True,
        check=False,
    )


@functools.cache
def _engine() -> dict[str, str]:
    """Return how to call the engine; looking for it takes a tenth of a second, and a target calls it several times."""
    return toolchain.environment(ROOT)


def up(stack: Stack) -> None:
    """Bring the stack up."""
    if _is_offline():
        sys.exit("error: OFFLINE=1 is for previews; nothing can be brought up without AWS")
    _prepare(stack)
    pulumi("up", *stack.options, *stack.policy, *_confirmed(stack))
    outputs = json.loads(pulumi("stack", "output", "--json", "--stack", stack.name, capture=True))
    answer = readiness.wait(outputs["readyUrl"], outputs.get("caCertificate", ""), _READY_SECONDS)
    print(_farewell(stack, outputs, answer))
    if answer.conclusive and not answer.ready:
        sys.exit(_NOT_READY.format(url=outputs["readyUrl"], answer=answer.text, options=" ".join(stack.options)))


def preview(stack: Stack) -> None:
    """Show what `up` would change, and what the policy rules object to; with VERBOSE=1 what each of them said."""
    with _offline(stack), policy_report.asked_for(_engine()) as report:
        _prepare(stack)
        done = _run("preview", *stack.options, *stack.policy)
        print(policy_report.table(report, brief=not os.environ.get("VERBOSE")), end="")
    if done.returncode:
        sys.exit(done.returncode)


def report(stack: Stack, wanted: policy_report.Wanted) -> int:
    """Print every policy rule's verdict and nothing else; return 1 where one refuses."""
    with policy_report.stdout_kept() as stdout, policy_report.asked_for(_engine()) as file:
        if wanted.exported:
            with policy_report.readable(wanted.exported) as (name, state):
                done = _run("policy", "analyze", "--file", str(state), *Stack(name).policy)
        elif wanted.deployed:
            if _is_offline():
                sys.exit("error: OFFLINE=1 is for previews; it has nothing deployed")
            done = _run("policy", "analyze", "--stack", stack.name, *stack.policy)
        else:
            with _offline(stack):
                _prepare(stack)
                done = _run("preview", *stack.options, *stack.policy)
        return policy_report.show(file, wanted, stdout, done.returncode)


@contextlib.contextmanager
def _offline(stack: Stack) -> Iterator[None]:
    """With OFFLINE=1, have a simulator answer in the place of AWS, and look at a state of its own: an empty account."""
    if not _is_offline():
        yield
        return
    if not stack.is_on_aws:
        sys.exit(f"error: OFFLINE=1 is for stacks on AWS; {stack.name} is not one (kotauth:target)")
    from simulators.aws import aws_simulator  # noqa: PLC0415 - only where it is asked for

    print("OFFLINE: a simulator answers for AWS. It knows no account, so everything is shown as new.", flush=True)
    region = stack.setting("aws:region")
    with tempfile.TemporaryDirectory() as state, aws_simulator(region=region, program=ROOT) as aws:
        backend = {"PULUMI_BACKEND_URL": Path(state).as_uri(), "PULUMI_CONFIG_PASSPHRASE": "offline"}
        if zone := stack.setting("zoneId"):
            aws.hosted_zone(stack.setting("baseUrl").removeprefix("https://"), zone)
        _engine().update({**aws.variables, **backend})
        yield


def down(stack: Stack) -> None:
    """Stop everything and keep what can't be made again."""
    if stack.is_on_aws:
        sys.exit(_TAKE_DOWN.format(stack=stack.name))
    stack.ensure()
    pulumi("destroy", *stack.options, "--exclude-protected", *_confirmed(stack))
    print("\nKept: the secret key, the passwords and the data. `make up` brings them back, `make purge` removes them.")


def purge(stack: Stack) -> None:
    """Remove everything, for good, after a typed confirmation."""
    if stack.is_on_aws and stack.setting("deletionProtection") != "false":
        # AWS would keep the database and the load balancer, and lose everything else.
        sys.exit(_TAKE_DOWN.format(stack=stack.name))
    stack.ensure()
    print(f"This deletes the secret key, the passwords and all data of stack {stack.name}. Nothing brings them back.")
    try:
        typed = input("Type the stack's name to go on: ").strip()
    except EOFError:
        typed = ""
    if typed != stack.name:
        sys.exit("Nothing was deleted.")
    pulumi("state", "unprotect", "--all", "--yes", "--stack", stack.name)
    pulumi("destroy", *stack.options, "--yes")
    pulumi("stack", "rm", stack.name, "--yes", "--preserve-config")
    if stack.is_on_aws:
        print(_LEFT_ON_AWS)


def image(stack: Stack) -> None:
    """Write the newest machine image for the hosts into the stack's file, and the digests of the container images."""
    if not stack.is_on_aws:
        sys.exit(f"error: hosts with a machine image are AWS's; {stack.name} is not on it (kotauth:target)")
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - only where AWS is asked

    from components.aws.compute.capacity import INSTANCE_TYPE  # noqa: PLC0415 - loads Pulumi's SDK
    from components.inputs.reader import InvalidInputError  # noqa: PLC0415

    try:
        images = image_digest.images(stack.setting)
        newest = host_image.newest(stack.setting("aws:region"), stack.setting("instanceType") or INSTANCE_TYPE)
    except (BotoCoreError, ClientError) as error:
        sys.exit(f"error: AWS can't be asked for the newest image: {error}")
    except InvalidInputError as error:
        sys.exit(f"error: {error}")
    registries, found, unresolved = image_digest.Registries(), {"hostImageId": newest}, list[str]()
    for name, reference in images.items():
        try:
            found[name] = registries.pinned(reference)
        except image_digest.UnresolvedError as error:
            unresolved.append(str(error))
    text = stack.file.read_text(encoding="utf-8")
    for name, value in found.items():
        before, text = text, stack_file.pin(text, name, value)
        print(f"{stack.file.name} {'already names' if text == before else 'now names'} {value}.")
    stack.file.write_text(text, encoding="utf-8")
    print(f"`make preview STACK={stack.name}` shows what it rolls.")
    if unresolved:
        sys.exit("\n".join(f"error: {each}" for each in unresolved))


def _is_offline() -> bool:
    return bool(os.environ.get("OFFLINE"))


def _prepare(stack: Stack) -> None:
    stack.ensure()
    if not (stack.is_on_aws or stack.setting("docker:host") or stack.setting("docker:context")):
        docker.ensure_daemon()
    if stack.name == _DEVELOPMENT:
        _choose_images(stack)


def _choose_images(stack: Stack) -> None:
    """Have the development stack run what can be had here; an image that the user has set stays."""
    from simulators import images  # noqa: PLC0415 - building needs much that other stacks don't

    chosen = images.choose()
    for setting, image in chosen.items():
        current = stack.setting(setting)
        if not current and image.startswith("localhost/"):
            pulumi("config", "set", setting, image, "--stack", stack.name)
    if chosen["image"].startswith("localhost/"):
        print(
            "NOTE: no image registry can be reached. This stack runs a simulator that keeps Kotauth's contract, "
            "not Kotauth itself; PostgreSQL and Caddy are real, built from packages.",
            file=sys.stderr,
        )


def _confirmed(stack: Stack) -> list[str]:
    """Development goes ahead, every other stack asks (or takes YES=1)."""
    return ["--yes"] if stack.name == _DEVELOPMENT or os.environ.get("YES") else []


def _farewell(stack: Stack, outputs: dict[str, str], answer: readiness.Answer) -> str:
    option = "" if stack.name == _DEVELOPMENT else f" STACK={stack.name}"
    lines = [
        f"Kotauth's address    {outputs['url']}",
        f"Readiness            {outputs['readyUrl']}: {answer.text}",
        f"Admin console        {outputs['adminUrl']}, user admin",
        'First, in this shell eval "$(make -s env)"',
        f"Its first password   pulumi stack output adminPassword --show-secrets --stack {stack.name}",
    ]
    if outputs.get("caCertificate"):
        lines += [
            f"Its authority        pulumi stack output caCertificate --stack {stack.name} > kotauth-ca.pem",
            f"                     curl --cacert kotauth-ca.pem {outputs['readyUrl']} (browsers: see README)",
        ]
    if stack.is_on_aws:
        lines.append(f"Its name points to   {outputs['frontendAddress']}")
        lines.append(f"Dashboard            {outputs['dashboardUrl']}")
    else:
        lines.append(f"To stop              make down{option} (keeps key, passwords and data)")
    return "\n" + "\n".join(lines)


def main() -> int:
    """Run one command."""
    commands = {"up": up, "preview": preview, "down": down, "purge": purge, "image": image}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=[*commands, "policy-report"])
    parser.add_argument("--stack", default=_DEVELOPMENT)
    wanted = parser.add_argument_group("policy-report")
    wanted.add_argument("--format", choices=FORMATS, default="table")
    wanted.add_argument("--out", type=Path, help="file to write to, in place of standard output")
    state = wanted.add_mutually_exclusive_group()
    state.add_argument("--deployed", action="store_true", help="judge what is deployed, in place of a preview")
    state.add_argument("--file", type=Path, dest="exported", help="judge a state that `pulumi stack export` wrote")
    arguments = parser.parse_args()
    try:
        if arguments.command == "policy-report":
            options = (arguments.format, arguments.out, arguments.deployed, arguments.exported)
            return report(Stack(arguments.stack), policy_report.Wanted(*options))
        commands[arguments.command](Stack(arguments.stack))
    except (EngineError, KeyboardInterrupt) as error:
        print(f"error: {error or 'interrupted'}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
