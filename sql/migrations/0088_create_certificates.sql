-- What is certified to whoever completes a course or a path, and the certificates.

CREATE TABLE course_certificate (
    tenant_id    uuid NOT NULL,
    course_id    uuid NOT NULL,
    -- Whether whoever completes it is given one.
    is_enabled   boolean NOT NULL DEFAULT false,
    title        text CONSTRAINT course_certificate_title_check CHECK (length(title) BETWEEN 1 AND 200),
    text         text CONSTRAINT course_certificate_text_check CHECK (length(text) BETWEEN 1 AND 1000),
    signatory    text CONSTRAINT course_certificate_signatory_check CHECK (length(signatory) BETWEEN 1 AND 200),
    valid_months integer CONSTRAINT course_certificate_valid_months_check CHECK (valid_months BETWEEN 1 AND 600),
    CONSTRAINT course_certificate_pkey PRIMARY KEY (tenant_id, course_id),
    CONSTRAINT course_certificate_course_fkey FOREIGN KEY (tenant_id, course_id) REFERENCES course
);

CREATE TABLE path_certificate (
    tenant_id    uuid NOT NULL,
    path_id      uuid NOT NULL,
    is_enabled   boolean NOT NULL DEFAULT false,
    title        text CONSTRAINT path_certificate_title_check CHECK (length(title) BETWEEN 1 AND 200),
    text         text CONSTRAINT path_certificate_text_check CHECK (length(text) BETWEEN 1 AND 1000),
    signatory    text CONSTRAINT path_certificate_signatory_check CHECK (length(signatory) BETWEEN 1 AND 200),
    valid_months integer CONSTRAINT path_certificate_valid_months_check CHECK (valid_months BETWEEN 1 AND 600),
    CONSTRAINT path_certificate_pkey PRIMARY KEY (tenant_id, path_id),
    CONSTRAINT path_certificate_path_fkey FOREIGN KEY (tenant_id, path_id) REFERENCES learning_path
);

-- All that is printed on a certificate is written down when it is issued.
CREATE TABLE certificate (
    tenant_id     uuid NOT NULL,
    id            uuid NOT NULL,
    -- By which anybody verifies it: 80 random bits.
    code          text NOT NULL CONSTRAINT certificate_code_check CHECK (code ~ '^[0-9A-HJKMNP-TV-Z]{16}$'),
    user_id       uuid NOT NULL,
    -- Of one of the two; of none once the course is gone for good.
    course_id     uuid,
    path_id       uuid,
    learner_name  text NOT NULL CONSTRAINT certificate_learner_name_check CHECK (length(learner_name) BETWEEN 1 AND 200),
    title         text NOT NULL CONSTRAINT certificate_title_check CHECK (length(title) BETWEEN 1 AND 200),
    text          text CONSTRAINT certificate_text_check CHECK (length(text) BETWEEN 1 AND 1000),
    signatory     text CONSTRAINT certificate_signatory_check CHECK (length(signatory) BETWEEN 1 AND 200),
    school_name   text NOT NULL CONSTRAINT certificate_school_name_check CHECK (length(school_name) BETWEEN 1 AND 200),
    grade         double precision CONSTRAINT certificate_grade_check CHECK (grade BETWEEN 0 AND 100),
    issued_at     timestamptz NOT NULL DEFAULT now(),
    expires_at    timestamptz CONSTRAINT certificate_expires_check CHECK (expires_at > issued_at),
    revoked_at    timestamptz,
    revoke_reason text CONSTRAINT certificate_revoke_reason_check CHECK (length(revoke_reason) BETWEEN 1 AND 1000),
    -- When another took the place of this one, which had expired.
    superseded_at timestamptz,
    -- When the person was told that it expires.
    reminded_at   timestamptz,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT certificate_code_key UNIQUE (tenant_id, code),
    CONSTRAINT certificate_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app_user,
    CONSTRAINT certificate_course_fkey FOREIGN KEY (tenant_id, course_id) REFERENCES course ON DELETE SET NULL (course_id),
    CONSTRAINT certificate_path_fkey FOREIGN KEY (tenant_id, path_id) REFERENCES learning_path ON DELETE SET NULL (path_id),
    CONSTRAINT certificate_one_check CHECK (num_nonnulls(course_id, path_id) <= 1)
);
-- One for each person and course, or path, that was neither revoked nor followed by another.
CREATE UNIQUE INDEX certificate_of_course_key ON certificate (tenant_id, user_id, course_id) WHERE course_id IS NOT NULL AND revoked_at IS NULL AND superseded_at IS NULL;
CREATE UNIQUE INDEX certificate_of_path_key ON certificate (tenant_id, user_id, path_id) WHERE path_id IS NOT NULL AND revoked_at IS NULL AND superseded_at IS NULL;
CREATE INDEX certificate_issued_idx ON certificate (tenant_id, issued_at, id);
CREATE INDEX certificate_user_idx ON certificate (tenant_id, user_id, issued_at, id);
CREATE INDEX certificate_course_idx ON certificate (tenant_id, course_id, issued_at, id);
CREATE INDEX certificate_path_idx ON certificate (tenant_id, path_id, issued_at, id);
-- Those that expire.
CREATE INDEX certificate_expires_idx ON certificate (tenant_id, expires_at, id) WHERE expires_at IS NOT NULL;
