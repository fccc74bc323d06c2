"""`POST /t/{slug}/protocol/openid-connect/token`: its limit and refusals. There are no clients, so no grant works.

Tests of rolls and reloads need it: of all that they send, this is the POST that must not be lost or sent twice.
"""

from __future__ import annotations

from ..http.rate_limit import RateLimit
from ..http.wire import Request, Response, oauth_error

CALLS = 20
"""In a minute, per client address and workspace."""
GRANTS = ("authorization_code", "client_credentials", "refresh_token")


class TokenEndpoint:
    """For one running server."""

    def __init__(self) -> None:
        self._limit = RateLimit(CALLS)

    def answer(self, request: Request, slug: str, client_ip: str) -> Response:
        """429 or 400."""
        if not self._limit.allows(f"{slug}|{client_ip}"):
            return oauth_error("rate_limit_exceeded", "Too many token requests. Please slow down.", 429)
        grant = request.form.get("grant_type", "")
        if grant not in GRANTS:
            return oauth_error("unsupported_grant_type", f"Unsupported grant_type: {grant}")
        return oauth_error("invalid_client", "Client not found")
