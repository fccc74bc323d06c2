"""Capacity of the Kotauth server: memory, CPU, readiness probe, database connections and shared state."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from ...engine.resource import Resource, Stack
from ...engine.rule import Area, Kind, Level, Parameter, References, Settings, Severity
from ...engine.value import seen
from ...engine.verdict import Verdict, fail
from ...readers.aws.databases import parameter_groups
from ...readers.aws.resources import DATABASE_INSTANCE
from ...readers.docker.containers import is_service
from ...readers.docker.networks import networks_of
from ...readers.docker.parts import DATABASE, parts_in
from ...readers.docker.resources import CONTAINER, known_image
from ...readers.kotauth.server import is_server, servers_of, setting, uploads
from ...readers.proxies.external import has_external_proxy

AREA = Area("kotauth-capacity")
_MAX_CONNECTIONS = re.compile(r"""(?:(?<!\S)-N|(?<![\w.])(?:-c|--)?max[_-]connections\s*=)\s*["']?(\d+)""")
_ASKS_READINESS = re.compile(r"/health/ready(?![\w/.-])")
_ASKS_WITH_HEAD = re.compile(
    r"""(?<!\S)["']?(-[a-zA-HJ-Z]*I[a-zA-Z]*|--head|--spider|(-X|--request[ =])\s*["']?HEAD)\b"""
)
_IGNORES_ANSWER = re.compile(r"""(\|\||;)\s*((true|:|exit(\s+0)?)["']?\s*|echo\b[^|&;]*)$""")
_DEFAULT_MAX_CONNECTIONS = 100
_DEFAULT_POOL = 10
_MEMORY_GB = {"micro": 1, "small": 2, "medium": 4, "large": 8}
_LEFT_BY_RDS = 0.75
"""Share of a class's memory that its own processes leave for the formula of RDS."""
_BYTES_PER_CONNECTION = 9531392
_RESERVED_CONNECTIONS = 3
"""`superuser_reserved_connections` of PostgreSQL."""
_OTHER_CONNECTIONS = 5
"""Flyway, a backup, the role's job, an administrator."""


@AREA.rule(
    "reserve-server-memory",
    Severity.HIGH,
    "Give the Kotauth server at least 512 MB of memory.",
    remedy="Set `memory` to 512 or more.",
    types=(CONTAINER,),
    when=is_server,
    references=References(cis=("5.11",), checklist=(1,)),
    parameters=(Parameter("minimum", Kind.NUMBER, 512, "The least memory, in MB.", relaxes=True),),
)
def reserve_server_memory(server: Resource, settings: Settings) -> Iterator[Verdict]:
    """Kotauth's documented minimum is 512 MB; below 128 MB the kernel ends the process.

    The rule `limit-memory` evaluates a server without any limit.
    """
    memory = server.get("memory").number()
    if memory and memory < settings.number("minimum"):
        yield fail("memory", seen(server.get("memory"), f"less than {settings.number('minimum'):g} MB"))


@AREA.rule(
    "reserve-server-cpu",
    Severity.HIGH,
    "Give the Kotauth server at least one CPU.",
    remedy='Set `cpus` to "1" or more.',
    types=(CONTAINER,),
    when=is_server,
    references=References(cis=("5.12",), checklist=(1,)),
    parameters=(Parameter("minimum", Kind.NUMBER, 1, "The fewest CPUs.", relaxes=True),),
)
def reserve_server_cpu(server: Resource, settings: Settings) -> Iterator[Verdict]:
    """One password check takes 0.27 s of CPU time."""
    cpus = server.get("cpus").number()
    if cpus and cpus < settings.number("minimum"):
        yield fail("cpus", seen(server.get("cpus"), f"less than {settings.number('minimum'):g}"))


@AREA.rule(
    "probe-server-readiness",
    Severity.HIGH,
    "Probe the readiness of the Kotauth server with GET /health/ready.",
    remedy='Set `tests` of `healthcheck` to `["CMD", "curl", "-fsS", "http://localhost:8080/health/ready"]`.',
    types=(CONTAINER,),
    when=is_server,
    references=References(cis=("5.27",)),
)
def probe_server_readiness(server: Resource, _: Settings) -> Iterator[Verdict]:
    """`/health` succeeds while the database is down, and Kotauth answers HEAD with 405."""
    words = [word.text() or "" for word in server.get("healthcheck").field("tests").items()]
    if not words:
        return
    line = " ".join(words)
    if not _ASKS_READINESS.search(line):
        yield fail("healthcheck.tests", "does not request /health/ready")
    elif _ASKS_WITH_HEAD.search(line):
        yield fail("healthcheck.tests", "requests with HEAD, which Kotauth answers with 405")
    elif _IGNORES_ANSWER.search(line):
        yield fail("healthcheck.tests", "ignores the result of the request")


@AREA.rule(
    "fit-connection-pool",
    Severity.HIGH,
    "Keep the connection pools of all Kotauth servers within the limit of the database.",
    remedy="Lower DB_POOL_MAX_SIZE of the servers, or raise max_connections of the database.",
    types=(CONTAINER,),
    when=is_server,
    references=References(checklist=(9,)),
)
def fit_connection_pool(server: Resource, _: Settings) -> Iterator[Verdict]:
    """During a rolling update, the old and the new server each hold a pool.

    If the pool size is no number, Kotauth silently uses 10.
    """
    pool = setting(server, "DB_POOL_MAX_SIZE") or str(_DEFAULT_POOL)
    if not pool.isdecimal() or int(pool) < 1:
        yield fail("envs", "sets DB_POOL_MAX_SIZE to a value that is not a positive number")
        return
    needed = 2 * len(servers_of(server)) * int(pool) + _OTHER_CONNECTIONS
    smallest, most = server.in_stack().once(_smallest_database)
    available = most - _RESERVED_CONNECTIONS
    if needed > available:
        yield fail(
            "envs",
            f"with this DB_POOL_MAX_SIZE, the stack opens up to {needed} connections, "
            f"but the database {smallest} accepts {available}",
        )


def _smallest_database(stack: Stack) -> tuple[str, float]:
    limits = [(database.name, _max_connections(database)) for database in parts_in(stack, DATABASE)]
    limits += [(database.name, _managed_connections(database)) for database in stack.of_type(DATABASE_INSTANCE)]
    return min(limits, key=lambda database: database[1], default=("", math.inf))


def _max_connections(database: Resource) -> int:
    words = [word.text() or "" for name in ("entrypoints", "command") for word in database.get(name).items()]
    values = _MAX_CONNECTIONS.findall(" ".join(words))
    return int(values[-1]) if values else _DEFAULT_MAX_CONNECTIONS


def _managed_connections(database: Resource) -> int:
    """Return `max_connections` as its parameter group sets it, else as RDS derives it from the memory of the class."""
    for group in parameter_groups(database):
        for parameter in group.get("parameters").items():
            if parameter.field("name").text() == "max_connections":
                return int(parameter.field("value").number() or 0)
    size = (database.get("instanceClass").text() or "").rpartition(".")[2]
    # A size that is not listed has 16 GiB or more.
    memory = _MEMORY_GB.get(size, 16) * 1024**3 * _LEFT_BY_RDS
    return min(int(memory / _BYTES_PER_CONNECTION), 5000)


def _is_beside_server(container: Resource) -> bool:
    return is_service(container) and bool(servers_of(container))


@AREA.rule(
    "pool-by-session",
    Severity.HIGH,
    "Use session pooling for database connections.",
    remedy="Set POOL_MODE (PGBOUNCER_POOL_MODE) to session, or remove the pooler.",
    types=(CONTAINER,),
    when=_is_beside_server,
    references=References(checklist=(9,)),
)
def pool_by_session(container: Resource, _: Settings) -> Iterator[Verdict]:
    """Flyway's lock belongs to a session, and a transaction pooler gives the session to another client."""
    image = known_image(container.get("image"))
    if image is None or "pgbouncer" not in image.repository.rpartition("/")[2]:
        return
    mode = setting(container, "POOL_MODE") or setting(container, "PGBOUNCER_POOL_MODE") or _mode_in_file(container)
    if mode != "session":
        yield fail("envs", "does not set the pool mode to session")


def _mode_in_file(container: Resource) -> str | None:
    """Return the pool mode of an uploaded `pgbouncer.ini`, ``None`` where it sets none; the last one counts."""
    contents = [upload.content for upload in uploads(container) if upload.content.path.endswith(".content")]
    files = [content.text() or "" for content in contents if not content.is_unknown]
    modes = [mode for text in files for mode in re.findall(r"^\s*pool_mode\s*=\s*(\w+)", text, re.M)]
    # A database or a user can have a mode of its own.
    return next((mode for mode in modes if mode != "session"), modes[0] if modes else None)


@AREA.rule(
    "share-state-between-servers",
    Severity.HIGH,
    "Connect two or more Kotauth servers to a shared cache.",
    remedy="Set KAUTH_REDIS_URL on each server, or run a single server.",
    types=(CONTAINER,),
    when=is_server,
    references=References(checklist=(1,)),
)
def share_state_between_servers(server: Resource, _: Settings) -> Iterator[Verdict]:
    """Without a shared cache, each server counts failed logins separately."""
    if len(servers_of(server)) > 1 and not setting(server, "KAUTH_REDIS_URL"):
        yield fail("envs", "does not set KAUTH_REDIS_URL, although the stack runs another server")


@AREA.rule(
    "switch-off-update-check",
    Severity.LOW,
    "Disable the update check of a Kotauth server without internet access.",
    level=Level.ADVISORY,
    remedy="Set KAUTH_UPDATE_CHECK to false.",
    types=(CONTAINER,),
    nested=False,
    when=is_server,
    references=References(checklist=(12,)),
)
def switch_off_update_check(server: Resource, _: Settings) -> Iterator[Verdict]:
    """The check fails every six hours and logs this only at DEBUG.

    The console then shows no newer version, and gives no reason.
    The network of a proxy outside of the stack counts as one with internet access.
    """
    if has_external_proxy(server):
        return
    internal = [network.get("internal") for network in networks_of(server)]
    if not internal or any(not value.is_unknown and not value.flag() for value in internal):
        return
    if setting(server, "KAUTH_UPDATE_CHECK") != "false" and all(value.flag() for value in internal):
        yield fail("envs", "enables the update check without internet access")
