-- What is said in a course: announcements of its staff, threads and posts, reviews of those who have completed it.

CREATE TABLE announcement (
    tenant_id  uuid NOT NULL,
    id         uuid NOT NULL,
    course_id  uuid NOT NULL,
    author_id  uuid NOT NULL,
    title      text NOT NULL CONSTRAINT announcement_title_check CHECK (length(title) BETWEEN 1 AND 200),
    body       text NOT NULL CONSTRAINT announcement_body_check CHECK (length(body) BETWEEN 1 AND 10000),
    publish_at timestamptz NOT NULL DEFAULT now(),
    -- When people were told of it; none: its time has not come.
    told_at    timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT announcement_course_fkey FOREIGN KEY (tenant_id, course_id) REFERENCES course ON DELETE CASCADE,
    CONSTRAINT announcement_author_fkey FOREIGN KEY (tenant_id, author_id) REFERENCES app_user
);
CREATE INDEX announcement_course_idx ON announcement (tenant_id, course_id, publish_at, id);
CREATE INDEX announcement_author_idx ON announcement (tenant_id, author_id);
CREATE INDEX announcement_due_idx ON announcement (tenant_id, publish_at, id) WHERE told_at IS NULL;

CREATE TABLE thread (
    tenant_id    uuid NOT NULL,
    id           uuid NOT NULL,
    course_id    uuid NOT NULL,
    -- None: of the course as a whole.
    lesson_id    uuid,
    author_id    uuid NOT NULL,
    title        text NOT NULL CONSTRAINT thread_title_check CHECK (length(title) BETWEEN 1 AND 200),
    body         text NOT NULL CONSTRAINT thread_body_check CHECK (length(body) BETWEEN 1 AND 10000),
    is_pinned    boolean NOT NULL DEFAULT false,
    is_closed    boolean NOT NULL DEFAULT false,
    answer_id    uuid,
    -- Stored, because lists show them: of posts whose words are there.
    post_count   integer NOT NULL DEFAULT 0 CONSTRAINT thread_post_count_check CHECK (post_count >= 0),
    last_post_at timestamptz,
    -- Threads are listed by it: when it was created, and for one that is pinned a thousand years later.
    listed_at    timestamptz NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    search       tsvector NOT NULL GENERATED ALWAYS AS (array_to_tsvector(public.search_words(title || ' ' || body))) STORED,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT thread_of_course_key UNIQUE (tenant_id, course_id, id),
    CONSTRAINT thread_course_fkey FOREIGN KEY (tenant_id, course_id) REFERENCES course ON DELETE CASCADE,
    -- Of the same course; gone with it, so that nothing that was locked with it is seen by others.
    CONSTRAINT thread_lesson_fkey FOREIGN KEY (tenant_id, course_id, lesson_id) REFERENCES lesson (tenant_id, course_id, id) ON DELETE CASCADE,
    CONSTRAINT thread_author_fkey FOREIGN KEY (tenant_id, author_id) REFERENCES app_user
);
CREATE INDEX thread_course_idx ON thread (tenant_id, course_id, listed_at, id);
CREATE INDEX thread_lesson_idx ON thread (tenant_id, course_id, lesson_id);
CREATE INDEX thread_of_lesson_idx ON thread (tenant_id, lesson_id, listed_at, id);
CREATE INDEX thread_author_idx ON thread (tenant_id, author_id);
CREATE INDEX thread_search_idx ON thread USING gin (tenant_id, search);

CREATE TABLE post (
    tenant_id  uuid NOT NULL,
    id         uuid NOT NULL,
    course_id  uuid NOT NULL,
    thread_id  uuid NOT NULL,
    author_id  uuid NOT NULL,
    -- None: it was deleted, and keeps its place.
    body       text CONSTRAINT post_body_check CHECK (length(body) BETWEEN 1 AND 10000),
    -- Whether its author was of the course's staff when it was written.
    is_staff   boolean NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    edited_at  timestamptz,
    deleted_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT post_of_thread_key UNIQUE (tenant_id, thread_id, id),
    CONSTRAINT post_deleted_check CHECK ((body IS NULL) = (deleted_at IS NOT NULL)),
    CONSTRAINT post_thread_fkey FOREIGN KEY (tenant_id, course_id, thread_id) REFERENCES thread (tenant_id, course_id, id) ON DELETE CASCADE,
    CONSTRAINT post_author_fkey FOREIGN KEY (tenant_id, author_id) REFERENCES app_user
);
CREATE INDEX post_thread_idx ON post (tenant_id, thread_id, created_at, id);
CREATE INDEX post_of_course_idx ON post (tenant_id, course_id, thread_id);
CREATE INDEX post_author_idx ON post (tenant_id, author_id);
-- A post of this thread.
ALTER TABLE thread ADD CONSTRAINT thread_answer_fkey FOREIGN KEY (tenant_id, id, answer_id) REFERENCES post (tenant_id, thread_id, id) ON DELETE SET NULL (answer_id);
CREATE INDEX thread_answer_idx ON thread (tenant_id, id, answer_id);

CREATE TABLE course_review (
    tenant_id  uuid NOT NULL,
    id         uuid NOT NULL,
    course_id  uuid NOT NULL,
    user_id    uuid NOT NULL,
    rating     integer NOT NULL CONSTRAINT course_review_rating_check CHECK (rating BETWEEN 1 AND 5),
    text       text CONSTRAINT course_review_text_check CHECK (length(text) BETWEEN 1 AND 10000),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT course_review_key UNIQUE (tenant_id, course_id, user_id),
    CONSTRAINT course_review_course_fkey FOREIGN KEY (tenant_id, course_id) REFERENCES course ON DELETE CASCADE,
    CONSTRAINT course_review_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app_user
);
CREATE INDEX course_review_course_idx ON course_review (tenant_id, course_id, created_at, id);
CREATE INDEX course_review_user_idx ON course_review (tenant_id, user_id);

-- Stored, because courses are ordered by them: the mean of its reviews to one decimal, none without any, and how many they are.
ALTER TABLE course
    ADD COLUMN mean_rating  double precision CONSTRAINT course_mean_rating_check CHECK (mean_rating BETWEEN 1 AND 5),
    ADD COLUMN review_count integer NOT NULL DEFAULT 0 CONSTRAINT course_review_count_check CHECK (review_count >= 0);
CREATE INDEX course_rating_idx ON course (tenant_id, coalesce(mean_rating, 0::double precision), id) WHERE deleted_at IS NULL;

-- When its person has completed the course first; it stays where the completion is taken back. None: never yet.
ALTER TABLE enrollment ADD COLUMN first_completed_at timestamptz;
CREATE INDEX enrollment_completed_idx ON enrollment (tenant_id, user_id) WHERE first_completed_at IS NOT NULL;
