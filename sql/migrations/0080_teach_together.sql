-- What a course says and decides beyond its title, who teaches it together, and which course it is a version of.

ALTER TABLE course
    ADD COLUMN subtitle             text CONSTRAINT course_subtitle_check CHECK (length(subtitle) BETWEEN 1 AND 200),
    ADD COLUMN code                 text CONSTRAINT course_code_check CHECK (code ~ '^[A-Z0-9-]{1,40}$'),
    ADD COLUMN version              integer NOT NULL DEFAULT 1 CONSTRAINT course_version_check CHECK (version > 0),
    ADD COLUMN previous_version_id  uuid,
    -- The first course of the series; none for a course that stands alone, or is itself the first.
    ADD COLUMN series_id            uuid,
    ADD COLUMN intro_video_url      text CONSTRAINT course_intro_video_url_check CHECK (length(intro_video_url) <= 2000 AND starts_with(intro_video_url, 'https://')),
    ADD COLUMN intro_video_seconds  integer CONSTRAINT course_intro_video_seconds_check CHECK (intro_video_seconds BETWEEN 1 AND 86400),
    ADD COLUMN intro_video_poster_id uuid,
    ADD COLUMN is_private           boolean NOT NULL DEFAULT false,
    ADD COLUMN self_enroll          boolean NOT NULL DEFAULT true,
    ADD COLUMN is_sequential        boolean NOT NULL DEFAULT false,
    ADD COLUMN access_days          integer CONSTRAINT course_access_days_check CHECK (access_days BETWEEN 1 AND 3650),
    ADD COLUMN access_until_at      timestamptz,
    -- What its deletion took from others, for its restoration: {"groups": […], "files": […]}.
    ADD COLUMN set_aside            jsonb,
    ADD CONSTRAINT course_previous_version_fkey FOREIGN KEY (tenant_id, previous_version_id) REFERENCES course ON DELETE SET NULL (previous_version_id),
    ADD CONSTRAINT course_intro_video_poster_fkey FOREIGN KEY (tenant_id, intro_video_poster_id) REFERENCES file ON DELETE RESTRICT;
-- A deleted course keeps its code: it may come back.
CREATE UNIQUE INDEX course_code_key ON course (tenant_id, code) WHERE code IS NOT NULL;
CREATE UNIQUE INDEX course_version_key ON course (tenant_id, series_id, version) WHERE series_id IS NOT NULL;
CREATE INDEX course_previous_version_idx ON course (tenant_id, previous_version_id);
CREATE INDEX course_intro_video_poster_idx ON course (tenant_id, intro_video_poster_id);
CREATE INDEX course_deleted_idx ON course (tenant_id, deleted_at, id) WHERE deleted_at IS NOT NULL;

-- Who teaches a course beside its owner (`instructor_id`).
CREATE TABLE course_instructor (
    tenant_id uuid NOT NULL,
    course_id uuid NOT NULL,
    user_id   uuid NOT NULL,
    added_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT course_instructor_pkey PRIMARY KEY (tenant_id, course_id, user_id),
    CONSTRAINT course_instructor_course_fkey FOREIGN KEY (tenant_id, course_id) REFERENCES course,
    CONSTRAINT course_instructor_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app_user
);
CREATE INDEX course_instructor_user_idx ON course_instructor (tenant_id, user_id, course_id);
