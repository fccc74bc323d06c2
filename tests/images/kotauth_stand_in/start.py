"""The start, in the real server's order: checks, migrations, pool, seed, Redis, keys, API keys, the line, the port.

Nothing is tried twice: without its database the server ends at once, and a restart policy is what brings it back.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from types import FrameType

from . import api_keys, first_admin, flyway, jdbc, log, memory_limit, redis_probe, settings, signing_keys
from .application import Application
from .pool import Pool
from .refusal import RefusedError
from .secret_key import SecretKey
from .server import EXIT_CODE, Server
from .version import VERSION

LOGGER = "com.kauth.Application"


def run() -> int:
    """Start and serve; returns the exit code."""
    # Process 1 of a container ignores SIGTERM unless it says otherwise.
    signal.signal(signal.SIGTERM, _leave)
    try:
        configuration = settings.load()
    except RefusedError as refusal:
        refusal.show()
        return 1
    log.info(LOGGER, f"This is a stand-in that keeps the contract of Kotauth {VERSION}. It is not Kotauth.")
    log.info(LOGGER, f"memory limit {memory_limit.read()} bytes")
    try:
        application = _prepare(configuration)
    except RefusedError as refusal:
        refusal.show()
        return 1
    except api_keys.BootstrapKeysError as error:
        log.error(LOGGER, str(error))
        return 1
    except Exception as error:  # the real server's start ends with any exception, and its stack trace
        print(f'Exception in thread "main" {_explain(error)}', file=sys.stderr)
        traceback.print_exc()
        return 1
    log.info(
        LOGGER,
        f"KotAuth v{VERSION} started | env={configuration.environment} | baseUrl={configuration.base_url}"
        f" | python={sys.version.split()[0]} (stand-in)",
    )
    return Server(application.handle).run(lambda: log.info(LOGGER, "Responding at http://0.0.0.0:8080"))


def _prepare(configuration: settings.Settings) -> Application:
    database = jdbc.parse(configuration.db_url, configuration.db_user, configuration.db_password)
    # Flyway logs the URL, so credentials have no place in it.
    log.info(flyway.LOGGER, f"Database: {configuration.db_url}")
    flyway.migrate(database)
    pool = Pool(database, configuration.pool_max_size, configuration.pool_min_idle)
    first_admin.seed(pool, configuration.base_url, configuration.bootstrap_admin_password)
    redis_probe.check(configuration)
    signing_keys.provision(pool, SecretKey(configuration.secret_key))
    api_keys.provision(pool, configuration.bootstrap_api_keys)
    return Application(configuration, pool)


def _explain(error: Exception) -> str:
    if type(error).__module__.startswith("pg8000"):
        return f"Unable to obtain connection from database: {error}"
    return str(error)


def _leave(_number: int, _frame: FrameType | None) -> None:
    os._exit(EXIT_CODE)
