"""Asks the server whether it lives (`/health`, not readiness: a database that is away is no reason to lose the host).

Only a server that has been running for a while and doesn't answer counts, or a Docker that doesn't. One that starts,
or can't, is systemd's matter: a new host would find the same database, or the same wrong key.
"""

from __future__ import annotations

import http.client
import json
import time
from calendar import timegm
from typing import Any

from .boot import load_plan, log
from .command import CommandError, run
from .files import read, write
from .services import Services

STATE = "/run/kotauth/watchdog.json"
ANSWER_SECONDS = 5
ASK_SECONDS = 20
_FACTS = '{{.State.Running}} {{.State.StartedAt}} {{(index .NetworkSettings.Networks "kotauth").IPAddress}}'


class Unresponsive(Exception):  # noqa: N818 - a verdict
    """The host no longer does what it is there for."""


def look(watch: dict[str, Any]) -> bool:
    """Return whether the server answers; False while it starts. Raise ``Unresponsive`` where it should and doesn't."""
    try:
        facts = run("docker", "inspect", "--format", _FACTS, watch["part"], timeout=ASK_SECONDS)
    except CommandError as error:
        if "no such" in str(error).lower():
            return False
        raise Unresponsive(f"docker does not answer: {error}") from None
    running, started, address = facts.split(" ")
    age = time.time() - timegm(time.strptime(started[:19], "%Y-%m-%dT%H:%M:%S"))
    if running != "true" or age < watch["grace_seconds"]:
        return False
    connection = http.client.HTTPConnection(address, watch["port"], timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", watch["path"])
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        raise Unresponsive(f"{watch['part']} does not answer: {error}") from None
    finally:
        connection.close()
    if status != 200:
        raise Unresponsive(f"{watch['part']} answers {status}")
    return True


def act(aws: Services, plan: dict[str, Any], failures: int, reason: str) -> None:
    """Restart at the limit; give the host up at twice the limit, where a group makes another."""
    limit = plan["watch"]["failures"]
    log("watchdog", "retry", f"{reason} ({failures} in a row)")
    if plan["group"] and failures >= 2 * limit:
        aws.give_up_host()
        log("watchdog", "failed", "the group is told to replace this host")
    elif failures % limit == 0:
        if reason.startswith("docker"):
            run("systemctl", "restart", "--no-block", "docker.service")
        for part in plan["parts"]:
            run("systemctl", "restart", "--no-block", f"kotauth-{part}.service")
        log("watchdog", "failed", "the containers are restarted")


def main() -> None:
    """Look once, remember how often in a row it was in vain, act."""
    plan = load_plan()
    failures = int(json.loads(read(STATE) or b"0"))
    try:
        if look(plan["watch"]):
            failures = 0
    except Unresponsive as reason:
        failures += 1
        # Before acting: what fails must not be counted again from the beginning.
        write(STATE, json.dumps(failures).encode())
        act(Services(), plan, failures, str(reason))
    write(STATE, json.dumps(failures).encode())


if __name__ == "__main__":
    main()
