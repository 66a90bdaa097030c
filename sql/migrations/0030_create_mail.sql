-- Mails: one row each, sent by a job; what a school puts around them; and whether a person's address takes mail at all.

-- What a school has decided about itself: one row each, made with the school.
CREATE TABLE tenant_settings (
    tenant_id        uuid PRIMARY KEY REFERENCES tenant,
    mail_sender_name text CONSTRAINT tenant_settings_mail_sender_name_check CHECK (length(mail_sender_name) BETWEEN 1 AND 100),
    mail_footer      text CONSTRAINT tenant_settings_mail_footer_check CHECK (length(mail_footer) BETWEEN 1 AND 1000),
    updated_at       timestamptz NOT NULL DEFAULT now()
);

-- What became of the latest mail to this address; a new address has none yet.
ALTER TABLE app_user ADD COLUMN email_state text NOT NULL DEFAULT 'OK'
    CONSTRAINT app_user_email_state_check CHECK (email_state IN ('OK', 'BOUNCED', 'COMPLAINED'));

-- No foreign keys, on purpose: their checks would lock the rows of school and person in every transaction that asks for a mail. The mails of
-- the nil tenant are the deployment's own.
CREATE TABLE mail (
    tenant_id   uuid NOT NULL,
    id          uuid NOT NULL,
    -- The same key again is the same mail.
    key         text NOT NULL CONSTRAINT mail_key_check CHECK (length(key) BETWEEN 1 AND 200),
    template    text NOT NULL CONSTRAINT mail_template_check CHECK (template ~ '^[a-z][a-z0-9_]*$' AND length(template) <= 60),
    locale      text NOT NULL CONSTRAINT mail_locale_check CHECK (length(locale) BETWEEN 1 AND 35),
    -- To whom, or about whom where the address was given.
    user_id     uuid,
    -- As of asking, then as of sending; empty once the person is deleted.
    address     text NOT NULL CONSTRAINT mail_address_check CHECK (length(address) <= 254),
    address_key text CONSTRAINT mail_address_key_check CHECK (length(address_key) <= 300),
    -- It goes to this address, whatever the person's becomes.
    is_fixed    boolean NOT NULL,
    -- What its template is filled with: no secrets, and nothing that says who somebody is.
    parameters  jsonb NOT NULL,
    -- What else it is filled with, sealed by the service.
    secrets     bytea,
    attachments jsonb NOT NULL CONSTRAINT mail_attachments_check CHECK (jsonb_typeof(attachments) = 'array'),
    -- What stood around it: names, footer and time zone of the school.
    letterhead  jsonb NOT NULL,
    -- As it was tried; none before the first attempt.
    subject     text CONSTRAINT mail_subject_check CHECK (length(subject) <= 150),
    state       text NOT NULL DEFAULT 'QUEUED' CONSTRAINT mail_state_check CHECK (state IN ('QUEUED', 'SENT', 'FAILED', 'BOUNCED', 'SUPPRESSED')),
    attempts    integer NOT NULL DEFAULT 0,
    error       text CONSTRAINT mail_error_check CHECK (length(error) <= 500),
    created_at  timestamptz NOT NULL DEFAULT now(),
    sent_at     timestamptz,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT mail_key_key UNIQUE (tenant_id, key)
) WITH (fillfactor = 85);
-- The list of the API: the newest first, those to an address, those in a state.
CREATE INDEX mail_created_idx ON mail (tenant_id, created_at, id);
CREATE INDEX mail_address_idx ON mail (tenant_id, address_key, created_at, id);
CREATE INDEX mail_state_idx ON mail (tenant_id, state, created_at, id);
-- Those of a person who is deleted.
CREATE INDEX mail_user_idx ON mail (tenant_id, user_id) WHERE user_id IS NOT NULL;
