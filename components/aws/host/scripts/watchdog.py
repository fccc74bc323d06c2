"""Looks whether server, frontend and Docker answer, and restarts what hangs; a group replaces a host that stays so.

The server is asked directly for its life (`/health`) and through the frontend for its readiness. Nothing counts while
the database doesn't accept connections: a server that waits for it may not answer, and a new one would find the same.
A container that starts, or can't, is systemd's matter.
"""

from __future__ import annotations

import http.client
import json
import re
import time
from calendar import timegm
from dataclasses import dataclass, field
from typing import Any

from . import names
from .boot import load_plan
from .command import CommandError, run
from .files import read, write
from .probes import NoCertificateError, accepts_connections, answers_itself, status_of
from .services import Services
from .stages import log

STATE = f"{names.RUN}/watchdog.json"
DOCKER = "docker"
ANSWER_SECONDS = 5
ASK_SECONDS = 20
RECOVERY_SECONDS = 60
"""Nothing counts for so long after the database was away: the server needs up to 22 s to notice that it is back."""
LOST_SECONDS = 180
_ADDRESS = f'{{{{(index .NetworkSettings.Networks "{names.NETWORK}").IPAddress}}}}'
_FACTS = "{{.State.Running}} {{.State.StartedAt}} " + _ADDRESS
_DATABASE = re.compile(r"jdbc:postgresql://([^:/?]+):(\d+)/")
_NAME = re.compile(r"https://([^:/]+)")

Watch = dict[str, Any]


@dataclass
class Observation:
    """What one look saw."""

    hangs: dict[str, str] = field(default_factory=dict[str, str])
    """Part, or Docker, to how it doesn't answer."""
    answering: set[str] = field(default_factory=set[str])
    """Parts that answer. One that starts is in neither."""
    not_ready: str = ""
    """Reason why clients are not served; empty where they are."""

    def note(self, part: str, reason: str) -> None:
        """Note that a part answers, or with a ``reason`` that it hangs."""
        if reason:
            self.hangs[part] = reason
        else:
            self.answering.add(part)


def look(watch: Watch, name: str) -> Observation:
    """Ask Docker, the server, and the frontend by the public ``name``."""
    seen, front = Observation(), watch["frontend"]
    addresses: dict[str, str] = {}
    try:
        for container in [watch, front] if front else [watch]:
            addresses[container["part"]] = running(container["part"], container["grace_seconds"])
        seen.note(DOCKER, "")
    except CommandError as error:
        seen.note(DOCKER, f"docker does not answer: {error}")
    if address := addresses.get(watch["part"]):
        seen.note(watch["part"], no_answer(address, watch))
    if front and name:
        seen.not_ready, hangs = through(watch, name, seen)
        if addresses.get(front["part"]):
            seen.note(front["part"], hangs)
    return seen


def running(part: str, grace_seconds: float) -> str:
    """Return the address of a container; nothing while it starts. Raise ``CommandError`` where Docker doesn't know."""
    try:
        facts = run("docker", "inspect", "--format", _FACTS, part, timeout=ASK_SECONDS)
    except CommandError as error:
        # Not "no such file": so newer clients say that Docker's socket is away.
        if "no such object" in str(error).lower():
            return ""
        raise
    # One that doesn't run has no address.
    is_running, started, *address = facts.split()
    age = time.time() - timegm(time.strptime(started[:19], "%Y-%m-%dT%H:%M:%S"))
    return "".join(address) if is_running == "true" and age >= grace_seconds else ""


def no_answer(address: str, watch: Watch) -> str:
    """Return how the server, asked directly, doesn't answer; nothing where it does."""
    connection = http.client.HTTPConnection(address, watch["port"], timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", watch["path"])
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return f"{watch['part']} does not answer: {error}"
    finally:
        connection.close()
    return f"{watch['part']} answers {status}" if status != 200 else ""


def through(watch: Watch, name: str, seen: Observation) -> tuple[str, str]:
    """Return why the server isn't ready through the frontend, and how the frontend hangs; nothing where it doesn't."""
    part, port = watch["frontend"]["part"], watch["frontend"]["port"]
    try:
        status = status_of(name, port, watch["ready_path"])
        if status == 200:
            return "", ""
        if status is None:
            own = answers_itself(name, port)
            return f"no answer through {part}", "" if own else f"{part} does not answer"
    except NoCertificateError as error:
        return f"{part} has no certificate: {error}", ""
    # A frontend says that itself; where the server is away it is right.
    unreachable = status in (502, 504) and watch["part"] in seen.answering
    return f"{part} answers {status}", f"{part} does not reach a {watch['part']} that answers" if unreachable else ""


def environment(part: str) -> dict[str, str]:
    """Return what a container is given."""
    paths = names.known_environment(part), names.deferred_environment(part)
    lines = [line for path in paths for line in read(path).decode().splitlines()]
    return dict(line.split("=", 1) for line in lines)


def database_answers(url: str) -> bool:
    """Whether the database of a JDBC URL accepts connections; where there is none, it's no excuse."""
    place = _DATABASE.match(url)
    return not place or accepts_connections(place[1], int(place[2]))


def act(aws: Services, plan: dict[str, Any], part: str, failures: int, reason: str) -> None:
    """Restart what hangs at the limit; give the host up at twice the limit, where a group makes another."""
    limit = plan["watch"]["failures"]
    log("watchdog", "retry", f"{reason} ({failures} in a row)")
    if plan["in_group"] and failures >= 2 * limit:
        aws.give_up_host()
        log("watchdog", "failed", "the group is told to replace this host")
    elif failures % limit == 0:
        if part == DOCKER:
            run("systemctl", "restart", "--no-block", "docker.service")
        parts = plan["containers"] if part == DOCKER else [part]
        for unit in map(names.container_unit_name, parts):
            run("systemctl", "restart", "--no-block", unit)
        log("watchdog", "failed", f"restarted: {', '.join(parts)}")


def note_readiness(state: dict[str, Any], not_ready: str, now: float) -> None:
    """Say it when readiness is lost for three minutes, and again every three as long as that lasts."""
    if not not_ready:
        if state.get("said"):
            log("readiness", "ok")
        state.update(ready=now, said=None)
    # Before it was ready for the first time, the boot says what is missing.
    elif "ready" in state and now - max(state["ready"], state.get("said") or 0) >= LOST_SECONDS:
        log("readiness", "lost", f"not ready for {now - state['ready']:.0f} s: {not_ready}")
        state["said"] = now


def main() -> None:
    """Look once, remember how often in a row it was in vain, act."""
    plan = load_plan()
    watch = plan["watch"]
    given = environment(watch["part"])
    name = _NAME.match(given.get("KAUTH_BASE_URL", ""))
    # Monotonic: the file lies in memory, so it ends with the boot as that clock does.
    state: dict[str, Any] = json.loads(read(STATE) or b"{}")
    failures: dict[str, int] = state.setdefault("failures", {})
    seen = look(watch, name[1] if name else "")
    now = time.monotonic()
    if (seen.hangs or seen.not_ready) and not database_answers(given.get("DB_URL", "")):
        state["database_away"] = now
        seen.not_ready = seen.not_ready and f"{seen.not_ready}; the database does not accept connections"
    note_readiness(state, seen.not_ready, now)
    if now - state.get("database_away", -RECOVERY_SECONDS) < RECOVERY_SECONDS:
        failures.clear()
        seen.hangs.clear()
    for part in seen.answering:
        failures.pop(part, None)
    for part in seen.hangs:
        failures[part] = failures.get(part, 0) + 1
    # Before acting: what fails must not be counted again from the beginning.
    write(STATE, json.dumps(state).encode())
    for part, reason in seen.hangs.items():
        act(Services(), plan, part, failures[part], reason)


if __name__ == "__main__":
    main()
