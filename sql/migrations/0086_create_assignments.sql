-- Assignments: what they ask for, what people hand in, and how it is graded.

CREATE TABLE assignment (
    tenant_id    uuid NOT NULL,
    id           uuid NOT NULL,
    lesson_id    uuid NOT NULL,
    course_id    uuid NOT NULL,
    accepts      text[] NOT NULL DEFAULT '{TEXT,FILE}' CONSTRAINT assignment_accepts_check CHECK (accepts <@ '{TEXT,FILE}' AND cardinality(accepts) BETWEEN 1 AND 2),
    points       double precision NOT NULL DEFAULT 100 CONSTRAINT assignment_points_check CHECK (points BETWEEN 0.01 AND 10000),
    pass_mark    double precision CONSTRAINT assignment_pass_mark_check CHECK (pass_mark BETWEEN 0 AND 100),
    due_at       timestamptz,
    closes_at    timestamptz,
    late_policy  text NOT NULL DEFAULT 'ACCEPT' CONSTRAINT assignment_late_policy_check CHECK (late_policy IN ('REFUSE', 'ACCEPT', 'PENALTY')),
    penalty_percent_per_day double precision NOT NULL DEFAULT 10 CONSTRAINT assignment_penalty_check CHECK (penalty_percent_per_day BETWEEN 0 AND 100),
    max_penalty_percent     double precision NOT NULL DEFAULT 100 CONSTRAINT assignment_max_penalty_check CHECK (max_penalty_percent BETWEEN 0 AND 100),
    max_attempts integer DEFAULT 1 CONSTRAINT assignment_attempts_check CHECK (max_attempts BETWEEN 1 AND 100),
    max_files    integer NOT NULL DEFAULT 10 CONSTRAINT assignment_files_check CHECK (max_files BETWEEN 1 AND 50),
    hold_grades  boolean NOT NULL DEFAULT false,
    -- Since when grades are not held any more, where they were.
    released_at  timestamptz,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT assignment_lesson_key UNIQUE (tenant_id, lesson_id),
    CONSTRAINT assignment_of_course_key UNIQUE (tenant_id, course_id, lesson_id, id),
    CONSTRAINT assignment_lesson_fkey FOREIGN KEY (tenant_id, course_id, lesson_id) REFERENCES lesson (tenant_id, course_id, id) ON DELETE CASCADE,
    CONSTRAINT assignment_span_check CHECK (due_at <= closes_at)
);
-- Whose deadlines come soon.
CREATE INDEX assignment_due_idx ON assignment (tenant_id, due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX assignment_closes_idx ON assignment (tenant_id, closes_at, id) WHERE closes_at IS NOT NULL;

CREATE TABLE rubric_criterion (
    tenant_id     uuid NOT NULL,
    id            uuid NOT NULL,
    assignment_id uuid NOT NULL,
    position      integer NOT NULL CONSTRAINT rubric_criterion_position_check CHECK (position BETWEEN 1 AND 50),
    title         text NOT NULL CONSTRAINT rubric_criterion_title_check CHECK (length(title) BETWEEN 1 AND 200),
    description   text CONSTRAINT rubric_criterion_description_check CHECK (length(description) BETWEEN 1 AND 10000),
    points        double precision NOT NULL CONSTRAINT rubric_criterion_points_check CHECK (points BETWEEN 0 AND 10000),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT rubric_criterion_position_key UNIQUE (tenant_id, assignment_id, position),
    CONSTRAINT rubric_criterion_assignment_fkey FOREIGN KEY (tenant_id, assignment_id) REFERENCES assignment ON DELETE CASCADE
);

-- What somebody has handed in: a row for each number, written by functions alone. `status` is the one that its author sees: while a grade is held it
-- says SUBMITTED.
CREATE TABLE submission (
    tenant_id     uuid NOT NULL,
    id            uuid NOT NULL,
    assignment_id uuid NOT NULL,
    lesson_id     uuid NOT NULL,
    course_id     uuid NOT NULL,
    enrollment_id uuid NOT NULL,
    user_id       uuid NOT NULL,
    number        integer NOT NULL CONSTRAINT submission_number_check CHECK (number > 0),
    status        text NOT NULL DEFAULT 'SUBMITTED' CONSTRAINT submission_status_check CHECK (status IN ('SUBMITTED', 'GRADED', 'RETURNED')),
    text          text CONSTRAINT submission_text_check CHECK (length(text) BETWEEN 1 AND 50000),
    submitted_at  timestamptz NOT NULL DEFAULT now(),
    -- In place of one that was given back: never late.
    is_again      boolean NOT NULL DEFAULT false,
    -- Of the row as long as it has no grade; submission_grade has its own.
    version       integer NOT NULL DEFAULT 1 CONSTRAINT submission_version_check CHECK (version > 0),
    -- What was said when it was given back, and until when it may be handed in again (none: without end).
    returned_at   timestamptz,
    return_note   text CONSTRAINT submission_return_note_check CHECK (length(return_note) BETWEEN 1 AND 10000),
    again_until_at   timestamptz,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT submission_number_key UNIQUE (tenant_id, assignment_id, user_id, number),
    CONSTRAINT submission_returned_check CHECK ((returned_at IS NOT NULL) = (status = 'RETURNED')),
    CONSTRAINT submission_assignment_fkey FOREIGN KEY (tenant_id, course_id, lesson_id, assignment_id) REFERENCES assignment (tenant_id, course_id, lesson_id, id),
    CONSTRAINT submission_enrollment_fkey FOREIGN KEY (tenant_id, enrollment_id) REFERENCES enrollment,
    CONSTRAINT submission_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app_user
);
CREATE INDEX submission_assignment_idx ON submission (tenant_id, assignment_id, submitted_at, id);
CREATE INDEX submission_course_idx ON submission (tenant_id, course_id, lesson_id, assignment_id, submitted_at, id);
CREATE INDEX submission_user_idx ON submission (tenant_id, user_id, submitted_at, id);
CREATE INDEX submission_enrollment_idx ON submission (tenant_id, enrollment_id, lesson_id);
CREATE INDEX submission_latest_idx ON submission (tenant_id, submitted_at, id);
CREATE INDEX submission_waiting_idx ON submission (tenant_id, course_id, id) WHERE status = 'SUBMITTED';

CREATE TABLE submission_file (
    tenant_id     uuid NOT NULL,
    submission_id uuid NOT NULL,
    file_id       uuid NOT NULL,
    position      integer NOT NULL,
    CONSTRAINT submission_file_pkey PRIMARY KEY (tenant_id, submission_id, file_id),
    CONSTRAINT submission_file_submission_fkey FOREIGN KEY (tenant_id, submission_id) REFERENCES submission ON DELETE CASCADE,
    CONSTRAINT submission_file_file_fkey FOREIGN KEY (tenant_id, file_id) REFERENCES file ON DELETE RESTRICT
);
CREATE INDEX submission_file_file_idx ON submission_file (tenant_id, file_id);

-- The grade of a submission: a table of its own, because row security hides it from its author until it is released. Person and course are those of the
-- submission.
CREATE TABLE submission_grade (
    tenant_id     uuid NOT NULL,
    submission_id uuid NOT NULL,
    user_id       uuid NOT NULL,
    course_id     uuid NOT NULL,
    version       integer NOT NULL CONSTRAINT submission_grade_version_check CHECK (version > 1),
    -- As the grader gave them; a penalty is computed.
    points        double precision NOT NULL CONSTRAINT submission_grade_points_check CHECK (points BETWEEN 0 AND 500000),
    feedback      text CONSTRAINT submission_grade_feedback_check CHECK (length(feedback) BETWEEN 1 AND 10000),
    graded_at     timestamptz NOT NULL DEFAULT now(),
    graded_by_id  uuid NOT NULL,
    released_at   timestamptz,
    CONSTRAINT submission_grade_pkey PRIMARY KEY (tenant_id, submission_id),
    CONSTRAINT submission_grade_submission_fkey FOREIGN KEY (tenant_id, submission_id) REFERENCES submission ON DELETE CASCADE,
    CONSTRAINT submission_grade_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app_user,
    CONSTRAINT submission_grade_graded_by_fkey FOREIGN KEY (tenant_id, graded_by_id) REFERENCES app_user
);
CREATE INDEX submission_grade_user_idx ON submission_grade (tenant_id, user_id);
CREATE INDEX submission_grade_graded_by_idx ON submission_grade (tenant_id, graded_by_id);

-- What each criterion of the rubric gave. Gone with the grade.
CREATE TABLE rubric_score (
    tenant_id     uuid NOT NULL,
    submission_id uuid NOT NULL,
    criterion_id  uuid NOT NULL,
    points        double precision NOT NULL CONSTRAINT rubric_score_points_check CHECK (points BETWEEN 0 AND 10000),
    comment       text CONSTRAINT rubric_score_comment_check CHECK (length(comment) BETWEEN 1 AND 10000),
    CONSTRAINT rubric_score_pkey PRIMARY KEY (tenant_id, submission_id, criterion_id),
    CONSTRAINT rubric_score_grade_fkey FOREIGN KEY (tenant_id, submission_id) REFERENCES submission_grade ON DELETE CASCADE,
    CONSTRAINT rubric_score_criterion_fkey FOREIGN KEY (tenant_id, criterion_id) REFERENCES rubric_criterion
);
CREATE INDEX rubric_score_criterion_idx ON rubric_score (tenant_id, criterion_id);

-- What has become of a submission: every handing in, grade, return and release. Those that are held are hidden from its author.
CREATE TABLE submission_event (
    tenant_id     uuid NOT NULL,
    id            uuid NOT NULL,
    submission_id uuid NOT NULL,
    user_id       uuid NOT NULL,
    course_id     uuid NOT NULL,
    kind          text NOT NULL CONSTRAINT submission_event_kind_check CHECK (kind IN ('SUBMITTED', 'GRADED', 'RETURNED', 'RELEASED')),
    points        double precision,
    feedback      text,
    by_id         uuid NOT NULL,
    is_held       boolean NOT NULL DEFAULT false,
    at            timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT submission_event_submission_fkey FOREIGN KEY (tenant_id, submission_id) REFERENCES submission ON DELETE CASCADE,
    CONSTRAINT submission_event_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app_user,
    CONSTRAINT submission_event_by_fkey FOREIGN KEY (tenant_id, by_id) REFERENCES app_user
);
CREATE INDEX submission_event_submission_idx ON submission_event (tenant_id, submission_id, at, id);
CREATE INDEX submission_event_user_idx ON submission_event (tenant_id, user_id);
CREATE INDEX submission_event_by_idx ON submission_event (tenant_id, by_id);

-- Who was told that a deadline of theirs comes soon, and of which instant: once for each.
CREATE TABLE deadline_reminder (
    tenant_id  uuid NOT NULL,
    lesson_id  uuid NOT NULL,
    user_id    uuid NOT NULL,
    due_at     timestamptz NOT NULL,
    CONSTRAINT deadline_reminder_pkey PRIMARY KEY (tenant_id, lesson_id, user_id),
    CONSTRAINT deadline_reminder_lesson_fkey FOREIGN KEY (tenant_id, lesson_id) REFERENCES lesson ON DELETE CASCADE,
    CONSTRAINT deadline_reminder_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app_user
);
CREATE INDEX deadline_reminder_user_idx ON deadline_reminder (tenant_id, user_id);
