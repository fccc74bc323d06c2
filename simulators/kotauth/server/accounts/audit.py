"""The audit log: a row is inserted, then updated with its link in the hash chain.

Hence the role needs UPDATE on this table. A failed write is only logged: the user's request goes on.
"""

from __future__ import annotations

import hmac
import json

from ..database.pool import Pool
from ..database.query import rows_of
from ..process import log
from .secret_key import SecretKey

LOGGER = "com.kauth.infrastructure.AuditLogWriter"


class AuditLog:
    """Writes events of one server, all with the same key."""

    def __init__(self, pool: Pool, secret_key: SecretKey) -> None:
        self._pool = pool
        self._secret_key = secret_key

    def write(self, event_type: str, *, tenant: int, ip_address: str, user: int | None = None, **details: str) -> None:
        """Append an event. One transaction-scoped lock per workspace keeps the chain linear."""
        try:
            self._write(event_type, tenant, ip_address, user, json.dumps(details))
        except Exception as error:  # whatever it was: swallowing it is the contract
            log.error(LOGGER, f"Failed to write audit event {event_type}", log.stack_trace(error))

    def _write(self, event_type: str, tenant: int, ip_address: str, user: int | None, details: str) -> None:
        with self._pool.transaction() as connection:
            connection.run("SELECT pg_advisory_xact_lock(:tenant)", tenant=tenant)
            previous = connection.run(
                "SELECT row_hash FROM audit_log WHERE tenant_id = :tenant ORDER BY id DESC LIMIT 1", tenant=tenant
            )
            ((row, created_at),) = rows_of(
                connection,
                "INSERT INTO audit_log (tenant_id, user_id, event_type, ip_address, details)"
                " VALUES (:tenant, :user, :event, :ip, CAST(:details AS jsonb)) RETURNING id, created_at::text",
                tenant=tenant,
                user=user,
                event=event_type,
                ip=ip_address,
                details=details,
            )
            previous_hash = (previous[0][0] if previous else None) or "0" * 64
            content = "|".join([previous_hash, str(row), event_type, ip_address, str(user), details, created_at])
            connection.run(
                "UPDATE audit_log SET previous_hash = :previous, row_hash = :hash, chain_key_id = :key WHERE id = :id",
                previous=previous_hash,
                hash=hmac.digest(self._secret_key.audit_key, content.encode(), "sha256").hex(),
                key=self._secret_key.audit_key_id,
                id=row,
            )
