CREATE TABLE sessions (
    id         BIGSERIAL PRIMARY KEY,
    tenant_id  INTEGER     NOT NULL REFERENCES tenants (id),
    user_id    INTEGER     NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    ip_address VARCHAR(64),
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    expires_at TIMESTAMPTZ NOT NULL,
    revoked_at TIMESTAMPTZ
);

CREATE TABLE authorization_codes (
    code_hash      CHAR(64) PRIMARY KEY,
    tenant_id      INTEGER      NOT NULL REFERENCES tenants (id),
    user_id        INTEGER      NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    code_challenge VARCHAR(128),
    expires_at     TIMESTAMPTZ  NOT NULL
);
