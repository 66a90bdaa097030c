-- What a course asks of whoever enrolls by themselves, learning paths, and the keys by which people join groups.

CREATE TABLE course_prerequisite (
    tenant_id   uuid NOT NULL,
    course_id   uuid NOT NULL,
    -- The course that is to be completed before.
    requires_id uuid NOT NULL,
    -- With this final grade, rather than completed.
    min_grade   double precision CONSTRAINT course_prerequisite_min_grade_check CHECK (min_grade BETWEEN 0 AND 100),
    position    integer NOT NULL CONSTRAINT course_prerequisite_position_check CHECK (position BETWEEN 1 AND 10),
    CONSTRAINT course_prerequisite_pkey PRIMARY KEY (tenant_id, course_id, requires_id),
    CONSTRAINT course_prerequisite_course_fkey FOREIGN KEY (tenant_id, course_id) REFERENCES course,
    CONSTRAINT course_prerequisite_requires_fkey FOREIGN KEY (tenant_id, requires_id) REFERENCES course
);
CREATE INDEX course_prerequisite_requires_idx ON course_prerequisite (tenant_id, requires_id, course_id);

CREATE TABLE learning_path (
    tenant_id   uuid NOT NULL REFERENCES tenant,
    id          uuid NOT NULL,
    title       text NOT NULL CONSTRAINT learning_path_title_check CHECK (length(title) BETWEEN 1 AND 200),
    description text CONSTRAINT learning_path_description_check CHECK (length(description) <= 10000),
    status      text NOT NULL DEFAULT 'DRAFT' CONSTRAINT learning_path_status_check CHECK (status IN ('DRAFT', 'PUBLISHED', 'ARCHIVED')),
    deleted_at  timestamptz,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    search      tsvector NOT NULL GENERATED ALWAYS AS (array_to_tsvector(public.search_words(title || ' ' || coalesce(description, '')))) STORED,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX learning_path_title_idx ON learning_path (tenant_id, title COLLATE "und-x-icu", id) WHERE deleted_at IS NULL;
CREATE INDEX learning_path_search_idx ON learning_path USING gin (tenant_id, search);

CREATE TABLE path_course (
    tenant_id       uuid NOT NULL,
    path_id         uuid NOT NULL,
    course_id       uuid NOT NULL,
    position        integer NOT NULL CONSTRAINT path_course_position_check CHECK (position BETWEEN 1 AND 25),
    unlock          text NOT NULL CONSTRAINT path_course_unlock_check CHECK (unlock IN ('NONE', 'AFTER_COURSE', 'AFTER_SCORE')),
    after_course_id uuid,
    min_score       double precision CONSTRAINT path_course_min_score_check CHECK (min_score BETWEEN 0 AND 100),
    CONSTRAINT path_course_pkey PRIMARY KEY (tenant_id, path_id, course_id),
    CONSTRAINT path_course_path_fkey FOREIGN KEY (tenant_id, path_id) REFERENCES learning_path,
    CONSTRAINT path_course_course_fkey FOREIGN KEY (tenant_id, course_id) REFERENCES course,
    -- In the same list; deferred, because the list is written as a whole.
    CONSTRAINT path_course_after_fkey FOREIGN KEY (tenant_id, path_id, after_course_id) REFERENCES path_course DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT path_course_position_key UNIQUE (tenant_id, path_id, position) DEFERRABLE INITIALLY DEFERRED,
    -- Exactly what the unlock takes.
    CONSTRAINT path_course_takes_check CHECK ((after_course_id IS NOT NULL) = (unlock <> 'NONE') AND (min_score IS NOT NULL) = (unlock = 'AFTER_SCORE'))
);
CREATE INDEX path_course_course_idx ON path_course (tenant_id, course_id, path_id);
CREATE INDEX path_course_after_idx ON path_course (tenant_id, path_id, after_course_id);

-- One person's part in one path.
CREATE TABLE path_enrollment (
    tenant_id    uuid NOT NULL,
    id           uuid NOT NULL,
    path_id      uuid NOT NULL,
    user_id      uuid NOT NULL,
    status       text NOT NULL DEFAULT 'NOT_STARTED'
                     CONSTRAINT path_enrollment_status_check CHECK (status IN ('NOT_STARTED', 'IN_PROGRESS', 'COMPLETED', 'DROPPED')),
    progress     double precision NOT NULL DEFAULT 0 CONSTRAINT path_enrollment_progress_check CHECK (progress BETWEEN 0 AND 100),
    enrolled_at  timestamptz NOT NULL DEFAULT now(),
    completed_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT path_enrollment_key UNIQUE (tenant_id, user_id, path_id),
    CONSTRAINT path_enrollment_path_fkey FOREIGN KEY (tenant_id, path_id) REFERENCES learning_path,
    CONSTRAINT path_enrollment_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app_user,
    CONSTRAINT path_enrollment_completed_check CHECK ((completed_at IS NOT NULL) = (status = 'COMPLETED'))
);
CREATE INDEX path_enrollment_path_idx ON path_enrollment (tenant_id, path_id, enrolled_at, id);

-- The courses of a path that are open to somebody in it. Once open, always open; what kept the course from taking them stands beside it, until it does.
CREATE TABLE path_step (
    tenant_id          uuid NOT NULL,
    path_enrollment_id uuid NOT NULL,
    course_id          uuid NOT NULL,
    obstacle           text CONSTRAINT path_step_obstacle_check CHECK (obstacle IN ('COURSE_NOT_PUBLISHED', 'ALREADY_ENROLLED', 'COURSE_FULL')),
    opened_at          timestamptz NOT NULL DEFAULT now(),
    tried_at           timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT path_step_pkey PRIMARY KEY (tenant_id, path_enrollment_id, course_id),
    CONSTRAINT path_step_enrollment_fkey FOREIGN KEY (tenant_id, path_enrollment_id) REFERENCES path_enrollment ON DELETE CASCADE,
    CONSTRAINT path_step_course_fkey FOREIGN KEY (tenant_id, course_id) REFERENCES course
);
CREATE INDEX path_step_course_idx ON path_step (tenant_id, course_id);
-- What the hourly job tries again.
CREATE INDEX path_step_obstacle_idx ON path_step (tenant_id, tried_at, path_enrollment_id) WHERE obstacle IS NOT NULL;

-- By this, whoever was told it joins the group. Shown to GROUP_UPDATE alone, by a function.
ALTER TABLE user_group ADD COLUMN join_key text CONSTRAINT user_group_join_key_check CHECK (length(join_key) BETWEEN 4 AND 40);
CREATE UNIQUE INDEX user_group_join_key ON user_group (tenant_id, lower(join_key)) WHERE join_key IS NOT NULL AND deleted_at IS NULL;
