"""`/t/{slug}/.well-known/openid-configuration`, and the keys that it points to."""

from __future__ import annotations

from ..accounts import signing_keys
from ..accounts.tenants import Tenant
from ..database.pool import Pool
from ..http.origin import Origin
from ..http.wire import Response, json_response


def document(tenant: Tenant, origin: Origin) -> Response:
    """With the stored issuer, else one out of the request: a forged host lands in it if the proxy lets it through."""
    issuer = tenant.issuer_url or f"{origin.base_url}/t/{tenant.slug}"
    protocol = f"{issuer}/protocol/openid-connect"
    return json_response(
        {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/authorize",
            "token_endpoint": f"{protocol}/token",
            "userinfo_endpoint": f"{protocol}/userinfo",
            "jwks_uri": f"{protocol}/certs",
            "end_session_endpoint": f"{protocol}/logout",
            "revocation_endpoint": f"{protocol}/revoke",
            "introspection_endpoint": f"{protocol}/introspect",
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", "profile", "email"],
            "code_challenge_methods_supported": ["S256"],
            "response_modes_supported": ["query"],
            "claims_supported": ["sub", "iss", "aud", "exp", "iat", "name", "email", "email_verified"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        }
    )


def key_set(pool: Pool, tenant: Tenant) -> Response:
    """`/t/{slug}/protocol/openid-connect/certs`. 1.5.2 answered 500 here, which is a fault and no contract."""
    with pool.transaction() as connection:
        return json_response(signing_keys.public_keys(connection, tenant.id))
