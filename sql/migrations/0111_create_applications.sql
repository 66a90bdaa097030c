-- Applications to programs: who applies with whom, what they answered, what was decided, who waits for a place, and who comes.

-- The steps that an application may take, whoever takes them. What a draft's submission leads to, rules decide.
CREATE TABLE application_transition (
    from_status text NOT NULL,
    to_status   text NOT NULL,
    PRIMARY KEY (from_status, to_status)
);
INSERT INTO application_transition (from_status, to_status) VALUES
    ('DRAFT', 'IN_REVIEW'),
    ('DRAFT', 'ACCEPTED'),
    ('DRAFT', 'REJECTED'),
    ('DRAFT', 'WAITLISTED'),
    ('DRAFT', 'WITHDRAWN'),
    ('IN_REVIEW', 'ACCEPTED'),
    ('IN_REVIEW', 'REJECTED'),
    ('IN_REVIEW', 'WAITLISTED'),
    ('IN_REVIEW', 'WITHDRAWN'),
    ('WAITLISTED', 'ACCEPTED'),
    ('WAITLISTED', 'REJECTED'),
    ('WAITLISTED', 'WITHDRAWN'),
    ('ACCEPTED', 'REJECTED'),
    ('ACCEPTED', 'WITHDRAWN'),
    ('REJECTED', 'IN_REVIEW'),
    ('WITHDRAWN', 'DRAFT');

CREATE TABLE application (
    tenant_id        uuid NOT NULL,
    id               uuid NOT NULL,
    program_id       uuid NOT NULL,
    -- The applicant.
    user_id          uuid NOT NULL,
    -- For which group; none: for themselves and their family.
    group_id         uuid,
    status           text NOT NULL DEFAULT 'DRAFT'
        CONSTRAINT application_status_check CHECK (status IN ('DRAFT', 'IN_REVIEW', 'ACCEPTED', 'REJECTED', 'WITHDRAWN', 'WAITLISTED')),
    -- By the keys of the form, but for sensitive ones: these are in application_secret.
    answers          jsonb NOT NULL DEFAULT '{}' CONSTRAINT application_answers_check CHECK (jsonb_typeof(answers) = 'object'),
    -- The form of its last submission; none before the first.
    form_version     integer,
    -- What the directory does not show: keys of the form, `name`, `email`.
    not_shared       text[] NOT NULL DEFAULT '{email}',
    -- Since when it waits: the order of the list. What it holds an offer of is held until then.
    waitlisted_at    timestamptz,
    offered_at       timestamptz,
    offer_expires_at timestamptz,
    submitted_at     timestamptz,
    decided_at       timestamptz,
    accepted_at      timestamptz,
    -- Assigned to it: hundredths of a percent.
    discount_percent integer CONSTRAINT application_discount_check CHECK (discount_percent BETWEEN 1 AND 10000),
    -- The referral that it named at its start.
    referral_id      uuid,
    fee_paid_at      timestamptz,
    fee_credited_at  timestamptz,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT application_person_key UNIQUE (tenant_id, program_id, user_id),
    -- For what lies beside it, of the same program.
    CONSTRAINT application_program_key UNIQUE (tenant_id, program_id, id),
    CONSTRAINT application_program_fkey FOREIGN KEY (tenant_id, program_id) REFERENCES program,
    CONSTRAINT application_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app_user,
    CONSTRAINT application_group_fkey FOREIGN KEY (tenant_id, group_id) REFERENCES user_group,
    CONSTRAINT application_waiting_check CHECK (status <> 'WAITLISTED' OR waitlisted_at IS NOT NULL),
    CONSTRAINT application_offer_check CHECK ((offered_at IS NULL) = (offer_expires_at IS NULL)),
    CONSTRAINT application_accepted_check CHECK (status <> 'ACCEPTED' OR accepted_at IS NOT NULL)
);
-- Lists: a draft stands where it was begun.
CREATE INDEX application_submitted_idx ON application (tenant_id, (coalesce(submitted_at, created_at)), id);
CREATE INDEX application_created_idx ON application (tenant_id, created_at, id);
CREATE INDEX application_program_idx ON application (tenant_id, program_id, (coalesce(submitted_at, created_at)), id);
CREATE INDEX application_status_idx ON application (tenant_id, program_id, status, (coalesce(submitted_at, created_at)), id);
CREATE INDEX application_user_idx ON application (tenant_id, user_id, (coalesce(submitted_at, created_at)), id);
CREATE INDEX application_group_idx ON application (tenant_id, group_id) WHERE group_id IS NOT NULL;
-- Who is next, whose offer ends, and who has to pay: few of many.
CREATE INDEX application_waiting_idx ON application (tenant_id, program_id, waitlisted_at, id) WHERE status = 'WAITLISTED';
CREATE INDEX application_offer_idx ON application (tenant_id, offer_expires_at) WHERE status = 'WAITLISTED' AND offer_expires_at IS NOT NULL;
CREATE INDEX application_accepted_idx ON application (tenant_id, program_id, accepted_at) WHERE status = 'ACCEPTED';

-- Answers to sensitive fields: the applicant's and APPLICATION_MANAGE's alone.
CREATE TABLE application_secret (
    tenant_id      uuid NOT NULL,
    application_id uuid NOT NULL,
    user_id        uuid NOT NULL,
    answers        jsonb NOT NULL CONSTRAINT application_secret_answers_check CHECK (jsonb_typeof(answers) = 'object'),
    CONSTRAINT application_secret_pkey PRIMARY KEY (tenant_id, application_id),
    CONSTRAINT application_secret_application_fkey FOREIGN KEY (tenant_id, application_id) REFERENCES application,
    CONSTRAINT application_secret_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app_user
);
CREATE INDEX application_secret_user_idx ON application_secret (tenant_id, user_id);

-- One for each step, with what was answered then.
CREATE TABLE application_event (
    tenant_id      uuid NOT NULL,
    id             uuid NOT NULL,
    application_id uuid NOT NULL,
    at             timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- None at its start; the same as the next where answers were corrected.
    from_status    text,
    to_status      text NOT NULL,
    message        text CONSTRAINT application_event_message_check CHECK (length(message) BETWEEN 1 AND 10000),
    answers        jsonb NOT NULL,
    form_version   integer NOT NULL,
    actor_id       uuid,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT application_event_application_fkey FOREIGN KEY (tenant_id, application_id) REFERENCES application,
    CONSTRAINT application_event_actor_fkey FOREIGN KEY (tenant_id, actor_id) REFERENCES app_user
);
CREATE INDEX application_event_application_idx ON application_event (tenant_id, application_id, at, id);
CREATE INDEX application_event_actor_idx ON application_event (tenant_id, actor_id);

CREATE TABLE application_event_secret (
    tenant_id      uuid NOT NULL,
    event_id       uuid NOT NULL,
    user_id        uuid NOT NULL,
    answers        jsonb NOT NULL,
    CONSTRAINT application_event_secret_pkey PRIMARY KEY (tenant_id, event_id),
    CONSTRAINT application_event_secret_event_fkey FOREIGN KEY (tenant_id, event_id) REFERENCES application_event,
    CONSTRAINT application_event_secret_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app_user
);
CREATE INDEX application_event_secret_user_idx ON application_event_secret (tenant_id, user_id);

-- Files that answers name. They stay as long as the answer does.
CREATE TABLE application_file (
    tenant_id      uuid NOT NULL,
    application_id uuid NOT NULL,
    key            text NOT NULL,
    file_id        uuid NOT NULL,
    is_sensitive   boolean NOT NULL,
    CONSTRAINT application_file_pkey PRIMARY KEY (tenant_id, application_id, key),
    CONSTRAINT application_file_application_fkey FOREIGN KEY (tenant_id, application_id) REFERENCES application,
    CONSTRAINT application_file_file_fkey FOREIGN KEY (tenant_id, file_id) REFERENCES file ON DELETE RESTRICT
);
CREATE INDEX application_file_file_idx ON application_file (tenant_id, file_id);

CREATE TABLE application_review (
    tenant_id      uuid NOT NULL,
    id             uuid NOT NULL,
    application_id uuid NOT NULL,
    reviewer_id    uuid NOT NULL,
    decision       text NOT NULL CONSTRAINT application_review_decision_check CHECK (decision IN ('STRONG_YES', 'YES', 'NO', 'STRONG_NO')),
    note           text CONSTRAINT application_review_note_check CHECK (length(note) BETWEEN 1 AND 10000),
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT application_review_reviewer_key UNIQUE (tenant_id, application_id, reviewer_id),
    CONSTRAINT application_review_application_fkey FOREIGN KEY (tenant_id, application_id) REFERENCES application,
    CONSTRAINT application_review_reviewer_fkey FOREIGN KEY (tenant_id, reviewer_id) REFERENCES app_user
);
CREATE INDEX application_review_reviewer_idx ON application_review (tenant_id, reviewer_id);

-- People who get no place. Whoever is flagged never learns of it.
CREATE TABLE red_flag (
    tenant_id  uuid NOT NULL,
    user_id    uuid NOT NULL,
    -- Stands in no audit entry.
    flag_note  text CONSTRAINT red_flag_note_check CHECK (length(flag_note) BETWEEN 1 AND 10000),
    raised_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT red_flag_pkey PRIMARY KEY (tenant_id, user_id),
    CONSTRAINT red_flag_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app_user
);

-- Who is to come. A name that is empty is that of a deleted person's party.
CREATE TABLE attendee (
    tenant_id       uuid NOT NULL,
    id              uuid NOT NULL,
    application_id  uuid NOT NULL,
    program_id      uuid NOT NULL,
    kind            text NOT NULL CONSTRAINT attendee_kind_check CHECK (kind IN ('MAIN', 'SPOUSE', 'CHILD', 'MEMBER')),
    name            text NOT NULL CONSTRAINT attendee_name_check CHECK (length(name) <= 200),
    -- Read by functions alone: whoever checks people in sees who they are, and not this.
    email           text CONSTRAINT attendee_email_check CHECK (length(email) BETWEEN 3 AND 254),
    -- How the address is compared.
    email_key       text,
    -- Whose it is; none until somebody has proven the address.
    user_id         uuid,
    -- Raised where tickets change hands: the codes of before are nobody's.
    code_generation integer NOT NULL DEFAULT 0,
    -- How many tickets are theirs and paid: kept by a trigger of tickets.
    issued_tickets  integer NOT NULL DEFAULT 0 CONSTRAINT attendee_issued_tickets_check CHECK (issued_tickets >= 0),
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    search          tsvector NOT NULL GENERATED ALWAYS AS (array_to_tsvector(public.search_words(name || ' ' || coalesce(email, '')))) STORED,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT attendee_application_fkey FOREIGN KEY (tenant_id, program_id, application_id) REFERENCES application (tenant_id, program_id, id),
    CONSTRAINT attendee_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app_user
);
-- One MAIN, one SPOUSE; an address once, without case.
CREATE UNIQUE INDEX attendee_main_key ON attendee (tenant_id, application_id) WHERE kind = 'MAIN';
CREATE UNIQUE INDEX attendee_spouse_key ON attendee (tenant_id, application_id) WHERE kind = 'SPOUSE';
CREATE UNIQUE INDEX attendee_email_key ON attendee (tenant_id, application_id, email_key);
CREATE INDEX attendee_application_idx ON attendee (tenant_id, application_id, created_at, id);
CREATE INDEX attendee_of_program_idx ON attendee (tenant_id, program_id, application_id);
CREATE INDEX attendee_program_idx ON attendee (tenant_id, program_id, name COLLATE "und-x-icu", id);
CREATE INDEX attendee_name_idx ON attendee (tenant_id, name COLLATE "und-x-icu", id);
CREATE INDEX attendee_user_idx ON attendee (tenant_id, user_id);
-- Whose an address turns out to be.
CREATE INDEX attendee_unlinked_idx ON attendee (tenant_id, email_key) WHERE user_id IS NULL;
CREATE INDEX attendee_search_idx ON attendee USING gin (tenant_id, search);
