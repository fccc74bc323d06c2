"""Rules of the area `kotauth-capacity`."""

from typing import Any

from policy.testing.change import ABSENT, UNKNOWN, Args, Change, From, Secret, copied, put, without
from policy.testing.docker_program import envs

from ..mutation import NOTHING, Case, Row, found, on_aws, spelled, state, table

_SECRET = found("keep-secrets-out-of-environment@server")
_COULD_BE = found("forbid-unsafe-switches@server")
_POOLER = (
    copied(
        "frontend",
        "pooler",
        image="docker.io/library/pgbouncer:1.23.1",
        labels=[{"label": "kotauth.part", "value": "pooler"}],
    ),
    put("pooler", "ports", ABSENT),
    put("pooler", "envs", ["POOL_MODE=session"]),
)

ROWS = (
    Row(
        "reserve-server-memory",
        "server",
        "server/memory",
        256,
        setup=(put("server", "memory_swap", 256),),
        unknown=found("limit-memory@server", "limit-swap@server", "reserve-server-memory@server"),
        absent=found("limit-memory@server"),
    ),
    Row(
        "reserve-server-cpu",
        "server",
        "server/cpus",
        "0.5",
        unknown=found("limit-cpu@server", "reserve-server-cpu@server"),
        absent=found("limit-cpu@server"),
    ),
    Row(
        "probe-server-readiness",
        "server",
        "server/healthcheck.tests",
        ["CMD", "curl", "http://localhost:8080/health"],
        secret=found("probe-server-readiness@server", "keep-secrets-out-of-commands@server"),
        unknown=found("probe-container-health@server", "probe-server-readiness@server"),
        absent=found("probe-container-health@server"),
    ),
    Row(
        "fit-connection-pool",
        "server",
        "database/command",
        ["-c", "max_connections=20"],
        absent=NOTHING,
        secret=found("fit-connection-pool@server", "keep-secrets-out-of-commands@database"),
    ),
    Row(
        "pool-by-session",
        "pooler",
        "pooler/envs",
        ["POOL_MODE=transaction"],
        setup=_POOLER,
        secret=found("pool-by-session@pooler", "keep-secrets-out-of-environment@pooler"),
    ),
)


def _entry(rule: str, name: str, change: tuple[Change, ...], bad: str | None, absent: str | None) -> list[Case]:
    """Return the four states of a variable that comes last in `envs`; ``absent`` is the rule that misses it."""
    exactly = found(f"{rule}@server")
    there = (*change, put("server", "envs", [*envs(), f"{name}={bad}"]))
    last = f"envs.{len(envs())}"
    return [
        state(rule, "known", there, exactly),
        state(rule, "secret", (*there, put("server", last, Secret(f"{name}={bad}"))), exactly | _SECRET),
        state(rule, "unknown", (*there, put("server", last, UNKNOWN)), exactly | _COULD_BE),
        state(rule, "absent", change, found(f"{absent}@server") if absent else NOTHING),
    ]


_SECOND = (copied("server", "second"), put("second", "envs", [*envs(), "KAUTH_REDIS_URL=rediss://cache:6379"]))
_NO_WAY_OUT = (put("frontend-network", "internal", True),)

STATES = (
    *_entry("share-state-between-servers", "KAUTH_REDIS_URL", _SECOND, "", "share-state-between-servers"),
    *_entry("switch-off-update-check", "KAUTH_UPDATE_CHECK", _NO_WAY_OUT, "true", "switch-off-update-check"),
)

CASES = (
    Case(
        "a pool of another application",
        (*_POOLER, put("pooler", "envs", ["POOL_MODE=transaction"]), without("server", "server-carrier")),
        NOTHING,
    ),
    Case(
        "the pool of the variable",
        (put("server", "envs", envs(DB_POOL_MAX_SIZE="47")),),
        found("fit-connection-pool@server"),
    ),
    Case("just enough connections", (put("server", "envs", envs(DB_POOL_MAX_SIZE="46")),), NOTHING),
    Case("no number", (put("server", "envs", envs(DB_POOL_MAX_SIZE="many")),), found("fit-connection-pool@server")),
    Case("the default pool", (put("server", "envs", envs(DB_POOL_MAX_SIZE=None)),), NOTHING),
    Case(
        "a probe with HEAD",
        (put("server", "healthcheck.tests", ["CMD", "wget", "--spider", "http://localhost:8080/health/ready"]),),
        found("probe-server-readiness@server"),
    ),
    Case(
        "a probe through a shell",
        (put("server", "healthcheck.tests", ["CMD-SHELL", "curl -f http://localhost:8080/health/ready || exit 1"]),),
        NOTHING,
    ),
    Case(
        "an update check that is off", (*_NO_WAY_OUT, put("server", "envs", envs(KAUTH_UPDATE_CHECK="false"))), NOTHING
    ),
    Case("perhaps a way out", (put("frontend-network", "internal", UNKNOWN),), found("switch-off-update-check@server")),
)

_READY = "http://localhost:8080/health/ready"


def _pool(text: object) -> Change:
    def change(resources: dict[str, tuple[Any, Args]]) -> None:
        for each in _POOLER:
            each(resources)
        kind = "envs" if "=" in str(text).split()[0] else "uploads"
        given = [text] if kind == "envs" else [{"file": "/etc/pgbouncer/pgbouncer.ini", "content": text}]
        resources["pooler"][1].update({"envs": [], kind: given})

    return change


SPELLINGS = (
    *spelled(
        "probe-server-readiness",
        "server",
        lambda tests: put("server", "healthcheck.tests", tests),
        caught=(
            ["CMD", "curl", "-f", "http://localhost:8080/health"],
            ["CMD", "curl", "-f", "http://localhost:8080/health/ready/all"],
            ["CMD-SHELL", "nc -z localhost 8080"],
            ["CMD", "curl", "-I", _READY],
            ["CMD-SHELL", f"curl -fsSI {_READY}"],
            ["CMD-SHELL", f"wget -q --spider {_READY} || exit 1"],
            ["CMD", "curl", "-f", "-X", "HEAD", _READY],
            ["CMD-SHELL", f"curl -f {_READY} || true"],
            ["CMD-SHELL", f"curl -f {_READY}; exit 0"],
        ),
        passed=(
            ["CMD", "curl", "-fsS", _READY],
            ["CMD-SHELL", f"curl -fsS {_READY}?from=docker || exit 1"],
            ["CMD-SHELL", f"curl -fsS '{_READY}'"],
            ["CMD-SHELL", f"curl -f {_READY}||exit 1"],
            ["CMD", "wget", "-qO-", _READY],
            ["CMD", "curl", "--fail", "--include", _READY],
        ),
    ),
    *spelled(
        "pool-by-session",
        "pooler",
        _pool,
        caught=(
            "POOL_MODE=transaction",
            "POOL_MODE=statement",
            "PGBOUNCER_POOL_MODE=transaction",
            "OTHER_POOL_MODE=session",
            "[pgbouncer]\npool_mode = transaction\n",
            "[databases]\na = host=a pool_mode=session\n[pgbouncer]\n; pool_mode = session\n",
        ),
        passed=(
            "POOL_MODE=session",
            "PGBOUNCER_POOL_MODE=session",
            "[pgbouncer]\npool_mode = session\n",
            "[pgbouncer]\npool_mode=session\n",
            "[pgbouncer]\n; pool_mode = transaction\n  pool_mode = session\n",
        ),
    ),
    *spelled(
        "fit-connection-pool",
        "server",
        lambda words: put("database", "command", words),
        caught=(
            ["-c", "max_connections=20"],
            ["-cmax_connections=20"],
            ["--max-connections=20"],
            ["postgres", "-N", "20"],
            ["-c", "max_connections = '20'"],
            ["-c", "max_connections=200", "-c", "max_connections=20"],
        ),
        passed=(
            ["-c", "max_connections=200"],
            ["-c", "superuser_reserved_connections=3"],
            ["-c", "max_wal_senders=20"],
            ["-c", "my.max_connections=20"],
            ["postgres", "-N200"],
        ),
    ),
)

_FEW = {"name": "max_connections", "value": "20"}
ON_RDS = tuple(
    Case(
        f"a parameter group that the database names {how}",
        (
            put("parameters", "name", "own"),
            put("parameters", "parameters.+", _FEW),
            put("database", "parameter_group_name", name),
        ),
        found("fit-connection-pool@template"),
    )
    for how, name in (("by its output", From("parameters", "name")), ("by its text", "own"))
)

TABLE = table(*ROWS, *STATES, *CASES, *SPELLINGS) + on_aws(*ON_RDS)
