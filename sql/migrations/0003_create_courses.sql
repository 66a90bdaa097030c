-- Courses with their sections, and who is enrolled in them.

CREATE TABLE course (
    tenant_id      uuid NOT NULL REFERENCES tenant,
    id             uuid NOT NULL,
    title          text NOT NULL CONSTRAINT course_title_check CHECK (length(title) BETWEEN 1 AND 200),
    description    text CONSTRAINT course_description_check CHECK (length(description) <= 10000),
    instructor_id  uuid,
    status         text NOT NULL DEFAULT 'DRAFT' CONSTRAINT course_status_check CHECK (status IN ('DRAFT', 'PUBLISHED', 'ARCHIVED')),
    capacity       integer CONSTRAINT course_capacity_check CHECK (capacity BETWEEN 1 AND 1000000),
    -- A secret: no role of the service may read it, only a function may compare it.
    enrollment_key text CONSTRAINT course_enrollment_key_check CHECK (length(enrollment_key) BETWEEN 1 AND 200),
    tags           text[] NOT NULL DEFAULT '{}' CONSTRAINT course_tags_check CHECK (cardinality(tags) <= 20),
    deleted_at     timestamptz,
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    search         tsvector NOT NULL GENERATED ALWAYS AS
                       (setweight(to_tsvector('simple', title), 'A') || setweight(to_tsvector('simple', coalesce(description, '')), 'B')) STORED,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT course_instructor_fkey FOREIGN KEY (tenant_id, instructor_id) REFERENCES app_user
);
CREATE INDEX course_title_idx ON course (tenant_id, title, id) WHERE deleted_at IS NULL;
CREATE INDEX course_created_idx ON course (tenant_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX course_instructor_idx ON course (tenant_id, instructor_id);
CREATE INDEX course_search_idx ON course USING gin (tenant_id, search);
CREATE INDEX course_tags_idx ON course USING gin (tenant_id, tags);

CREATE TABLE section (
    tenant_id  uuid NOT NULL,
    id         uuid NOT NULL,
    course_id  uuid NOT NULL,
    title      text NOT NULL CONSTRAINT section_title_check CHECK (length(title) BETWEEN 1 AND 200),
    position   integer NOT NULL CONSTRAINT section_position_check CHECK (position BETWEEN 1 AND 1000),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT section_course_fkey FOREIGN KEY (tenant_id, course_id) REFERENCES course,
    -- Deferred, so that a reorder may pass through equal positions.
    CONSTRAINT section_position_key UNIQUE (tenant_id, course_id, position) DEFERRABLE INITIALLY DEFERRED
);

CREATE TABLE enrollment (
    tenant_id    uuid NOT NULL,
    id           uuid NOT NULL,
    course_id    uuid NOT NULL,
    user_id      uuid NOT NULL,
    status       text NOT NULL DEFAULT 'NOT_STARTED' CONSTRAINT enrollment_status_check
                     CHECK (status IN ('NOT_STARTED', 'IN_PROGRESS', 'COMPLETED', 'FAILED', 'EXPIRED', 'DROPPED')),
    progress     double precision NOT NULL DEFAULT 0 CONSTRAINT enrollment_progress_check CHECK (progress BETWEEN 0 AND 100),
    enrolled_at  timestamptz NOT NULL DEFAULT now(),
    completed_at timestamptz,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT enrollment_once_key UNIQUE (tenant_id, user_id, course_id),
    CONSTRAINT enrollment_course_fkey FOREIGN KEY (tenant_id, course_id) REFERENCES course,
    CONSTRAINT enrollment_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app_user,
    CONSTRAINT enrollment_completed_check CHECK ((status = 'COMPLETED') = (completed_at IS NOT NULL))
);
CREATE INDEX enrollment_course_idx ON enrollment (tenant_id, course_id, enrolled_at, id);
CREATE INDEX enrollment_course_progress_idx ON enrollment (tenant_id, course_id, progress, id);
-- Counts and reports read this index alone: it holds what they count, and by which row security decides.
CREATE INDEX enrollment_course_status_idx ON enrollment (tenant_id, course_id, status, progress) INCLUDE (user_id, created_at);
CREATE INDEX enrollment_user_idx ON enrollment (tenant_id, user_id, enrolled_at, id);
CREATE INDEX enrollment_enrolled_idx ON enrollment (tenant_id, enrolled_at, id);
CREATE INDEX enrollment_progress_idx ON enrollment (tenant_id, progress, id);
