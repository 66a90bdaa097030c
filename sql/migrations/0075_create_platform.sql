-- Whoever runs the deployment: platform administrators, their passwords and sign-ins, the erasures that they have asked for, their own log.
-- All of it belongs to the nil tenant, and no role of the schools' endpoint holds a right on it.

-- What no export may take along: the role lectern_desk is not given these columns (app.raise_wall). A column that is added and holds a secret
-- says so in its comment, in the same way, in its own migration.
COMMENT ON COLUMN credential.password_hash IS 'secret: the hash of a password';
COMMENT ON COLUMN refresh_token.token_hash IS 'secret: the hash of a token';
COMMENT ON COLUMN course.enrollment_key IS 'secret: who knows it may enroll';
COMMENT ON COLUMN mail.secrets IS 'secret: sealed links and codes';
COMMENT ON COLUMN webhook_endpoint.secret IS 'secret: signs what is sent';
COMMENT ON COLUMN webhook_endpoint.previous_secret IS 'secret: signs what is sent';
COMMENT ON COLUMN mailed_token.token_hash IS 'secret: the hash of a mailed link';
COMMENT ON COLUMN sign_in_code.code_mac IS 'secret: says what the code is';
COMMENT ON COLUMN sign_up_credential.password_hash IS 'secret: the hash of a password';
COMMENT ON COLUMN password_change_credential.password_hash IS 'secret: the hash of a password';
COMMENT ON COLUMN second_factor.secret IS 'secret: sealed, makes the codes of a second factor';
COMMENT ON COLUMN recovery_code.code_hash IS 'secret: the hash of a recovery code';
COMMENT ON COLUMN api_key_secret.secret_hash IS 'secret: the hash of a key';
-- Counters, and what tells strangers to a network from others: no part of what a school is.
COMMENT ON TABLE failed_sign_in IS 'counter';
COMMENT ON TABLE used_budget IS 'counter';
COMMENT ON TABLE known_network IS 'counter';

-- Why a school was suspended.
ALTER TABLE tenant ADD COLUMN suspend_reason text CONSTRAINT tenant_suspend_reason_check CHECK (length(suspend_reason) BETWEEN 1 AND 500);

CREATE TABLE platform_admin (
    tenant_id     uuid NOT NULL CONSTRAINT platform_admin_tenant_check CHECK (tenant_id = '00000000-0000-0000-0000-000000000000'),
    id            uuid NOT NULL,
    email         text NOT NULL CONSTRAINT platform_admin_email_check CHECK (length(email) BETWEEN 3 AND 254),
    name          text NOT NULL CONSTRAINT platform_admin_name_check CHECK (length(name) BETWEEN 1 AND 200),
    status        text NOT NULL DEFAULT 'ACTIVE' CONSTRAINT platform_admin_status_check CHECK (status IN ('ACTIVE', 'SUSPENDED')),
    -- Those of the demo may do everything without a second factor.
    is_demo       boolean NOT NULL DEFAULT false,
    token_version integer NOT NULL DEFAULT 0,
    last_sign_in_at timestamptz,
    deleted_at    timestamptz,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT platform_admin_gone_check CHECK (deleted_at IS NULL OR status = 'SUSPENDED')
);
-- Whoever is gone stays in the log by name and address; the address is free again.
CREATE UNIQUE INDEX platform_admin_email_key ON platform_admin (tenant_id, lower(email)) WHERE deleted_at IS NULL;

-- The erasure of a school, kept when the school is gone: who, when, which one, and what there was.
CREATE TABLE tenant_erasure (
    tenant_id       uuid NOT NULL CONSTRAINT tenant_erasure_tenant_check CHECK (tenant_id = '00000000-0000-0000-0000-000000000000'),
    id              uuid NOT NULL,
    -- No foreign key: it outlives the school.
    school_id       uuid NOT NULL,
    slug            text NOT NULL CONSTRAINT tenant_erasure_slug_check CHECK (length(slug) BETWEEN 2 AND 63),
    state           text NOT NULL DEFAULT 'QUEUED' CONSTRAINT tenant_erasure_state_check CHECK (state IN ('QUEUED', 'RUNNING', 'DONE', 'FAILED')),
    requested_by_id uuid,
    tables          integer NOT NULL DEFAULT 0 CONSTRAINT tenant_erasure_tables_check CHECK (tables >= 0),
    rows            bigint NOT NULL DEFAULT 0 CONSTRAINT tenant_erasure_rows_check CHECK (rows >= 0),
    files           bigint NOT NULL DEFAULT 0 CONSTRAINT tenant_erasure_files_check CHECK (files >= 0),
    remaining       bigint NOT NULL DEFAULT 0 CONSTRAINT tenant_erasure_remaining_check CHECK (remaining >= 0),
    error           text CONSTRAINT tenant_erasure_error_check CHECK (length(error) <= 500),
    created_at      timestamptz NOT NULL DEFAULT now(),
    finished_at     timestamptz,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT tenant_erasure_requested_by_fkey FOREIGN KEY (tenant_id, requested_by_id) REFERENCES platform_admin,
    CONSTRAINT tenant_erasure_finished_check CHECK ((finished_at IS NOT NULL) = (state IN ('DONE', 'FAILED'))),
    CONSTRAINT tenant_erasure_done_check CHECK (state <> 'DONE' OR remaining = 0)
);
CREATE UNIQUE INDEX tenant_erasure_active_key ON tenant_erasure (tenant_id, school_id) WHERE state IN ('QUEUED', 'RUNNING');
CREATE INDEX tenant_erasure_created_idx ON tenant_erasure (tenant_id, created_at, id);
CREATE INDEX tenant_erasure_requested_by_idx ON tenant_erasure (tenant_id, requested_by_id);
