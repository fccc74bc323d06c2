CREATE TABLE audit_log (
    id         BIGSERIAL PRIMARY KEY,
    tenant_id  INTEGER     REFERENCES tenants (id),
    user_id    INTEGER     REFERENCES users (id) ON DELETE SET NULL,
    client_id  INTEGER,
    event_type VARCHAR(64) NOT NULL,
    ip_address VARCHAR(64),
    details    JSONB       NOT NULL DEFAULT '{}',
    created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE INDEX idx_audit_log_tenant_created ON audit_log (tenant_id, created_at DESC);
