"""From fetched files to answering containers. Every stage may run again, at a reboot or after a failure."""

from __future__ import annotations

import json
import os
import tempfile
from typing import Any

from . import names
from .command import CommandError, run
from .files import read, write
from .services import Services
from .stages import retry_until
from .units import Container, container_unit
from .volume import mount

PULL_SECONDS = 600

Plan = dict[str, Any]


def bring_up(plan: Plan, deadline: float) -> None:
    """Go through all stages; return once every container is healthy."""
    aws = Services()
    # Their hashes stand in the plan, so they are there, and whole.
    containers = load_containers(plan)
    retry_until("logs", deadline, start_logs)
    deferred: Plan = retry_until("parameter", deadline, lambda: parameter(aws, plan))
    retry_until("files", deadline, lambda: write_files(containers, deferred))
    retry_until("secrets", deadline, lambda: write_secrets(aws, plan, containers, deferred))
    if plan["volume"]:
        retry_until("volume", deadline, lambda: mount(plan["volume"], str(deferred["volume_id"])))
    retry_until("docker", deadline, lambda: start_docker(containers))
    retry_until("images", deadline, lambda: pull_images(aws, plan, containers))
    retry_until("units", deadline, lambda: start_units(containers))
    retry_until("ready", deadline, lambda: look_at_health(plan))


def load_containers(plan: Plan) -> list[Container]:
    """Return what the plan says of each container, in the order in which they start."""
    return [json.loads(read(names.container_file(part))) for part in plan["containers"]]


def start_logs() -> None:
    """Ship this program's lines from here on; the first ones are in the journal and follow."""
    run("systemctl", "daemon-reload")
    run("systemctl", "start", "--no-block", names.LOGS_UNIT)


def parameter(aws: Services, plan: Plan) -> Plan:
    """Return the values that weren't known when the user data was written."""
    deferred: Plan = json.loads(aws.parameter(plan["parameter"]))
    for name, keys in plan["deferred"].items():
        missing = sorted(set(keys) - set(deferred["environment"].get(name, {})) - set(deferred["config"].get(name, {})))
        if missing:
            raise ValueError(f"the boot parameter has no {', '.join(missing)} of {name}")
    return deferred


def write_files(containers: list[Container], deferred: Plan) -> None:
    """Put the deferred environment and all configuration files where the containers look for them."""
    for name, values in deferred["environment"].items():
        lines = "".join(f"{key}={value}\n" for key, value in sorted(values.items()))
        write(names.deferred_environment(name), lines.encode())
    for container in containers:
        part = container["name"]
        files = {file: read(names.known_config(part, file)) for file in container["config_files"]}
        files.update((file, text.encode()) for file, text in deferred["config"].get(part, {}).items())
        fill(names.config_folder(part), files, container["user"])


def write_secrets(aws: Services, plan: Plan, containers: list[Container], deferred: Plan) -> None:
    """Fetch every secret first and write then: a container finds all of them, or isn't started.

    Each version has a label of its own, so that an old host keeps the ones it was made with.
    """
    for container in containers:
        part = container["name"]
        fill(names.secrets_folder(part), secret_files(aws, plan, part, deferred), container["user"])


def secret_files(aws: Services, plan: Plan, part: str, deferred: Plan) -> dict[str, bytes]:
    """Return the secret files of a container as Secrets Manager has them now."""
    arns, versions = deferred["secrets"].get(part, {}), plan["secrets"].get(part, {})
    return {file: aws.secret(arns[file], version).encode() for file, version in versions.items()}


def fill(folder: str, files: dict[str, bytes], user: str) -> None:
    """Write files that only their owner reads, a user by its numbers."""
    uid, gid = map(int, user.split(":"))
    os.makedirs(folder, exist_ok=True)
    for file, content in files.items():
        write(f"{folder}/{file}", content, mode=0o400, owner=(uid, gid))
    os.chown(folder, uid, gid)
    os.chmod(folder, 0o500)


def start_docker(containers: list[Container]) -> None:
    """Start Docker and make the network on which the containers find each other."""
    try:
        run("systemctl", "start", "docker.service", timeout=120)
    except CommandError:
        # What has failed three times in a minute is refused, and the next try is to be a real one.
        run("systemctl", "reset-failed", "docker.service")
        raise
    existing = run("docker", "network", "ls", "--format", "{{.Name}}").split()
    for network in sorted({container["network"] for container in containers} - set(existing)):
        run("docker", "network", "create", network)


def pull_images(aws: Services, plan: Plan, containers: list[Container]) -> None:
    """Pull what isn't there. `stages.py` repeats it after a failure, with pauses that all stages share."""
    checks = [container["check"] for container in containers if "check" in container]
    for image in {each["image"]: None for each in [*containers, *checks]}:
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
    os.makedirs(names.RUN, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=names.RUN) as folder:
        config = {"auths": {image.partition("/")[0]: {"auth": login}}}
        write(f"{folder}/config.json", json.dumps(config).encode())
        run("docker", "pull", "--quiet", image, timeout=PULL_SECONDS, DOCKER_CONFIG=folder)


def start_units(containers: list[Container]) -> None:
    """Write the units of the containers and start them, then the timers that look after them."""
    template = read(f"{os.path.dirname(__file__)}/{names.UNIT_TEMPLATE}").decode()
    units = {names.container_unit_name(each["name"]): container_unit(each, template) for each in containers}
    for name, text in units.items():
        write(f"{names.UNITS}/{name}", text.encode(), mode=0o644)
    run("systemctl", "daemon-reload")
    for name in units:
        run("systemctl", "start", "--no-block", name)
    run("systemctl", "start", names.WATCHDOG_TIMER)
    if any("reload" in container for container in containers):
        run("systemctl", "start", names.RENEWAL_TIMER)


def look_at_health(plan: Plan) -> None:
    """Raise ``CommandError`` unless all containers are healthy."""
    for part in plan["containers"]:
        health = run("docker", "inspect", "--format", "{{.State.Health.Status}}", part)
        if health != "healthy":
            raise CommandError(f"{part} is {health}")
