"""The watcher: asks reader and shipper whether lines get through. Its health is that of the route.

The collector's image has neither a shell nor an HTTP client, so nothing in it can say how it is.
"""

from __future__ import annotations

from pathlib import Path

from ..workload.spec import CONFIG_DIRECTORY, ContainerSpec
from . import collector

PART = "log-watcher"
_FILE = f"{CONFIG_DIRECTORY}/watch.awk"
_PROGRAM = Path(__file__).parent / "watch.awk"
_HEALTH = "/tmp/health"  # noqa: S108 - the container's own
_STALE_SECONDS = 60
# The state must also be recent: a watcher that hangs knows nothing.
_PROBE = (
    f'read -r moment state line <{_HEALTH} && echo "$line" && '
    f'[ "$state" = ok ] && [ $(($(date +%s) - moment)) -lt {_STALE_SECONDS} ]'
)


def _asked(host: str) -> str:
    """Return the addresses at which a collector says how it is."""
    return f"http://{host}:{collector.HEALTH}/ http://{host}:{collector.METRICS}/metrics"


def watcher(image: str, endpoint: str) -> ContainerSpec:
    """Return the spec of the watcher; ``image`` has `sh`, `awk` and `curl`, ``endpoint`` is where the lines go."""
    variables = {
        "ENDPOINT": endpoint,
        "HEALTH": _HEALTH,
        "READER": _asked(collector.READER),
        "SHIPPER": _asked(collector.SHIPPER),
    }
    return {
        "part": PART,
        "image": image,
        "user": "10001:10001",
        "memory": 32,
        "cpus": 0.1,
        "entrypoint": ["awk"],
        "command": [*(word for name, value in variables.items() for word in ("-v", f"{name}={value}")), "-f", _FILE],
        "config_files": {"watch.awk": _PROGRAM.read_text()},
        "tmpfs": ["/tmp"],  # noqa: S108 - the container's own
        "probe": {
            "command": ["sh", "-c", _PROBE],
            "interval_seconds": 5,
            "timeout_seconds": 5,
            "retries": 2,
            "start_period_seconds": 15,
        },
        # It keeps nothing, and a first process without a handler ignores SIGTERM.
        "stop_signal": "SIGKILL",
        "stop_seconds": 1,
    }
