-- How platform administrators sign in, and the log of what they do. All of it belongs to the nil tenant.

CREATE TABLE platform_credential (
    tenant_id     uuid NOT NULL,
    admin_id      uuid NOT NULL,
    password_hash text NOT NULL CONSTRAINT platform_credential_hash_check CHECK (length(password_hash) <= 300),
    changed_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, admin_id),
    CONSTRAINT platform_credential_admin_fkey FOREIGN KEY (tenant_id, admin_id) REFERENCES platform_admin ON DELETE CASCADE
);

-- A sign-in on one device: twelve hours at most, however often it is refreshed.
CREATE TABLE platform_session (
    tenant_id      uuid NOT NULL,
    id             uuid NOT NULL,
    admin_id       uuid NOT NULL,
    expires_at     timestamptz NOT NULL,
    revoked_at     timestamptz,
    revoked_reason text CONSTRAINT platform_session_revoked_reason_check
        CHECK (revoked_reason IN ('LOGOUT', 'REUSE', 'PASSWORD_CHANGED', 'SECOND_FACTOR_CHANGED', 'SUSPENDED', 'DELETED')),
    created_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT platform_session_admin_fkey FOREIGN KEY (tenant_id, admin_id) REFERENCES platform_admin ON DELETE CASCADE
);
CREATE INDEX platform_session_admin_idx ON platform_session (tenant_id, admin_id);
CREATE INDEX platform_session_expires_idx ON platform_session (tenant_id, expires_at);

CREATE TABLE platform_refresh_token (
    tenant_id  uuid NOT NULL,
    token_hash bytea NOT NULL CONSTRAINT platform_refresh_token_hash_check CHECK (length(token_hash) = 32),
    session_id uuid NOT NULL,
    used_at    timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, token_hash),
    CONSTRAINT platform_refresh_token_session_fkey FOREIGN KEY (tenant_id, session_id) REFERENCES platform_session ON DELETE CASCADE
);
CREATE INDEX platform_refresh_token_session_idx ON platform_refresh_token (tenant_id, session_id);

-- A second factor: its secret, sealed by the service. It is on once a code has been given; each step of its clock is accepted once.
CREATE TABLE platform_factor (
    tenant_id    uuid NOT NULL,
    admin_id     uuid NOT NULL,
    secret       bytea NOT NULL,
    confirmed_at timestamptz,
    last_step    bigint NOT NULL DEFAULT 0,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, admin_id),
    CONSTRAINT platform_factor_admin_fkey FOREIGN KEY (tenant_id, admin_id) REFERENCES platform_admin ON DELETE CASCADE
);

CREATE TABLE platform_recovery_code (
    tenant_id  uuid NOT NULL,
    admin_id   uuid NOT NULL,
    code_hash  bytea NOT NULL CONSTRAINT platform_recovery_code_hash_check CHECK (length(code_hash) = 32),
    used_at    timestamptz,
    PRIMARY KEY (tenant_id, admin_id, code_hash),
    CONSTRAINT platform_recovery_code_admin_fkey FOREIGN KEY (tenant_id, admin_id) REFERENCES platform_admin ON DELETE CASCADE
);

-- What platform administrators did and were refused. No foreign key to a school: the log outlives it.
CREATE TABLE platform_audit_entry (
    tenant_id      uuid NOT NULL,
    id             uuid NOT NULL,
    admin_id       uuid,
    operation      text NOT NULL CONSTRAINT platform_audit_entry_operation_check CHECK (length(operation) BETWEEN 1 AND 100),
    outcome        text NOT NULL CONSTRAINT platform_audit_entry_outcome_check CHECK (outcome IN ('CHANGED', 'REFUSED')),
    school_id      uuid,
    before         jsonb,
    after          jsonb,
    code           text,
    reason         text,
    correlation_id text NOT NULL,
    at             timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT platform_audit_entry_admin_fkey FOREIGN KEY (tenant_id, admin_id) REFERENCES platform_admin
);
CREATE INDEX platform_audit_entry_at_idx ON platform_audit_entry (tenant_id, at, id);
CREATE INDEX platform_audit_entry_admin_idx ON platform_audit_entry (tenant_id, admin_id, at, id);
CREATE INDEX platform_audit_entry_school_idx ON platform_audit_entry (tenant_id, school_id, at, id) WHERE school_id IS NOT NULL;

COMMENT ON COLUMN platform_credential.password_hash IS 'secret: the hash of a password';
COMMENT ON COLUMN platform_refresh_token.token_hash IS 'secret: the hash of a token';
COMMENT ON COLUMN platform_factor.secret IS 'secret: sealed, makes the codes of a second factor';
COMMENT ON COLUMN platform_recovery_code.code_hash IS 'secret: the hash of a recovery code';

-- An invitation by the platform: nobody of the school has made it, and so nobody's rights decide whether it still holds.
ALTER TABLE invitation ADD COLUMN is_of_platform boolean NOT NULL DEFAULT false;

-- The language in which a school is written to.
ALTER TABLE tenant_settings
    ADD COLUMN IF NOT EXISTS locale text NOT NULL DEFAULT 'en' CONSTRAINT tenant_settings_locale_check CHECK (length(locale) BETWEEN 2 AND 35);
