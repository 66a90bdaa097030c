-- What somebody's work in a course is worth, what was granted to them, and the time that they take.

-- Quizzes and assignments. What is graded counts in the grade book: assignments, and those quizzes whose mode is GRADED.
ALTER TABLE lesson DROP CONSTRAINT lesson_kind_check,
    ADD CONSTRAINT lesson_kind_check CHECK (kind IN ('TEXT', 'VIDEO', 'AUDIO', 'FILE', 'LINK', 'EMBED', 'QUIZ', 'ASSIGNMENT', 'LIVE')),
    DROP CONSTRAINT lesson_weight_check, ADD CONSTRAINT lesson_weight_check CHECK (weight BETWEEN 0 AND 100),
    ADD COLUMN is_graded boolean NOT NULL DEFAULT false CONSTRAINT lesson_graded_check CHECK (NOT is_graded OR kind IN ('QUIZ', 'ASSIGNMENT'));
-- What grades are counted by.
CREATE INDEX lesson_graded_idx ON lesson (tenant_id, course_id) INCLUDE (id, weight) WHERE is_published AND is_graded AND weight > 0;

-- The released percent of a lesson, for a person: written by functions alone. Person and course are those of the enrollment, for row security.
CREATE TABLE lesson_grade (
    tenant_id     uuid NOT NULL,
    enrollment_id uuid NOT NULL,
    lesson_id     uuid NOT NULL,
    user_id       uuid NOT NULL,
    course_id     uuid NOT NULL,
    percent       double precision NOT NULL CONSTRAINT lesson_grade_percent_check CHECK (percent BETWEEN 0 AND 100),
    graded_at     timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT lesson_grade_pkey PRIMARY KEY (tenant_id, enrollment_id, lesson_id),
    CONSTRAINT lesson_grade_enrollment_fkey FOREIGN KEY (tenant_id, enrollment_id) REFERENCES enrollment,
    CONSTRAINT lesson_grade_lesson_fkey FOREIGN KEY (tenant_id, course_id, lesson_id) REFERENCES lesson (tenant_id, course_id, id) ON DELETE CASCADE,
    CONSTRAINT lesson_grade_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app_user
);
CREATE INDEX lesson_grade_lesson_idx ON lesson_grade (tenant_id, course_id, lesson_id, percent);
CREATE INDEX lesson_grade_user_idx ON lesson_grade (tenant_id, user_id, lesson_id);

-- The grade of an enrollment, beside it, because fewer people see it than see the enrollment: the weighted mean of released grades, and the same with
-- missing ones as 0. Stored, because lists are ordered and reports read by it. No row where the course has nothing graded.
CREATE TABLE enrollment_grade (
    tenant_id     uuid NOT NULL,
    enrollment_id uuid NOT NULL,
    user_id       uuid NOT NULL,
    course_id     uuid NOT NULL,
    current_grade double precision CONSTRAINT enrollment_grade_current_check CHECK (current_grade BETWEEN 0 AND 100),
    final_grade   double precision NOT NULL CONSTRAINT enrollment_grade_final_check CHECK (final_grade BETWEEN 0 AND 100),
    CONSTRAINT enrollment_grade_pkey PRIMARY KEY (tenant_id, enrollment_id),
    CONSTRAINT enrollment_grade_enrollment_fkey FOREIGN KEY (tenant_id, enrollment_id) REFERENCES enrollment ON DELETE CASCADE,
    CONSTRAINT enrollment_grade_course_fkey FOREIGN KEY (tenant_id, course_id) REFERENCES course,
    CONSTRAINT enrollment_grade_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app_user
);
CREATE INDEX enrollment_grade_course_idx ON enrollment_grade (tenant_id, course_id, final_grade, enrollment_id) INCLUDE (current_grade);
CREATE INDEX enrollment_grade_user_idx ON enrollment_grade (tenant_id, user_id, course_id);

-- More time, or more tries, for a person in a QUIZ or ASSIGNMENT lesson. Its times replace those of the lesson.
CREATE TABLE extension (
    tenant_id      uuid NOT NULL,
    id             uuid NOT NULL,
    lesson_id      uuid NOT NULL,
    course_id      uuid NOT NULL,
    user_id        uuid NOT NULL,
    due_at         timestamptz,
    closes_at      timestamptz,
    extra_attempts integer NOT NULL DEFAULT 0 CONSTRAINT extension_attempts_check CHECK (extra_attempts BETWEEN 0 AND 100),
    extra_minutes  integer NOT NULL DEFAULT 0 CONSTRAINT extension_minutes_check CHECK (extra_minutes BETWEEN 0 AND 1440),
    reason         text CONSTRAINT extension_reason_check CHECK (length(reason) BETWEEN 1 AND 10000),
    granted_by_id  uuid NOT NULL,
    created_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT extension_key UNIQUE (tenant_id, lesson_id, user_id),
    CONSTRAINT extension_lesson_fkey FOREIGN KEY (tenant_id, course_id, lesson_id) REFERENCES lesson (tenant_id, course_id, id) ON DELETE CASCADE,
    CONSTRAINT extension_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app_user,
    CONSTRAINT extension_granted_by_fkey FOREIGN KEY (tenant_id, granted_by_id) REFERENCES app_user
);
CREATE INDEX extension_lesson_idx ON extension (tenant_id, course_id, lesson_id, created_at, id);
CREATE INDEX extension_user_idx ON extension (tenant_id, user_id, lesson_id);
CREATE INDEX extension_granted_by_idx ON extension (tenant_id, granted_by_id);

-- How much more time a person takes, in every quiz that is timed; no row: 1.
CREATE TABLE accommodation (
    tenant_id   uuid NOT NULL,
    user_id     uuid NOT NULL,
    time_factor double precision NOT NULL CONSTRAINT accommodation_factor_check CHECK (time_factor BETWEEN 1 AND 4),
    CONSTRAINT accommodation_pkey PRIMARY KEY (tenant_id, user_id),
    CONSTRAINT accommodation_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app_user
);
