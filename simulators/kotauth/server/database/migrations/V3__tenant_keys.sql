CREATE TABLE tenant_keys (
    id                    SERIAL PRIMARY KEY,
    tenant_id             INTEGER     NOT NULL REFERENCES tenants (id),
    key_id                VARCHAR(64) NOT NULL UNIQUE,
    encrypted_private_key TEXT        NOT NULL,
    active                BOOLEAN     NOT NULL DEFAULT TRUE,
    created_at            TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE UNIQUE INDEX idx_tenant_keys_one_active_per_tenant ON tenant_keys (tenant_id) WHERE active;
