-- Notifications: what people are told of, what they have chosen to be told, and what waits for their digest.

-- No foreign keys, on purpose: their checks would lock the row of each of ten thousand people whom one event is told.
CREATE TABLE notification (
    tenant_id    uuid NOT NULL,
    id           uuid NOT NULL,
    recipient_id uuid NOT NULL,
    kind         text NOT NULL CONSTRAINT notification_kind_check CHECK (kind ~ '^[A-Z][A-Z_]*$' AND length(kind) <= 60),
    -- What it is about: an id as clients know it.
    subject      text NOT NULL CONSTRAINT notification_subject_check CHECK (length(subject) <= 100),
    -- The hour of its events: those of one hour are one notification.
    hour         timestamptz NOT NULL,
    -- The latest event that it counts. An event that is fanned out again counts no more.
    event_id     uuid NOT NULL,
    -- Who did it; NULL where the service did.
    actor_id     uuid,
    -- What its texts are made of: a course, whose title is read with it, and moments and words.
    course_id    uuid,
    facts        jsonb NOT NULL CONSTRAINT notification_facts_check CHECK (jsonb_typeof(facts) = 'object'),
    -- Whether its recipient sees it. One whom it only reaches by mail does not.
    in_app       boolean NOT NULL,
    -- How it is mailed: at once, in the recipient's next digest if it is unread by then (WAITS, then DONE), or not at all.
    mail         text NOT NULL CONSTRAINT notification_mail_check CHECK (mail IN ('AT_ONCE', 'WAITS', 'DONE', 'NONE')),
    count        integer NOT NULL DEFAULT 1 CONSTRAINT notification_count_check CHECK (count > 0),
    read_at      timestamptz,
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- Its latest event; reading moves it not.
    updated_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT notification_once UNIQUE (tenant_id, recipient_id, kind, subject, hour)
);
-- The list of the API, and its unread part, which is counted, too.
CREATE INDEX notification_list_idx ON notification (tenant_id, recipient_id, updated_at, id) WHERE in_app;
CREATE INDEX notification_unread_idx ON notification (tenant_id, recipient_id, updated_at, id) WHERE in_app AND read_at IS NULL;
-- Who is to have a digest.
CREATE INDEX notification_waiting_idx ON notification (tenant_id, recipient_id, updated_at) WHERE mail = 'WAITS' AND read_at IS NULL;
CREATE INDEX notification_age_idx ON notification (tenant_id, updated_at);

-- What somebody has chosen; no row, or NULL: as usual.
CREATE TABLE notification_settings (
    tenant_id   uuid NOT NULL,
    -- The person's.
    id          uuid NOT NULL,
    locale      text CONSTRAINT notification_settings_locale_check CHECK (length(locale) BETWEEN 2 AND 35),
    digest_hour integer CONSTRAINT notification_settings_digest_hour_check CHECK (digest_hour BETWEEN 0 AND 23),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT notification_settings_user_fkey FOREIGN KEY (tenant_id, id) REFERENCES app_user ON DELETE CASCADE
);

-- And of each kind; NULL: as usual, also where that changes.
CREATE TABLE notification_preference (
    tenant_id  uuid NOT NULL,
    user_id    uuid NOT NULL,
    kind       text NOT NULL CONSTRAINT notification_preference_kind_check CHECK (kind ~ '^[A-Z][A-Z_]*$' AND length(kind) <= 60),
    in_app     boolean,
    email      text CONSTRAINT notification_preference_email_check CHECK (email IN ('IMMEDIATE', 'DIGEST', 'OFF')),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, user_id, kind),
    CONSTRAINT notification_preference_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app_user ON DELETE CASCADE
);

-- How many mails somebody was sent in the last hour.
DROP INDEX mail_user_idx;
CREATE INDEX mail_user_idx ON mail (tenant_id, user_id, created_at) WHERE user_id IS NOT NULL;
