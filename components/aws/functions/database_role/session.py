"""A session of the administrator: over TLS that verifies authority and host name, and one transaction long."""

# pyright: reportMissingTypeStubs=false

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pg8000.exceptions import DatabaseError, InterfaceError
from pg8000.native import Connection

from .failure import DatabaseRoleError, NotYetError

ANSWER_SECONDS = 15
"""Time limit for a connection, and for each answer of the server."""

_LIMITS = {"lock_timeout": "5s", "statement_timeout": "10s"}
"""Time limits of the server, shorter than `ANSWER_SECONDS`, so that the server says what it waited for."""

_PASSWORD_REFUSED = "28P01"  # noqa: S105 - a SQLSTATE
_PASSING = {
    "57P03": "it is starting",
    "57P01": "it is shutting down",
    "57P02": "it is starting after a crash",
    "53300": "all its connections are taken",
    "55P03": "another session holds a lock on the roles",
    "57014": "it took too long",
}
_WRONG_NAME = 62
"""X509_V_ERR_HOSTNAME_MISMATCH."""


@dataclass(frozen=True)
class Server:
    """Where the database is, and who may sign its certificate."""

    host: str
    port: int
    database: str
    ca_file: str

    @property
    def address(self) -> str:
        """Host and port, for messages."""
        return f"{self.host}:{self.port}"


def run_script(server: Server, administrator: tuple[str, str], settings: Mapping[str, str], script: str) -> list[str]:
    """Run a script with its settings as the administrator, wholly or not at all; return the server's warnings."""
    try:
        with _connect(server, administrator) as connection:
            connection.run("BEGIN")
            for key, value in {**_LIMITS, **settings}.items():
                connection.run("SELECT set_config(:key, :value, true)", key=key, value=value)
            connection.run(script)
            connection.run("COMMIT")
            return [notice[b"M"].decode() for notice in connection.notices if notice.get(b"V") == b"WARNING"]
    except DatabaseError as error:
        raise _of_the_server(server, error.args[0]) from None
    except ssl.SSLCertVerificationError as error:
        if error.verify_code == _WRONG_NAME:
            raise DatabaseRoleError(f"the certificate of {server.address} is for another host name") from None
        raise DatabaseRoleError(
            f"the certificate of {server.address} is not trusted: {error.verify_message}. "
            "Is it signed by an authority of `ca_bundle`?"
        ) from None
    except (InterfaceError, OSError) as error:
        if error.args[:1] == ("Server refuses SSL",):
            raise DatabaseRoleError(f"{server.address} refuses TLS") from None
        raise NotYetError(f"no connection to {server.address}: {error.__cause__ or error}") from None


def _connect(server: Server, administrator: tuple[str, str]) -> Any:  # noqa: ANN401 - pg8000 has no types
    trusting = ssl.create_default_context(cafile=server.ca_file)
    # Python 3.13 asks for extensions that AWS does not promise for the certificates of RDS. Authority, host name and
    # dates are verified without it, as `verify-full` of every other client does.
    trusting.verify_flags &= ~ssl.VERIFY_X509_STRICT
    user, password = administrator
    return Connection(
        user,
        password=password,
        host=server.host,
        port=server.port,
        database=server.database,
        ssl_context=trusting,
        timeout=ANSWER_SECONDS,
        application_name="kotauth-database-role",
    )


def _of_the_server(server: Server, fields: Mapping[str, Any]) -> Exception:
    """Return the exception for an error of the server; only its message is shown, its context may quote a verifier."""
    state, message = fields["C"], fields["M"]
    if state in _PASSING:
        return NotYetError(f"{server.address} can't do it yet: {_PASSING[state]}")
    if state == _PASSWORD_REFUSED:
        return DatabaseRoleError(f"the administrator's password was refused by {server.address}")
    return DatabaseRoleError(f"{server.address} refused: {message} (SQLSTATE {state})")
