"""Rules of the area `kotauth-capacity`."""

from ..change import ABSENT, UNKNOWN, Change, Secret, copied, put, without
from ..mutation import NOTHING, Case, Row, found, state, table
from ..program import envs

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
        "a pool of somebody else's",
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

TABLE = table(*ROWS, *STATES, *CASES)
