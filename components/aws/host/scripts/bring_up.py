"""From fetched files to answering containers. Every stage may run again, at a reboot or after a failure."""

from __future__ import annotations

import json
import os
import tempfile
from typing import Any

from .boot import retry_until
from .command import CommandError, run
from .files import read, write
from .services import Services
from .volume import mount

CONFIG = "/etc/kotauth"
RUN = "/run/kotauth"
NETWORK = "kotauth"
PULL_SECONDS = 600

Plan = dict[str, Any]


def bring_up(plan: Plan, deadline: float) -> None:
    """Go through all stages; return once every container is healthy."""
    aws = Services()
    retry_until("logs", deadline, start_logs)
    late: Plan = retry_until("parameter", deadline, lambda: parameter(aws, plan))
    retry_until("files", deadline, lambda: write_files(plan, late))
    retry_until("secrets", deadline, lambda: write_secrets(aws, plan, late))
    if plan["volume"]:
        retry_until("volume", deadline, lambda: mount(plan["volume"], str(late["volume_id"])))
    retry_until("docker", deadline, start_docker)
    retry_until("images", deadline, lambda: pull_images(aws, plan))
    retry_until("units", deadline, lambda: start_units(plan))
    retry_until("ready", deadline, lambda: look_at_health(plan))


def start_logs() -> None:
    """Ship this program's lines from here on; the first ones are in the journal and follow."""
    run("systemctl", "daemon-reload")
    run("systemctl", "start", "--no-block", "kotauth-logs.service")


def parameter(aws: Services, plan: Plan) -> Plan:
    """Return the values that weren't known when the user data was written."""
    late: Plan = json.loads(aws.parameter(plan["parameter"]))
    for name, keys in plan["late"].items():
        missing = sorted(set(keys) - set(late["environment"].get(name, {})) - set(late["config"].get(name, {})))
        if missing:
            raise ValueError(f"the boot parameter has no {', '.join(missing)} of {name}")
    return late


def write_files(plan: Plan, late: Plan) -> None:
    """Put the late environment and all configuration files where the containers look for them."""
    for name, values in late["environment"].items():
        lines = "".join(f"{key}={value}\n" for key, value in sorted(values.items()))
        write(f"{RUN}/{name}.env", lines.encode())
    for part, facts in plan["parts"].items():
        files = {file: read(f"{CONFIG}/{part}/{file}") for file in facts["config"]}
        files.update((file, text.encode()) for file, text in late["config"].get(part, {}).items())
        fill(f"{RUN}/{part}/config", files, facts["owner"])


def write_secrets(aws: Services, plan: Plan, late: Plan) -> None:
    """Fetch every secret first and write then: a container finds all of them, or isn't started.

    Each version has a label of its own, so that an old host keeps the ones it was made with.
    """
    for part, facts in plan["parts"].items():
        arns = late["secrets"].get(part, {})
        files = {file: aws.secret(arns[file], version).encode() for file, version in facts["secrets"].items()}
        fill(f"{RUN}/{part}/secrets", files, facts["owner"])


def fill(folder: str, files: dict[str, bytes], owner: list[int]) -> None:
    """Write files that only their owner reads."""
    uid, gid = owner
    os.makedirs(folder, exist_ok=True)
    for file, content in files.items():
        write(f"{folder}/{file}", content, mode=0o400, owner=(uid, gid))
    os.chown(folder, uid, gid)
    os.chmod(folder, 0o500)


def start_docker() -> None:
    """Start Docker and make the network on which the containers find each other."""
    try:
        run("systemctl", "start", "docker.service", timeout=120)
    except CommandError:
        # What has failed three times in a minute is refused, and the next try is to be a real one.
        run("systemctl", "reset-failed", "docker.service")
        raise
    if NETWORK not in run("docker", "network", "ls", "--format", "{{.Name}}").split():
        run("docker", "network", "create", NETWORK)


def pull_images(aws: Services, plan: Plan) -> None:
    """Pull what isn't there."""
    for image in plan["images"]:
        try:
            run("docker", "image", "inspect", "--format", "{{.Id}}", image)
        except CommandError:
            region = plan["logins"].get(image.partition("/")[0])
            if region:
                pull_with_login(image, aws.registry_login(region))
            else:
                run("docker", "pull", "--quiet", image, timeout=PULL_SECONDS)


def pull_with_login(image: str, login: str) -> None:
    """Pull from a private registry, with a login that is in memory only, and for no longer than the pull takes."""
    os.makedirs(RUN, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=RUN) as folder:
        config = {"auths": {image.partition("/")[0]: {"auth": login}}}
        write(f"{folder}/config.json", json.dumps(config).encode())
        run("docker", "pull", "--quiet", image, timeout=PULL_SECONDS, DOCKER_CONFIG=folder)


def start_units(plan: Plan) -> None:
    """Start the containers, and the watchdog over them."""
    for part in plan["parts"]:
        run("systemctl", "start", "--no-block", f"kotauth-{part}.service")
    run("systemctl", "start", "kotauth-watchdog.timer")


def look_at_health(plan: Plan) -> None:
    """Raise ``CommandError`` unless all containers are healthy."""
    for part in plan["parts"]:
        health = run("docker", "inspect", "--format", "{{.State.Health.Status}}", part)
        if health != "healthy":
            raise CommandError(f"{part} is {health}")
