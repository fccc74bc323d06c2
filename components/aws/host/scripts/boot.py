"""The start of the host: fetches the files that don't fit the user data, then hands over to `bring_up`.

Nothing behind a stage that fails is started, so the load balancer's probe sees a host that isn't there rather than
half of one.
"""

from __future__ import annotations

import hashlib
import json
import time
from typing import Any

from .aws import Aws
from .files import read, write
from .stages import retry_until

PLAN = "/etc/kotauth/boot.json"
PROGRAMS = "/etc/kotauth/programs.json"
VERSION = 1
"""Version of the plans that these programs read; increment it if older programs would misread a plan."""


def load_plan() -> dict[str, Any]:
    """Return the plan; raise ``ValueError`` for one that these programs can't read."""
    plan: dict[str, Any] = json.loads(read(PLAN))
    if plan.get("version") != VERSION:
        raise ValueError(f"{PLAN} has version {plan.get('version')}, and this host's programs read version {VERSION}")
    return plan


def fetch(aws: Aws, plan: dict[str, Any]) -> None:
    """Fetch every file whose content is not there yet, and those that one of them lists."""
    fetch_files(aws, plan["bucket"], plan["artifacts"])
    fetch_files(aws, plan["bucket"], json.loads(read(PROGRAMS)))


def fetch_files(aws: Aws, bucket: str, hashes: dict[str, str]) -> None:
    """Fetch the files whose content has another hash."""
    for path, sha256 in hashes.items():
        if hashlib.sha256(read(path)).hexdigest() != sha256:
            write(path, aws.s3_object(bucket, sha256), mode=0o644)


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
