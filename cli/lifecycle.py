"""`make up`, `make down` and `make purge`: deploy, stop and delete a stack."""

from __future__ import annotations

import json
import os
import sys
from typing import Any
from urllib.parse import urlsplit

from . import offline, pulumi_command, readiness
from .preparation import prepare
from .stack import Stack

_TAKE_DOWN = """\
error: a stack on AWS can't be stopped, only deleted, and only without deletion protection. `make up` refuses to switch
the protection off in production, so use plain Pulumi. To delete the stack:
  eval "$(make -s env)"
  pulumi config set deletionProtection false --stack {stack} && pulumi up --stack {stack}
  make purge STACK={stack}
"""
_LEFT_VOLUME = """
Kept on purpose, on the Docker host: volume {volume} with the backups.
Only a backup kit opens it, because the password of the repository was deleted with the stack.
To delete the backups, too: docker volume rm {volume}"""
_VOLUME = "docker:index/volume:Volume"
_READY_SECONDS = 30.0
"""Time limit for the first certificate of a proxy."""
_NOT_READY = """
error: {url} does not answer 200 but: {answer}
{remedy}If a resource was stopped or removed outside Pulumi, refresh the state and recreate the resource:
  eval "$(make -s env)" && pulumi up --refresh {options}
Otherwise see docs/docker.md (Docker) or docs/aws/troubleshoot.md (AWS)."""
_LOG_SECONDS = 15.0
"""Time limit for the refusal of a certificate in the log of a proxy."""
_NO_CERTIFICATE = """
error: the frontend has no certificate for {host}. Its log says:
  {said}
{advice}"""
_YOUR_PROXY = """\
The server is ready on network {network}. Your proxy must join that network, route the public address to the server
and have a certificate that clients trust; a new certificate can take a minute.
docs/own-proxy.md has an example. Then request the address again:
  curl {url}
"""
_NO_STACK = """\
error: stack {stack} does not exist in this state. List the stacks, then set STACK to one of them:
  eval "$(make -s env)" && pulumi stack ls"""
_PURGE_FIRST = """
error: this stack has resource names of an older version and can't be migrated. Back up its data if you need
it, run `make purge STACK={stack}`, then `make up STACK={stack}`."""
LEFT_ON_AWS = """
Kept on purpose. AWS charges for these until you delete them by hand:
  the database's final snapshot           aws rds describe-db-snapshots
  its automated backups                   aws rds describe-db-instance-automated-backups
  the key that both are encrypted with    aws kms list-keys
  the secrets, restorable for 30 days     aws secretsmanager list-secrets --include-planned-deletion
  all other keys, pending deletion        aws kms list-keys
  log groups of a database that was renamed for
  a restore (no key, no retention)        aws logs describe-log-groups --log-group-name-prefix /aws/rds/instance/
"""


def up(stack: Stack) -> None:
    """Deploy the stack and wait for its public address."""
    offline.refuse("`make up` needs AWS")
    prepare(stack)
    deploy(stack, *_confirmed(stack))


def deploy(stack: Stack, *confirmed: str) -> None:
    """Run `pulumi up` and wait for the public address; ``confirmed`` are the options that answer for the user."""
    done = pulumi_command.run("up", *stack.options, *stack.policy_options, *confirmed)
    if done.returncode:
        from components.docker.preflight import FORMER_FRONTEND  # noqa: PLC0415 - loads Pulumi's SDK

        state = pulumi_command.run("stack", "export", "--stack", stack.name, capture=True).stdout
        if f"::{FORMER_FRONTEND}" in state:
            print(_PURGE_FIRST.format(stack=stack.name), file=sys.stderr)
        sys.exit(done.returncode)
    outputs = json.loads(pulumi_command.run_or_exit("stack", "output", "--json", "--stack", stack.name, capture=True))
    answer = readiness.wait(outputs["readyUrl"], outputs.get("caCertificate", ""), _READY_SECONDS)
    print(_farewell(stack, outputs, answer))
    url, network = outputs["readyUrl"], stack.setting("proxyNetwork")
    remedy = _YOUR_PROXY.format(network=network, url=url) if network else ""
    by_acme = not (
        stack.is_on_aws or network or outputs.get("caCertificate") or stack.setting("certificates") == "files"
    )
    if by_acme and not answer.ready:
        _require_certificate(stack, outputs["url"], 0 if answer.conclusive else _LOG_SECONDS)
    if answer.conclusive and not answer.ready:
        options = " ".join(stack.options)
        sys.exit(_NOT_READY.format(url=url, answer=answer.text, remedy=remedy, options=options))
    if remedy and not answer.ready:
        print("\n" + remedy)


def down(stack: Stack) -> None:
    """Stop the stack, and keep its key, passwords and data."""
    if stack.is_on_aws:
        sys.exit(_TAKE_DOWN.format(stack=stack.name))
    require(stack)
    pulumi_command.run_or_exit("destroy", *stack.options, "--exclude-protected", *_confirmed(stack))
    up, purge = (f"`make {command}{stack.make_option}`" for command in ("up", "purge"))
    print(f"\nKept: the secret key, the passwords and the data. {up} uses them again, {purge} deletes them.")


def purge(stack: Stack) -> None:
    """Delete the stack and its data permanently, after a typed confirmation."""
    if stack.is_on_aws and stack.setting("deletionProtection") != "false":
        # AWS would keep the database and the load balancer, and lose everything else.
        sys.exit(_TAKE_DOWN.format(stack=stack.name))
    require(stack)
    print(f"This deletes the secret key, the passwords and all data of stack {stack.name}. They can't be recovered.")
    if _kept_volumes(stack):
        print(f"The backups stay, but only a backup kit opens them: make backup-kit{stack.make_option} writes one.")
    confirm(stack, "Nothing was deleted.")
    kept = _kept_volumes(stack)
    pulumi_command.run_or_exit("state", "unprotect", "--all", "--yes", "--stack", stack.name)
    pulumi_command.run_or_exit("destroy", *stack.options, "--yes")
    pulumi_command.run_or_exit("stack", "rm", stack.name, "--yes", "--preserve-config")
    if stack.is_on_aws:
        print(LEFT_ON_AWS)
    for volume in kept:
        print(_LEFT_VOLUME.format(volume=volume))


def _require_certificate(stack: Stack, url: str, seconds: float) -> None:
    """End this process with the reason if the frontend could not get its certificate by ACME."""
    host = urlsplit(url).hostname or ""
    problem = readiness.certificate_problem(stack, host, seconds)
    if problem:
        sys.exit(_NO_CERTIFICATE.format(host=host, said=problem.said, advice=problem.advice))


def confirm(stack: Stack, otherwise: str = "Nothing was changed.") -> None:
    """Ask for the name of the stack; end this process with ``otherwise`` where something else is typed."""
    try:
        typed = input("Type the name of the stack to confirm: ").strip()
    except EOFError:
        typed = ""
    if typed != stack.name:
        sys.exit(otherwise)


def _kept_volumes(stack: Stack) -> list[str]:
    """Return the names of the volumes that stay on the Docker host when the stack is deleted."""
    exported = json.loads(pulumi_command.run_or_exit("stack", "export", "--stack", stack.name, capture=True))
    resources: list[dict[str, Any]] = exported["deployment"].get("resources") or []
    return [resource["id"] for resource in resources if resource["type"] == _VOLUME and resource.get("retainOnDelete")]


def require(stack: Stack) -> None:
    """Bring the copy of the settings up to date; end this process if the stack does not exist."""
    if not stack.exists():
        sys.exit(_NO_STACK.format(stack=stack.name))
    stack.ensure()


def _confirmed(stack: Stack) -> list[str]:
    """Development goes ahead, every other stack asks (or takes YES=1)."""
    return ["--yes"] if stack.is_development or os.environ.get("YES") else []


def _farewell(stack: Stack, outputs: dict[str, str], answer: readiness.Answer) -> str:
    lines = [
        f"URL                  {outputs['url']}",
        f"Readiness            {outputs['readyUrl']}: {answer.text}",
        f"Admin console        {outputs['adminUrl']}, user admin",
        'Once in this shell   eval "$(make -s env)"',
        f"First password       pulumi stack output adminPassword --show-secrets --stack {stack.name}",
    ]
    if outputs.get("caCertificate"):
        lines += [
            f"CA certificate       pulumi stack output caCertificate --stack {stack.name} > kotauth-ca.pem",
            f"                     curl --cacert kotauth-ca.pem {outputs['readyUrl']} (browsers: docs/docker.md)",
        ]
    if outputs.get("logWatcher"):
        lines.append(f"Log route            {readiness.log_route(stack, outputs['logWatcher'])}")
    if stack.is_on_aws:
        lines.append(f"DNS target           {outputs['frontendAddress']}")
        lines.append(f"Dashboard            {outputs['dashboardUrl']}")
    else:
        lines.append(f"To stop              make down{stack.make_option} (keeps key, passwords and data)")
    return "\n" + "\n".join(lines)
