"""`/health`, `/health/ready`, `/health/version`: public, unlogged."""

from __future__ import annotations

from datetime import UTC, datetime
from time import monotonic

from ..database.pool import Pool
from ..http.wire import Response, json_response
from ..process import memory_limit
from ..process.settings import Settings
from ..process.version import VERSION


def alive() -> Response:
    """No database access. The two headers are the simulator's own, for tests that ask which generation answered."""
    response = json_response({"status": "up", "timestamp": _now()})
    response.headers += [
        ("X-Simulator-Version", VERSION),
        ("X-Simulator-Memory-Limit", memory_limit.read()),
    ]
    return response


def ready(settings: Settings, pool: Pool) -> Response:
    """200 or 503 by the database alone: neither warnings nor Redis nor a wrong secret key count."""
    database = _database(pool)
    local = "localhost" in settings.base_url or "127.0.0.1" in settings.base_url
    warnings = [] if settings.is_https or local else ["KAUTH_BASE_URL is not HTTPS on a host that is not localhost"]
    up = database["status"] == "ok"
    content = {
        "status": "ready" if up else "not_ready",
        "timestamp": _now(),
        "checks": {
            "database": database,
            "config": {
                "status": "warn" if warnings else "ok",
                "baseUrl": settings.base_url,
                "httpsEnforced": settings.is_https,
                "warnings": warnings,
            },
        },
    }
    return json_response(content, 200 if up else 503)


def version(settings: Settings) -> Response:
    """The running version. The simulator never calls out, so nothing is known of a newer one."""
    return json_response(
        {
            "currentVersion": VERSION,
            "latestVersion": None,
            "updateAvailable": False,
            "urgency": None,
            "releaseUrl": None,
            "checkedAt": None,
            "enabled": settings.update_check,
        }
    )


def _database(pool: Pool) -> dict[str, object]:
    started = monotonic()
    try:
        with pool.transaction() as connection:
            # A table, as the real server does: a right that is missing makes it not ready, too.
            connection.run("SELECT id FROM tenants LIMIT 1")
    except Exception as error:  # whatever it was: the answer says so
        return {"status": "error", "latencyMs": None, "detail": str(error) or repr(error)}
    return {"status": "ok", "latencyMs": int((monotonic() - started) * 1000), "detail": None}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
