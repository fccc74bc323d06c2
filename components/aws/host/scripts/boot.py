"""The start of the host: fetches the files that don't fit the user data, then hands over to them.

Each stage is tried until it succeeds, with a growing pause, and says so in one line of JSON. After the limit it says
`failed` and goes on trying slowly: nothing behind it is started, so the load balancer's probe sees a host that isn't
there rather than half of one.
"""

from __future__ import annotations

import hashlib
import json
import random
import time
from collections.abc import Callable
from typing import Any, TypeVar

from .aws import Aws
from .files import read, write

PLAN = "/etc/kotauth/boot.json"
LONGEST_PAUSE_SECONDS = 20
SLOW_PAUSE_SECONDS = 60

Result = TypeVar("Result")


def log(stage: str, outcome: str, detail: str = "") -> None:
    """Say what happened; ``detail`` never holds a value that was fetched."""
    print(json.dumps({"kotauth": "boot", "stage": stage, "outcome": outcome, "detail": detail[:500]}), flush=True)


def retry_until(stage: str, deadline: float, work: Callable[[], Result]) -> Result:
    """Return what ``work`` returns, however often it has to be tried."""
    pause = 1.0
    while True:
        try:
            result = work()
        except Exception as error:
            late = time.monotonic() > deadline
            log(stage, "failed" if late else "retry", f"{type(error).__name__}: {error}")
            time.sleep(SLOW_PAUSE_SECONDS if late else random.uniform(pause / 2, pause))  # noqa: S311 - no secret
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
        else:
            log(stage, "ok")
            return result


def fetch(aws: Aws, plan: dict[str, Any]) -> None:
    """Fetch every file whose content is not there yet."""
    for path, sha256 in plan["artifacts"].items():
        if hashlib.sha256(read(path)).hexdigest() != sha256:
            write(path, aws.s3_object(plan["bucket"], sha256), mode=0o644)


def load_plan() -> dict[str, Any]:
    """Return what the user data says."""
    return json.loads(read(PLAN))


def main() -> None:
    """Bring the host up."""
    # Without a plan there is nothing to be patient for.
    plan = retry_until("plan", 0, load_plan)
    aws = Aws()
    deadline = time.monotonic() + plan["limit_seconds"]
    retry_until("artifacts", deadline, lambda: fetch(aws, plan))
    from .bring_up import bring_up  # noqa: PLC0415 - one of the files just fetched

    bring_up(plan, deadline)


if __name__ == "__main__":
    main()
