-- How people come in: what was asked for and is not known to concern anybody yet, links and codes that were mailed, sign-ups, invitations.

-- What somebody who is not signed in has asked for: a row whether or not there is such a school or person, of the nil tenant, until a worker
-- has found out.
CREATE TABLE account_request (
    tenant_id  uuid NOT NULL,
    id         uuid NOT NULL,
    kind       text NOT NULL CONSTRAINT account_request_kind_check CHECK (kind IN ('PASSWORD_RESET', 'SIGN_IN_CODE', 'SIGN_UP')),
    school     text NOT NULL CONSTRAINT account_request_school_check CHECK (length(school) <= 1024),
    email      text NOT NULL CONSTRAINT account_request_email_check CHECK (length(email) <= 254),
    email_key  text CONSTRAINT account_request_email_key_check CHECK (length(email_key) <= 1024),
    name       text CONSTRAINT account_request_name_check CHECK (length(name) BETWEEN 1 AND 200),
    role_key   text CONSTRAINT account_request_role_key_check CHECK (length(role_key) <= 40),
    message    text CONSTRAINT account_request_message_check CHECK (length(message) BETWEEN 1 AND 2000),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX account_request_created_idx ON account_request (tenant_id, created_at);

-- A mailed link: SHA-256 of its token, and what it is for. `subject` says of whom or of what: a later one of the kind for the same voids it.
CREATE TABLE mailed_token (
    tenant_id   uuid NOT NULL,
    token_hash  bytea NOT NULL CONSTRAINT mailed_token_hash_check CHECK (length(token_hash) = 32),
    id          uuid NOT NULL,
    kind        text NOT NULL CONSTRAINT mailed_token_kind_check CHECK (kind IN ('PASSWORD_RESET', 'SIGN_UP', 'INVITATION', 'EMAIL_REVERT')),
    subject     text NOT NULL CONSTRAINT mailed_token_subject_check CHECK (length(subject) BETWEEN 1 AND 1200),
    -- The person whose password or address it changes.
    user_id     uuid,
    -- The invitation that it accepts.
    invitation_id uuid,
    -- The mailbox that it proves.
    email       text CONSTRAINT mailed_token_email_check CHECK (length(email) <= 254),
    email_key   text CONSTRAINT mailed_token_email_key_check CHECK (length(email_key) <= 1024),
    -- What an applicant has said, before their mailbox is proven.
    name        text CONSTRAINT mailed_token_name_check CHECK (length(name) BETWEEN 1 AND 200),
    role_key    text CONSTRAINT mailed_token_role_key_check CHECK (length(role_key) <= 40),
    message     text CONSTRAINT mailed_token_message_check CHECK (length(message) BETWEEN 1 AND 2000),
    expires_at  timestamptz NOT NULL,
    used_at     timestamptz,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, token_hash),
    CONSTRAINT mailed_token_id_key UNIQUE (tenant_id, id),
    CONSTRAINT mailed_token_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app_user ON DELETE CASCADE
);
CREATE INDEX mailed_token_subject_idx ON mailed_token (tenant_id, kind, subject) WHERE used_at IS NULL;
CREATE INDEX mailed_token_user_idx ON mailed_token (tenant_id, user_id) WHERE user_id IS NOT NULL;
CREATE INDEX mailed_token_invitation_idx ON mailed_token (tenant_id, invitation_id) WHERE invitation_id IS NOT NULL;
CREATE INDEX mailed_token_email_idx ON mailed_token (tenant_id, email_key) WHERE email_key IS NOT NULL;
CREATE INDEX mailed_token_expires_idx ON mailed_token (tenant_id, expires_at);

-- The latest sign-in code of an address: an HMAC of it, under a key of the service.
CREATE TABLE sign_in_code (
    tenant_id  uuid NOT NULL,
    email_key  text NOT NULL CONSTRAINT sign_in_code_email_key_check CHECK (length(email_key) <= 1024),
    email      text NOT NULL CONSTRAINT sign_in_code_email_check CHECK (length(email) <= 254),
    code_mac   bytea NOT NULL CONSTRAINT sign_in_code_mac_check CHECK (length(code_mac) = 32),
    -- How somebody new is called.
    name       text CONSTRAINT sign_in_code_name_check CHECK (length(name) BETWEEN 1 AND 200),
    tries      integer NOT NULL DEFAULT 0 CONSTRAINT sign_in_code_tries_check CHECK (tries >= 0),
    expires_at timestamptz NOT NULL,
    used_at    timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, email_key)
);
CREATE INDEX sign_in_code_expires_idx ON sign_in_code (tenant_id, expires_at);

-- Somebody who wants to come in, and whose mailbox is proven.
CREATE TABLE sign_up_request (
    tenant_id     uuid NOT NULL,
    id            uuid NOT NULL,
    email         text NOT NULL CONSTRAINT sign_up_request_email_check CHECK (length(email) <= 254),
    email_key     text NOT NULL CONSTRAINT sign_up_request_email_key_check CHECK (length(email_key) <= 1024),
    name          text NOT NULL CONSTRAINT sign_up_request_name_check CHECK (length(name) BETWEEN 1 AND 200),
    role_key      text NOT NULL CONSTRAINT sign_up_request_role_key_check CHECK (length(role_key) <= 40),
    message       text CONSTRAINT sign_up_request_message_check CHECK (length(message) BETWEEN 1 AND 2000),
    state         text NOT NULL DEFAULT 'PENDING' CONSTRAINT sign_up_request_state_check CHECK (state IN ('PENDING', 'APPROVED', 'REJECTED')),
    user_id       uuid,
    decided_by_id uuid,
    note          text CONSTRAINT sign_up_request_note_check CHECK (length(note) BETWEEN 1 AND 2000),
    created_at    timestamptz NOT NULL DEFAULT now(),
    decided_at    timestamptz,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT sign_up_request_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app_user ON DELETE CASCADE,
    CONSTRAINT sign_up_request_decided_by_fkey FOREIGN KEY (tenant_id, decided_by_id) REFERENCES app_user ON DELETE SET NULL (decided_by_id)
);
CREATE UNIQUE INDEX sign_up_request_pending ON sign_up_request (tenant_id, email_key) WHERE state = 'PENDING';
CREATE INDEX sign_up_request_created_idx ON sign_up_request (tenant_id, created_at, id);
CREATE INDEX sign_up_request_state_idx ON sign_up_request (tenant_id, state, created_at, id);
CREATE INDEX sign_up_request_email_idx ON sign_up_request (tenant_id, email_key);
CREATE INDEX sign_up_request_user_idx ON sign_up_request (tenant_id, user_id) WHERE user_id IS NOT NULL;
CREATE INDEX sign_up_request_decided_by_idx ON sign_up_request (tenant_id, decided_by_id) WHERE decided_by_id IS NOT NULL;

-- The hash of the password that an applicant has chosen, until it is decided.
CREATE TABLE sign_up_credential (
    tenant_id     uuid NOT NULL,
    sign_up_id    uuid NOT NULL,
    password_hash text NOT NULL CONSTRAINT sign_up_credential_hash_check CHECK (length(password_hash) <= 300),
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, sign_up_id),
    CONSTRAINT sign_up_credential_request_fkey FOREIGN KEY (tenant_id, sign_up_id) REFERENCES sign_up_request ON DELETE CASCADE
);

-- Somebody whom the school has asked in.
CREATE TABLE invitation (
    tenant_id     uuid NOT NULL,
    id            uuid NOT NULL,
    email         text NOT NULL CONSTRAINT invitation_email_check CHECK (length(email) <= 254),
    email_key     text NOT NULL CONSTRAINT invitation_email_key_check CHECK (length(email_key) <= 1024),
    name          text CONSTRAINT invitation_name_check CHECK (length(name) BETWEEN 1 AND 200),
    role_keys     text[] NOT NULL CONSTRAINT invitation_role_keys_check CHECK (cardinality(role_keys) BETWEEN 1 AND 50),
    state         text NOT NULL DEFAULT 'PENDING' CONSTRAINT invitation_state_check CHECK (state IN ('PENDING', 'ACCEPTED', 'REVOKED', 'EXPIRED')),
    invited_by_id uuid,
    user_id       uuid,
    created_at    timestamptz NOT NULL DEFAULT now(),
    sent_at       timestamptz NOT NULL DEFAULT now(),
    expires_at    timestamptz NOT NULL,
    accepted_at   timestamptz,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT invitation_invited_by_fkey FOREIGN KEY (tenant_id, invited_by_id) REFERENCES app_user ON DELETE SET NULL (invited_by_id),
    CONSTRAINT invitation_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app_user ON DELETE CASCADE
);
CREATE UNIQUE INDEX invitation_pending ON invitation (tenant_id, email_key) WHERE state = 'PENDING';
CREATE INDEX invitation_created_idx ON invitation (tenant_id, created_at, id);
CREATE INDEX invitation_state_idx ON invitation (tenant_id, state, created_at, id);
CREATE INDEX invitation_email_idx ON invitation (tenant_id, email_key);
CREATE INDEX invitation_invited_by_idx ON invitation (tenant_id, invited_by_id) WHERE invited_by_id IS NOT NULL;
CREATE INDEX invitation_user_idx ON invitation (tenant_id, user_id) WHERE user_id IS NOT NULL;
ALTER TABLE mailed_token ADD CONSTRAINT mailed_token_invitation_fkey FOREIGN KEY (tenant_id, invitation_id) REFERENCES invitation ON DELETE CASCADE;

-- The steps that sign-ups and invitations may take.
CREATE TABLE admission_transition (
    what       text NOT NULL CONSTRAINT admission_transition_what_check CHECK (what IN ('sign_up_request', 'invitation')),
    from_state text NOT NULL,
    to_state   text NOT NULL,
    PRIMARY KEY (what, from_state, to_state)
);
INSERT INTO admission_transition (what, from_state, to_state) VALUES
    ('sign_up_request', 'PENDING', 'APPROVED'),
    ('sign_up_request', 'PENDING', 'REJECTED'),
    ('invitation', 'PENDING', 'ACCEPTED'),
    ('invitation', 'PENDING', 'REVOKED'),
    ('invitation', 'PENDING', 'EXPIRED'),
    ('invitation', 'EXPIRED', 'PENDING'),
    ('invitation', 'EXPIRED', 'REVOKED');

-- Whom a school lets in. A new one lets in nobody by itself.
ALTER TABLE tenant_settings
    ADD COLUMN sign_up text NOT NULL DEFAULT 'CLOSED' CONSTRAINT tenant_settings_sign_up_check CHECK (sign_up IN ('CLOSED', 'APPROVAL', 'OPEN')),
    ADD COLUMN sign_up_role_keys text[] NOT NULL DEFAULT '{}' CONSTRAINT tenant_settings_sign_up_role_keys_check CHECK (cardinality(sign_up_role_keys) <= 50),
    ADD COLUMN sign_up_domains text[] NOT NULL DEFAULT '{}' CONSTRAINT tenant_settings_sign_up_domains_check CHECK (cardinality(sign_up_domains) <= 100),
    ADD COLUMN code_sign_in text NOT NULL DEFAULT 'OFF' CONSTRAINT tenant_settings_code_sign_in_check CHECK (code_sign_in IN ('OFF', 'PARTICIPANTS', 'EVERYBODY'));

-- A sign-in also ends where a changed address is taken back.
ALTER TABLE session DROP CONSTRAINT session_revoked_reason_check, ADD CONSTRAINT session_revoked_reason_check
    CHECK (revoked_reason IN ('LOGOUT', 'LOGOUT_EVERYWHERE', 'REUSE', 'PASSWORD_CHANGED', 'EMAIL_REVERTED', 'SUSPENDED', 'DELETED'));
