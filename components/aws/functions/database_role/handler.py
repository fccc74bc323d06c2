"""Makes the application's database roles, or brings them up to date.

Its input holds names and the fingerprint of the secret key; the function reads the two passwords itself and can't read
that key. What it says, in its log and in errors, holds none.
"""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ....postgres.role import KEY_FINGERPRINT, ROLE_SQL, role_settings, scram_verifier
from .failure import DatabaseRoleError, NotYetError
from .secret import read_administrator, read_secret
from .session import Server, run_script

CA_FILE = Path(__file__).parent / "ca.pem"

_PAUSE_SECONDS = 2
_LAST_ATTEMPT_SECONDS = 60
"""Time kept for an attempt that has begun: Lambda ends a function that is late without a word."""


def handle(event: Mapping[str, Any], context: Any) -> dict[str, str]:  # noqa: ANN401 - Lambda's own object
    """Apply `role.sql`, again and again while the database isn't there yet, and return the name of the login."""
    try:
        return _apply(event, context.get_remaining_time_in_millis() / 1000 - _LAST_ATTEMPT_SECONDS)
    except DatabaseRoleError as error:
        _log("ERROR", str(error))
        raise
    except Exception as error:
        # The text of any other may hold a value.
        place = traceback.extract_tb(error.__traceback__)[-1]
        text = f"{type(error).__name__} in {Path(place.filename).name}, line {place.lineno}"
        _log("ERROR", text)
        raise DatabaseRoleError(f"unexpected {text}") from None


def _apply(event: Mapping[str, Any], seconds: float) -> dict[str, str]:
    server = Server(event["host"], event["port"], event["database"], str(CA_FILE))
    login = event["login"]
    deadline = time.monotonic() + seconds
    while True:
        try:
            administrator = read_administrator(event["administrator_secret"])
            password = read_secret(event["password_secret"], event["password_label"])
            settings = role_settings(login, scram_verifier(password), event["connection_limit"])
            settings[KEY_FINGERPRINT] = event["key_fingerprint"]
            warnings = run_script(server, administrator, settings, ROLE_SQL)
            break
        except NotYetError as error:
            if time.monotonic() > deadline:
                raise DatabaseRoleError(f"{error}. Tried for {seconds:.0f} s") from None
            _log("INFO", f"{error}. Trying again")
            time.sleep(_PAUSE_SECONDS)
    for warning in warnings:
        _log("WARN", warning)
    _log("INFO", f"{login} can be used on {server.address}")
    return {"login": login}


def _log(level: str, message: str) -> None:
    print(json.dumps({"level": level, "message": message}), flush=True)
