-- Second factors, what is known of sign-ins, and requests for another password.

-- When the person's second factor was turned on. All else of it lies apart: the log shows this column, and nothing secret.
ALTER TABLE app_user ADD COLUMN second_factor_at timestamptz;

-- A shared secret, sealed by the service (place: this school, `second_factor`, `secret`); until it is confirmed it is good for nothing.
CREATE TABLE second_factor (
    tenant_id    uuid NOT NULL,
    user_id      uuid NOT NULL,
    secret       bytea NOT NULL CONSTRAINT second_factor_secret_check CHECK (length(secret) BETWEEN 1 AND 200),
    -- Until when it can be confirmed.
    expires_at   timestamptz NOT NULL,
    confirmed_at timestamptz,
    -- The latest step that was accepted.
    last_step    bigint NOT NULL DEFAULT 0,
    -- When a wrong code was given after a right password, of the last hour.
    missed_at    timestamptz[] NOT NULL DEFAULT '{}',
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, user_id),
    CONSTRAINT second_factor_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app_user ON DELETE CASCADE
);

-- Codes for whoever has lost their app: SHA-256 of 80 random bits each.
CREATE TABLE recovery_code (
    tenant_id  uuid NOT NULL,
    user_id    uuid NOT NULL,
    code_hash  bytea NOT NULL CONSTRAINT recovery_code_hash_check CHECK (length(code_hash) = 32),
    used_at    timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, user_id, code_hash),
    CONSTRAINT recovery_code_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app_user ON DELETE CASCADE
);

-- How somebody signed in, with which program and from where.
ALTER TABLE session
    ADD COLUMN method text NOT NULL DEFAULT 'PASSWORD' CONSTRAINT session_method_check CHECK (method IN ('PASSWORD', 'EMAIL_CODE', 'PROVIDER', 'INVITATION')),
    ADD COLUMN user_agent text CONSTRAINT session_user_agent_check CHECK (length(user_agent) <= 300),
    ADD COLUMN address text CONSTRAINT session_address_check CHECK (length(address) <= 60);
CREATE INDEX session_created_idx ON session (tenant_id, user_id, created_at, id);
ALTER TABLE session DROP CONSTRAINT session_revoked_reason_check, ADD CONSTRAINT session_revoked_reason_check
    CHECK (revoked_reason IN ('LOGOUT', 'LOGOUT_EVERYWHERE', 'ENDED', 'REUSE', 'PASSWORD_CHANGED', 'EMAIL_REVERTED', 'SUSPENDED', 'DELETED', 'SIGNED_OUT'));

-- Somebody who wants another password, and waits for who decides.
CREATE TABLE password_change_request (
    tenant_id     uuid NOT NULL,
    id            uuid NOT NULL,
    user_id       uuid NOT NULL,
    note          text CONSTRAINT password_change_request_note_check CHECK (length(note) BETWEEN 1 AND 2000),
    state         text NOT NULL DEFAULT 'PENDING'
                  CONSTRAINT password_change_request_state_check CHECK (state IN ('PENDING', 'APPROVED', 'REJECTED', 'WITHDRAWN', 'EXPIRED')),
    decided_by_id uuid,
    decision_note text CONSTRAINT password_change_request_decision_note_check CHECK (length(decision_note) BETWEEN 1 AND 2000),
    created_at    timestamptz NOT NULL DEFAULT now(),
    expires_at    timestamptz NOT NULL,
    decided_at    timestamptz,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT password_change_request_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app_user ON DELETE CASCADE,
    CONSTRAINT password_change_request_decided_by_fkey FOREIGN KEY (tenant_id, decided_by_id) REFERENCES app_user ON DELETE SET NULL (decided_by_id)
);
CREATE UNIQUE INDEX password_change_request_pending ON password_change_request (tenant_id, user_id) WHERE state = 'PENDING';
CREATE INDEX password_change_request_created_idx ON password_change_request (tenant_id, created_at, id);
CREATE INDEX password_change_request_state_idx ON password_change_request (tenant_id, state, created_at, id);
CREATE INDEX password_change_request_user_idx ON password_change_request (tenant_id, user_id, created_at, id);
CREATE INDEX password_change_request_decided_by_idx ON password_change_request (tenant_id, decided_by_id) WHERE decided_by_id IS NOT NULL;

-- The hash of the password that they want, until it is decided.
CREATE TABLE password_change_credential (
    tenant_id     uuid NOT NULL,
    request_id    uuid NOT NULL,
    password_hash text NOT NULL CONSTRAINT password_change_credential_hash_check CHECK (length(password_hash) <= 300),
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, request_id),
    CONSTRAINT password_change_credential_request_fkey FOREIGN KEY (tenant_id, request_id) REFERENCES password_change_request ON DELETE CASCADE
);

ALTER TABLE admission_transition DROP CONSTRAINT admission_transition_what_check,
    ADD CONSTRAINT admission_transition_what_check CHECK (what IN ('sign_up_request', 'invitation', 'password_change_request'));
INSERT INTO admission_transition (what, from_state, to_state) VALUES
    ('password_change_request', 'PENDING', 'APPROVED'),
    ('password_change_request', 'PENDING', 'REJECTED'),
    ('password_change_request', 'PENDING', 'WITHDRAWN'),
    ('password_change_request', 'PENDING', 'EXPIRED');

ALTER TABLE tenant_settings
    ADD COLUMN second_factor_role_keys text[] NOT NULL DEFAULT '{}' CONSTRAINT tenant_settings_second_factor_role_keys_check CHECK (cardinality(second_factor_role_keys) <= 50),
    ADD COLUMN password_change_needs_approval boolean NOT NULL DEFAULT false;
