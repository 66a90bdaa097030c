-- Quizzes: what is asked, what is right (in a table whose columns nobody but three functions reads), and from which pools questions are drawn.

ALTER TABLE lesson DROP CONSTRAINT lesson_kind_check,
    ADD CONSTRAINT lesson_kind_check CHECK (kind IN ('TEXT', 'VIDEO', 'AUDIO', 'FILE', 'LINK', 'EMBED', 'QUIZ', 'ASSIGNMENT', 'LIVE'));

CREATE TABLE quiz (
    tenant_id          uuid NOT NULL,
    id                 uuid NOT NULL,
    lesson_id          uuid NOT NULL,
    course_id          uuid NOT NULL,
    mode               text NOT NULL DEFAULT 'GRADED' CONSTRAINT quiz_mode_check CHECK (mode IN ('GRADED', 'PRACTICE', 'SURVEY')),
    -- Percent; none: every attempt that was submitted passes.
    pass_mark          double precision DEFAULT 50 CONSTRAINT quiz_pass_mark_check CHECK (pass_mark BETWEEN 0 AND 100),
    max_attempts       integer CONSTRAINT quiz_max_attempts_check CHECK (max_attempts BETWEEN 1 AND 100),
    time_limit_minutes integer CONSTRAINT quiz_time_limit_check CHECK (time_limit_minutes BETWEEN 1 AND 1440),
    opens_at           timestamptz,
    closes_at          timestamptz,
    shuffle_questions  boolean NOT NULL DEFAULT false,
    shuffle_options    boolean NOT NULL DEFAULT false,
    marking            text NOT NULL DEFAULT 'PARTIAL' CONSTRAINT quiz_marking_check CHECK (marking IN ('ALL_OR_NOTHING', 'PARTIAL', 'NEGATIVE')),
    wrong_penalty      double precision NOT NULL DEFAULT 1 CONSTRAINT quiz_wrong_penalty_check CHECK (wrong_penalty BETWEEN 0 AND 10),
    attempt_grading    text NOT NULL DEFAULT 'HIGHEST' CONSTRAINT quiz_attempt_grading_check CHECK (attempt_grading IN ('HIGHEST', 'LATEST', 'AVERAGE')),
    review             text NOT NULL DEFAULT 'AFTER_LAST_ATTEMPT'
                           CONSTRAINT quiz_review_check CHECK (review IN ('NEVER', 'AFTER_SUBMISSION', 'AFTER_LAST_ATTEMPT', 'AFTER_CLOSE')),
    created_at         timestamptz NOT NULL DEFAULT now(),
    updated_at         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT quiz_lesson_key UNIQUE (tenant_id, lesson_id),
    CONSTRAINT quiz_of_course_key UNIQUE (tenant_id, course_id, id),
    CONSTRAINT quiz_lesson_fkey FOREIGN KEY (tenant_id, course_id, lesson_id) REFERENCES lesson (tenant_id, course_id, id) ON DELETE CASCADE,
    CONSTRAINT quiz_span_check CHECK (opens_at < closes_at)
);
CREATE INDEX quiz_lesson_idx ON quiz (tenant_id, course_id, lesson_id);

CREATE TABLE question_pool (
    tenant_id  uuid NOT NULL,
    id         uuid NOT NULL,
    course_id  uuid NOT NULL,
    name       text NOT NULL CONSTRAINT question_pool_name_check CHECK (length(name) BETWEEN 1 AND 200),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT question_pool_of_course_key UNIQUE (tenant_id, course_id, id),
    CONSTRAINT question_pool_course_fkey FOREIGN KEY (tenant_id, course_id) REFERENCES course
);
CREATE INDEX question_pool_course_idx ON question_pool (tenant_id, course_id, created_at, id);

-- How many questions of a pool of the same course an attempt holds, and what each is worth.
CREATE TABLE quiz_draw (
    tenant_id uuid NOT NULL,
    quiz_id   uuid NOT NULL,
    pool_id   uuid NOT NULL,
    course_id uuid NOT NULL,
    position  integer NOT NULL,
    count     integer NOT NULL CONSTRAINT quiz_draw_count_check CHECK (count BETWEEN 1 AND 500),
    points    double precision NOT NULL CONSTRAINT quiz_draw_points_check CHECK (points BETWEEN 0.01 AND 1000),
    CONSTRAINT quiz_draw_pkey PRIMARY KEY (tenant_id, quiz_id, pool_id),
    CONSTRAINT quiz_draw_quiz_fkey FOREIGN KEY (tenant_id, course_id, quiz_id) REFERENCES quiz (tenant_id, course_id, id) ON DELETE CASCADE,
    CONSTRAINT quiz_draw_pool_fkey FOREIGN KEY (tenant_id, course_id, pool_id) REFERENCES question_pool (tenant_id, course_id, id)
);
CREATE INDEX quiz_draw_quiz_idx ON quiz_draw (tenant_id, course_id, quiz_id);
CREATE INDEX quiz_draw_pool_idx ON quiz_draw (tenant_id, course_id, pool_id);

CREATE TABLE question (
    tenant_id  uuid NOT NULL,
    id         uuid NOT NULL,
    course_id  uuid NOT NULL,
    quiz_id    uuid,
    pool_id    uuid,
    -- In its quiz; none in a pool, and where it is asked no more.
    position   integer CONSTRAINT question_position_check CHECK (position BETWEEN 1 AND 500),
    kind       text NOT NULL CONSTRAINT question_kind_check CHECK (kind IN ('SINGLE', 'MULTIPLE', 'NUMERIC', 'SHORT_TEXT')),
    prompt     text NOT NULL CONSTRAINT question_prompt_check CHECK (length(prompt) BETWEEN 1 AND 10000),
    points     double precision NOT NULL DEFAULT 1 CONSTRAINT question_points_check CHECK (points BETWEEN 0.01 AND 1000),
    -- Everybody has its full points.
    is_void    boolean NOT NULL DEFAULT false,
    -- Since when it is asked no more: it was answered, and so it stays.
    retired_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT question_place_check CHECK (num_nonnulls(quiz_id, pool_id) = 1 AND (position IS NULL OR (quiz_id IS NOT NULL AND retired_at IS NULL))),
    CONSTRAINT question_quiz_fkey FOREIGN KEY (tenant_id, course_id, quiz_id) REFERENCES quiz (tenant_id, course_id, id) ON DELETE CASCADE,
    CONSTRAINT question_pool_fkey FOREIGN KEY (tenant_id, course_id, pool_id) REFERENCES question_pool (tenant_id, course_id, id),
    -- Deferred, so that a reorder may pass through equal positions.
    CONSTRAINT question_position_key UNIQUE (tenant_id, quiz_id, position) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX question_quiz_idx ON question (tenant_id, course_id, quiz_id);
CREATE INDEX question_pool_idx ON question (tenant_id, course_id, pool_id);
CREATE INDEX question_of_pool_idx ON question (tenant_id, pool_id, created_at, id) WHERE pool_id IS NOT NULL;

-- Its ids are random: ids in the order of time would betray which option was written first.
CREATE TABLE question_option (
    tenant_id   uuid NOT NULL,
    id          uuid NOT NULL DEFAULT gen_random_uuid(),
    question_id uuid NOT NULL,
    position    integer NOT NULL CONSTRAINT question_option_position_check CHECK (position BETWEEN 1 AND 20),
    text        text NOT NULL CONSTRAINT question_option_text_check CHECK (length(text) BETWEEN 1 AND 2000),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT question_option_question_fkey FOREIGN KEY (tenant_id, question_id) REFERENCES question ON DELETE CASCADE,
    CONSTRAINT question_option_position_key UNIQUE (tenant_id, question_id, position) DEFERRABLE INITIALLY DEFERRED
);

-- What is right, and why. The service's role reads no column of it but its key.
CREATE TABLE question_key (
    tenant_id   uuid NOT NULL,
    question_id uuid NOT NULL,
    option_ids  uuid[],
    number      numeric,
    tolerance   numeric,
    texts       text[],
    explanation text,
    CONSTRAINT question_key_pkey PRIMARY KEY (tenant_id, question_id),
    CONSTRAINT question_key_question_fkey FOREIGN KEY (tenant_id, question_id) REFERENCES question ON DELETE CASCADE,
    CONSTRAINT question_key_kind_check CHECK (num_nonnulls(option_ids, number, texts) <= 1 AND (number IS NULL) = (tolerance IS NULL)),
    CONSTRAINT question_key_size_check CHECK (cardinality(option_ids) <= 20 AND cardinality(texts) <= 20 AND tolerance >= 0
                                              AND number <> 'NaN' AND tolerance <> 'NaN' AND length(explanation) <= 10000)
);
COMMENT ON COLUMN question_key.option_ids IS 'secret: what is right';
COMMENT ON COLUMN question_key.number IS 'secret: what is right';
COMMENT ON COLUMN question_key.tolerance IS 'secret: what is right';
COMMENT ON COLUMN question_key.texts IS 'secret: what is right';
COMMENT ON COLUMN question_key.explanation IS 'secret: why it is right';
