CREATE TYPE mfa_policy AS ENUM ('optional', 'required', 'required_admins');

CREATE TABLE tenants (
    id                          SERIAL PRIMARY KEY,
    slug                        VARCHAR(64)  NOT NULL UNIQUE,
    display_name                VARCHAR(255) NOT NULL,
    issuer_url                  VARCHAR(512),
    token_expiry_seconds        INTEGER      NOT NULL DEFAULT 3600,
    refresh_token_expiry_seconds INTEGER     NOT NULL DEFAULT 86400,
    registration_enabled        BOOLEAN      NOT NULL DEFAULT TRUE,
    email_verification_required BOOLEAN      NOT NULL DEFAULT FALSE,
    passkeys_enabled            BOOLEAN      NOT NULL DEFAULT TRUE,
    max_concurrent_sessions     INTEGER,
    password_min_length         INTEGER      NOT NULL DEFAULT 8,
    password_require_special    BOOLEAN      NOT NULL DEFAULT FALSE,
    password_require_uppercase  BOOLEAN      NOT NULL DEFAULT FALSE,
    password_require_number     BOOLEAN      NOT NULL DEFAULT FALSE,
    password_history_count      INTEGER      NOT NULL DEFAULT 0,
    password_max_age_days       INTEGER      NOT NULL DEFAULT 0,
    password_blacklist_enabled  BOOLEAN      NOT NULL DEFAULT FALSE,
    password_hibp_check_enabled BOOLEAN      NOT NULL DEFAULT FALSE,
    mfa_policy                  mfa_policy   NOT NULL DEFAULT 'optional',
    lockout_max_attempts        INTEGER      NOT NULL DEFAULT 0,
    lockout_duration_minutes    INTEGER      NOT NULL DEFAULT 15,
    created_at                  TIMESTAMPTZ  NOT NULL DEFAULT now()
);
