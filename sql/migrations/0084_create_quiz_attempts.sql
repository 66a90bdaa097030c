-- Attempts at quizzes: what was asked and answered, how it was marked, and how marks changed.

-- The steps that an attempt may take.
CREATE TABLE quiz_attempt_transition (
    from_status text NOT NULL,
    to_status   text NOT NULL,
    PRIMARY KEY (from_status, to_status)
);
INSERT INTO quiz_attempt_transition VALUES ('IN_PROGRESS', 'SUBMITTED'), ('IN_PROGRESS', 'VOID'), ('SUBMITTED', 'VOID');

CREATE TABLE quiz_attempt (
    tenant_id         uuid NOT NULL,
    id                uuid NOT NULL,
    quiz_id           uuid NOT NULL,
    course_id         uuid NOT NULL,
    user_id           uuid NOT NULL,
    number            integer NOT NULL CONSTRAINT quiz_attempt_number_check CHECK (number > 0),
    status            text NOT NULL DEFAULT 'IN_PROGRESS' CONSTRAINT quiz_attempt_status_check CHECK (status IN ('IN_PROGRESS', 'SUBMITTED', 'VOID')),
    -- By which rules it is marked: those of its start.
    marking           text NOT NULL CONSTRAINT quiz_attempt_marking_check CHECK (marking IN ('ALL_OR_NOTHING', 'PARTIAL', 'NEGATIVE')),
    wrong_penalty     double precision NOT NULL,
    started_at        timestamptz NOT NULL DEFAULT now(),
    -- The factor of the person's time when it began: what an extension moves later, it moves by this.
    time_factor       double precision NOT NULL DEFAULT 1,
    ends_at           timestamptz,
    submitted_at      timestamptz,
    is_auto_submitted boolean NOT NULL DEFAULT false,
    -- None before it is submitted, and of a survey.
    score             double precision,
    max_score         double precision NOT NULL DEFAULT 0,
    percent           double precision CONSTRAINT quiz_attempt_percent_check CHECK (percent BETWEEN 0 AND 100),
    is_passed         boolean,
    void_reason       text CONSTRAINT quiz_attempt_void_reason_check CHECK (void_reason IS NULL OR (status = 'VOID' AND length(void_reason) <= 10000)),
    updated_at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT quiz_attempt_number_key UNIQUE (tenant_id, quiz_id, user_id, number),
    CONSTRAINT quiz_attempt_quiz_fkey FOREIGN KEY (tenant_id, course_id, quiz_id) REFERENCES quiz (tenant_id, course_id, id),
    CONSTRAINT quiz_attempt_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app_user,
    CONSTRAINT quiz_attempt_submitted_check CHECK (CASE status WHEN 'SUBMITTED' THEN submitted_at IS NOT NULL WHEN 'IN_PROGRESS' THEN submitted_at IS NULL ELSE true END)
);
-- One open attempt for each person and quiz, however many ask for it at once.
CREATE UNIQUE INDEX quiz_attempt_open_key ON quiz_attempt (tenant_id, quiz_id, user_id) WHERE status = 'IN_PROGRESS';
-- What is over is looked for here.
CREATE INDEX quiz_attempt_ends_idx ON quiz_attempt (tenant_id, ends_at, id) WHERE status = 'IN_PROGRESS';
CREATE INDEX quiz_attempt_started_idx ON quiz_attempt (tenant_id, started_at, id);
CREATE INDEX quiz_attempt_quiz_idx ON quiz_attempt (tenant_id, quiz_id, started_at, id);
CREATE INDEX quiz_attempt_course_idx ON quiz_attempt (tenant_id, course_id, started_at, id);
CREATE INDEX quiz_attempt_of_quiz_idx ON quiz_attempt (tenant_id, course_id, quiz_id);
CREATE INDEX quiz_attempt_user_idx ON quiz_attempt (tenant_id, user_id, started_at, id);

-- What an attempt asks, in its order, what was answered, and what that was worth. Read by functions alone: they know what is reviewable.
CREATE TABLE attempt_question (
    tenant_id      uuid NOT NULL,
    attempt_id     uuid NOT NULL,
    question_id    uuid NOT NULL,
    position       integer NOT NULL,
    points         double precision NOT NULL,
    -- The options in the order in which this attempt shows them.
    option_ids     uuid[] NOT NULL DEFAULT '{}',
    -- None of the three: blank.
    answer_options uuid[],
    answer_number  numeric,
    answer_text    text CONSTRAINT attempt_question_text_check CHECK (length(answer_text) BETWEEN 1 AND 1000),
    score          double precision,
    is_correct     boolean,
    CONSTRAINT attempt_question_pkey PRIMARY KEY (tenant_id, attempt_id, question_id),
    CONSTRAINT attempt_question_attempt_fkey FOREIGN KEY (tenant_id, attempt_id) REFERENCES quiz_attempt,
    CONSTRAINT attempt_question_question_fkey FOREIGN KEY (tenant_id, question_id) REFERENCES question
);
CREATE INDEX attempt_question_question_idx ON attempt_question (tenant_id, question_id, attempt_id);

-- A question's key, points or voidness set anew, and what followed.
CREATE TABLE regrade (
    tenant_id    uuid NOT NULL,
    id           uuid NOT NULL,
    question_id  uuid NOT NULL,
    course_id    uuid NOT NULL,
    by_id        uuid,
    reason       text NOT NULL CONSTRAINT regrade_reason_check CHECK (length(reason) BETWEEN 1 AND 10000),
    attempts     integer NOT NULL DEFAULT 0,
    raised       integer NOT NULL DEFAULT 0,
    lowered      integer NOT NULL DEFAULT 0,
    newly_passed integer NOT NULL DEFAULT 0,
    graded_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT regrade_question_fkey FOREIGN KEY (tenant_id, question_id) REFERENCES question ON DELETE CASCADE,
    CONSTRAINT regrade_course_fkey FOREIGN KEY (tenant_id, course_id) REFERENCES course,
    CONSTRAINT regrade_by_fkey FOREIGN KEY (tenant_id, by_id) REFERENCES app_user
);
CREATE INDEX regrade_question_idx ON regrade (tenant_id, question_id, graded_at, id);
CREATE INDEX regrade_course_idx ON regrade (tenant_id, course_id);
CREATE INDEX regrade_by_idx ON regrade (tenant_id, by_id);

-- How an attempt's score came about: a log, to which functions alone add.
CREATE TABLE score_change (
    tenant_id  uuid NOT NULL,
    id         uuid NOT NULL,
    attempt_id uuid NOT NULL,
    cause      text NOT NULL CONSTRAINT score_change_cause_check CHECK (cause IN ('SUBMISSION', 'REGRADE')),
    score      double precision NOT NULL,
    reason     text CONSTRAINT score_change_reason_check CHECK (length(reason) <= 10000),
    by_id      uuid,
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT score_change_attempt_fkey FOREIGN KEY (tenant_id, attempt_id) REFERENCES quiz_attempt,
    CONSTRAINT score_change_by_fkey FOREIGN KEY (tenant_id, by_id) REFERENCES app_user
);
CREATE INDEX score_change_attempt_idx ON score_change (tenant_id, attempt_id, changed_at, id);
CREATE INDEX score_change_by_idx ON score_change (tenant_id, by_id);
