"""Rules of the area `limits`."""

from typing import Any

from policy.testing.change import ABSENT, Args, Change, put

from ..mutation import NOTHING, Case, Row, found, spelled, table

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
    Row("bound-logs", "frontend", "frontend/log_opts", {"max-file": "3"}),
)

CASES = (
    Case("a quota is a limit", (put("frontend", "cpus", ABSENT), put("frontend", "cpu_quota", 50000)), NOTHING),
    Case(
        "a quota of -1, which is none",
        (put("frontend", "cpus", ABSENT), put("frontend", "cpu_quota", -1)),
        found("limit-cpu@frontend"),
    ),
    Case(
        "memory of -1, which is no limit",
        (put("frontend", "memory", -1),),
        found("limit-memory@frontend", "limit-swap@frontend"),
    ),
    Case("logs that leave the host", (put("frontend", "log_driver", "awslogs"),), NOTHING),
    Case("unlimited swap", (put("frontend", "memory_swap", -1),), found("limit-swap@frontend")),
    Case(
        "a job that must run is a service",
        (put("role", "must_run", True),),
        found("probe-container-health@role", "set-restart-policy@role"),
    ),
)


def _logged_by(driver: str) -> Change:
    def change(resources: dict[str, tuple[Any, Args]]) -> None:
        resources["frontend"][1].update(log_driver=driver, log_opts={})

    return change


SPELLINGS = (
    *spelled(
        "probe-container-health",
        "frontend",
        lambda tests: put("frontend", "healthcheck.tests", tests),
        caught=([], ["NONE"], ["NONE", "curl"], ["CMD"], ["CMD-SHELL", ""], ["CMD-SHELL", "  "], [""]),
        passed=(
            ["CMD", "true"],
            ["CMD-SHELL", "curl -f http://localhost/ || exit 1"],
            ["CMD", "NONE"],
            ["CMD", "wget", "-q", "http://127.0.0.1:8081/"],
            ["CMD-SHELL", "none"],
        ),
    ),
    *(
        case
        for driver, options, caught, passed in (
            ("json-file", True, ("", "-1", "0", "0m", "-10m"), ("10m", "1g", "100k", "10MB", "5000000")),
            ("", False, ("json-file", "none", "", "example.com/driver:1"), ("local", "journald", "syslog", "awslogs")),
            ("", False, (), ("gelf", "grafana/loki-docker-driver:3.3.2", "fluentd")),
        )
        for case in spelled(
            "bound-logs",
            "frontend",
            (lambda size: put("frontend", "log_opts", {"max-size": size}))
            if options
            else (lambda name: _logged_by(str(name))),
            caught=caught,
            passed=passed,
        )
    ),
)

TABLE = table(*ROWS, *CASES, *SPELLINGS)
