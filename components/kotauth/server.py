"""The Kotauth server as a ContainerSpec: its environment, probe, floors and the guard of its key.

The contract is Kotauth's own (`EnvironmentConfig.kt` and the production checklist of 1.21 and 1.22). Two of its
properties shape this module: exactly five variables have a `_FILE` form, so every secret goes through one, and a wrong
secret key boots healthy and breaks every login, so the key is compared with the database before each start.
"""

from __future__ import annotations

import math
from pathlib import Path

from ..inputs.choice import one_of
from ..inputs.image import image as image_rule
from ..inputs.number import number, whole_number
from ..workload.spec import SECRETS_DIRECTORY, ContainerSpec
from .base_url import BaseUrl
from .database import CA_FILE, DEAD_CONNECTION, DatabaseConnection
from .secret_files import DATABASE_PASSWORD_FILE, SECRET_FILES

PORT = 8080
"""Port of the server, fixed in its source."""
LIVE_PATH, READY_PATH = "/health", "/health/ready"
"""Paths that return 200 while the process answers, and while its database does, too."""
USER = "10001:10001"
"""User of the image since 1.16.0."""
DEFAULT_IMAGE = "ghcr.io/inumansoul/kotauth:1.22.0"
VERSION_FLOOR = (1, 21, 0)
"""First version with the API that the checklist asks (`GET /workspace`), and the `_FILE` forms before it (1.19.1)."""
MEMORY_FLOOR_MB = 512
CPU_FLOOR = 1.0
JVM_PROCESSORS = 8
"""Processors that the JVM counts at least. The server takes its number of request threads from them."""
_KEY_GUARD = (Path(__file__).parents[1] / "postgres" / "key_guard.sh").read_text()

parse_image = image_rule(3, VERSION_FLOOR, "older versions lack the API that the production checklist uses")
parse_memory = whole_number("memory in MB", MEMORY_FLOOR_MB, 1 << 20, "Kotauth's documented minimum is 512 MB")
parse_cpus = number("processors", CPU_FLOOR, 256, "Kotauth's documented minimum is 1 vCPU")
parse_environment = one_of(
    "production", "development", hint={"Production": "Kotauth silently treats any other spelling as development"}
)


def server(  # noqa: PLR0913 - one argument for each thing that a target decides
    *,
    image: str,
    base_url: BaseUrl,
    environment: str,
    memory: int,
    cpus: float,
    pool_size: int,
    update_check: bool,
    database: DatabaseConnection,
) -> ContainerSpec:
    """Return the server's spec. The proxy before it must set and remove the forwarded headers (see `frontends`)."""
    return {
        "part": "server",
        "image": image,
        "user": USER,
        "memory": memory,
        "cpus": cpus,
        "environment": {
            "KAUTH_BASE_URL": base_url.text,
            "KAUTH_ENV": environment,
            "KAUTH_TRUSTED_PROXY": "true",
            "KAUTH_UPDATE_CHECK": str(update_check).lower(),
            "KAUTH_SECRET_KEY_FILE": f"{SECRETS_DIRECTORY}/secret_key",
            "KAUTH_BOOTSTRAP_ADMIN_PASSWORD_FILE": f"{SECRETS_DIRECTORY}/admin_password",
            "KAUTH_BOOTSTRAP_API_KEYS_FILE": f"{SECRETS_DIRECTORY}/api_keys.json",
            "DB_URL": database.url,
            "DB_USER": database.user,
            "DB_PASSWORD_FILE": f"{SECRETS_DIRECTORY}/{DATABASE_PASSWORD_FILE}",
            "DB_POOL_MAX_SIZE": str(pool_size),
            "JAVA_TOOL_OPTIONS": java_options(cpus),
        },
        "secret_files": [*SECRET_FILES],
        "sysctls": DEAD_CONNECTION,
        "config_files": {CA_FILE: database.ca} if database.ca is not None else {},
        # Only one JVM fits the limit, so its temporary files are few.
        "tmpfs": ["/tmp"],  # noqa: S108 - the container's own
        # A first start migrates the database: 18.5 s at a quarter of a processor, measured on 1.5.2.
        # The database check inside waits 3 s for a connection, three times; 5 s is what upstream's compose file uses.
        "probe": {
            "command": ["curl", "-fsS", "-o", "/dev/null", f"http://localhost:{PORT}{READY_PATH}"],
            "interval_seconds": 5,
            "timeout_seconds": 5,
            "retries": 6,
            "start_period_seconds": 60,
        },
        "before_start": {
            "name": "key-guard",
            "image": database.tools_image,
            "command": ["bash", "-c", _KEY_GUARD],
            "environment": database.libpq,
        },
        # Kotauth finishes its requests within 5 s of SIGTERM.
        "stop_seconds": 10,
    }


def java_options(cpus: float) -> str:
    """Return the JVM's options; the image starts `java -jar` without any. The JVM prints them on stderr, not as JSON.

    The number of processors decides how many request threads the server has, and JDBC blocks a thread. Measured on
    Kotauth 1.5.2 with JDK 17, one processor, 512 MB, database stopped: `/health` answered 4 of 30 probes with the JVM's
    own count of one, 25 with four, 30 with eight. Memory was the same, the start faster.
    From two processors and 2 GB on the JVM chooses G1, and would believe the count; with less than two processors its
    background threads only take time from the requests (not measured).
    """
    count = f"-XX:ActiveProcessorCount={max(JVM_PROCESSORS, math.ceil(cpus))}"
    return count if cpus >= 2 else f"{count} -XX:+UseSerialGC"
