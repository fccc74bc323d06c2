CREATE TABLE api_keys (
    id             SERIAL PRIMARY KEY,
    tenant_id      INTEGER     NOT NULL REFERENCES tenants (id),
    name           VARCHAR(128) NOT NULL,
    key_prefix     VARCHAR(32) NOT NULL,
    key_hash       VARCHAR(64) NOT NULL UNIQUE,
    scopes         TEXT        NOT NULL DEFAULT '',
    enabled        BOOLEAN     NOT NULL DEFAULT TRUE,
    bootstrap_name VARCHAR(128),
    last_used_at   TIMESTAMPTZ,
    created_at     TIMESTAMPTZ NOT NULL DEFAULT now()
);
