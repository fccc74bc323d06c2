"""Writes numbered lines as the server writes its own: with Python's standard library alone, in a container of its own.

Arguments: the rate in lines a second, and their number.
"""

from __future__ import annotations

import json
import sys
import time


def main() -> None:
    """Write the lines at a steady rate."""
    rate, count = float(sys.argv[1]), int(sys.argv[2])
    began = time.monotonic()
    for number in range(count):
        time.sleep(max(0.0, began + number / rate - time.monotonic()))
        message = f"302 Found: GET - /t/acme/authorize in 14ms -> https://app.example.com/cb?code=canary-{number}"
        fields = {
            "@timestamp": "2026-11-30T12:00:00.000Z",
            "@version": "1",
            "message": message,
            "logger_name": "ktor.application",
            "thread_name": "eventLoopGroupProxy-4-1",
            "level": "INFO",
            "level_value": 20000,
            "requestId": f"request-{number}",
            "tenantSlug": "acme",
        }
        sys.stdout.write(json.dumps(fields, separators=(",", ":")) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
