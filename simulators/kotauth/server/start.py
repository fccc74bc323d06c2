"""The start, in the real server's order: checks, migrations, pool, seed, keys, API keys, the line, the port.

Nothing is tried twice: without its database the server ends at once, and a restart policy is what brings it back.
A start takes about a second. With SIMULATOR_REAL_START=true it takes as long as the real server's.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from time import monotonic, sleep
from types import FrameType

from .accounts import api_keys, first_admin, signing_keys
from .accounts.secret_key import SecretKey
from .application import Application
from .database import flyway, jdbc
from .database.pool import Pool
from .http.call_threads import CallThreads, available_processors
from .http.server import EXIT_CODE, Server
from .process import log, memory_limit, settings, variables
from .process.refusal import RefusedError
from .process.version import VERSION

FIRST_START_SECONDS = 10.0
"""To the open port on an empty database. Measured on 1.5.2 with one processor: 7 to 13.5 s."""
RESTART_SECONDS = 6.0
"""Measured likewise: 4 to 9 s."""
LOGGER = "com.kauth.startup"


def run() -> int:
    """Start and serve; returns the exit code."""
    began = monotonic()
    # Process 1 of a container ignores SIGTERM unless it says otherwise.
    signal.signal(signal.SIGTERM, _leave)
    try:
        configuration = settings.load()
    except RefusedError as refusal:
        refusal.show()
        return 1
    log.info(LOGGER, f"This is a simulator that keeps the contract of Kotauth {VERSION}. It is not Kotauth.")
    processors = available_processors()
    log.info(LOGGER, f"memory limit {memory_limit.read()} bytes")
    log.info(LOGGER, f"{processors} request thread(s)")
    try:
        application = _prepare(configuration, began)
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
    _load_colours()
    log.info(
        LOGGER,
        f"KotAuth v{VERSION} started | env={configuration.environment} | baseUrl={configuration.base_url}"
        f" | python={sys.version.split()[0]} (simulator)",
    )
    return Server(application.handle, CallThreads(processors)).run(
        lambda: log.info(LOGGER, "Responding at http://0.0.0.0:8080")
    )


def _prepare(configuration: settings.Settings, began: float) -> Application:
    database = jdbc.parse(configuration.db_url, configuration.db_user, configuration.db_password)
    # Flyway logs the URL, so credentials have no place in it.
    log.info(flyway.LOGGER, f"Database: {configuration.db_url}")
    first = flyway.migrate(database)
    pool = Pool(database, configuration.pool_max_size, configuration.pool_min_idle)
    first_admin.seed(pool, configuration.base_url, configuration.bootstrap_admin_password)
    signing_keys.provision(pool, SecretKey(configuration.secret_key))
    api_keys.provision(pool, configuration.bootstrap_api_keys)
    if variables.switched_on("SIMULATOR_REAL_START"):
        sleep(max(0.0, (FIRST_START_SECONDS if first else RESTART_SECONDS) - (monotonic() - began)))
    return Application(configuration, pool)


def _load_colours() -> None:
    """The access log's colours come from a native library that Jansi unpacks: two plain lines where it can't run."""
    if os.statvfs("/tmp").f_flag & os.ST_NOEXEC:  # noqa: S108
        library = "jansi-2.4.1-libjansi.so"
        print(
            f"Failed to load native library:{library}. The native library file at /tmp/{library} is not executable,"
            " make sure that the directory is mounted on a partition without the noexec flag\n"
            f"java.lang.UnsatisfiedLinkError: /tmp/{library}: failed to map segment from shared object",
            file=sys.stderr,
        )


def _explain(error: Exception) -> str:
    if type(error).__module__.startswith("pg8000"):
        return f"Unable to obtain connection from database: {error}"
    return str(error)


def _leave(_number: int, _frame: FrameType | None) -> None:
    os._exit(EXIT_CODE)
