"""Rules of the area `limits`."""

from ..change import ABSENT, put
from ..mutation import NOTHING, Case, Row, found, table

ROWS = (
    Row(
        "limit-memory", "frontend", "frontend/memory", 0, unknown=found("limit-memory@frontend", "limit-swap@frontend")
    ),
    Row("limit-swap", "frontend", "frontend/memory_swap", 1024),
    Row("limit-cpu", "frontend", "frontend/cpus", "0"),
    Row(
        "probe-container-health",
        "frontend",
        "frontend/healthcheck.tests",
        ["NONE"],
        secret=found("probe-container-health@frontend", "keep-secrets-out-of-commands@frontend"),
    ),
    Row("set-restart-policy", "frontend", "frontend/restart", "no"),
    Row("set-restart-policy", "role", "role/restart", "always", absent=NOTHING),
    Row("bound-logs", "frontend", "frontend/log_driver", "none"),
    Row("bound-logs", "frontend", "frontend/log_opts", {"max-size": "10m"}),
)

CASES = (
    Case("a quota is a limit", (put("frontend", "cpus", ABSENT), put("frontend", "cpu_quota", 50000)), NOTHING),
    Case("logs that leave the host", (put("frontend", "log_driver", "awslogs"),), NOTHING),
    Case("unlimited swap", (put("frontend", "memory_swap", -1),), found("limit-swap@frontend")),
    Case(
        "a job that must run is a service",
        (put("role", "must_run", True),),
        found("probe-container-health@role", "set-restart-policy@role"),
    ),
)

TABLE = table(*ROWS, *CASES)
