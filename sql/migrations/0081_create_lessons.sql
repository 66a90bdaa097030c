-- Lessons of a course: their outline, their content, when they open, for whom they open otherwise, and what goes with them.

ALTER TABLE section
    ADD COLUMN drip_kind     text NOT NULL DEFAULT 'NONE' CONSTRAINT section_drip_kind_check CHECK (drip_kind IN ('NONE', 'DAYS_AFTER_ENROLLMENT', 'ON_DATE', 'AFTER_SECTION')),
    ADD COLUMN drip_days     integer CONSTRAINT section_drip_days_check CHECK (drip_days BETWEEN 1 AND 3650),
    ADD COLUMN drip_at       timestamptz,
    ADD COLUMN drip_after_id uuid,
    -- Exactly what the kind takes.
    ADD CONSTRAINT section_drip_check CHECK ((drip_days IS NOT NULL) = (drip_kind = 'DAYS_AFTER_ENROLLMENT') AND (drip_at IS NOT NULL) = (drip_kind = 'ON_DATE')
                                             AND (drip_after_id IS NOT NULL) = (drip_kind = 'AFTER_SECTION')),
    ADD CONSTRAINT section_of_course_key UNIQUE (tenant_id, course_id, id);
-- Of the same course.
ALTER TABLE section ADD CONSTRAINT section_drip_after_fkey FOREIGN KEY (tenant_id, course_id, drip_after_id) REFERENCES section (tenant_id, course_id, id);
CREATE INDEX section_drip_after_idx ON section (tenant_id, course_id, drip_after_id);

CREATE TABLE lesson (
    tenant_id        uuid NOT NULL,
    id               uuid NOT NULL,
    course_id        uuid NOT NULL,
    section_id       uuid NOT NULL,
    kind             text NOT NULL CONSTRAINT lesson_kind_check CHECK (kind IN ('TEXT', 'VIDEO', 'AUDIO', 'FILE', 'LINK', 'EMBED', 'LIVE')),
    title            text NOT NULL CONSTRAINT lesson_title_check CHECK (length(title) BETWEEN 1 AND 200),
    position         integer NOT NULL CONSTRAINT lesson_position_check CHECK (position BETWEEN 1 AND 500),
    duration_minutes integer CONSTRAINT lesson_duration_check CHECK (duration_minutes BETWEEN 1 AND 1440),
    min_seconds      integer CONSTRAINT lesson_min_seconds_check CHECK (min_seconds BETWEEN 0 AND 86400),
    weight           double precision NOT NULL DEFAULT 1 CONSTRAINT lesson_weight_check CHECK (weight BETWEEN 0 AND 1000),
    is_required      boolean NOT NULL DEFAULT true,
    is_preview       boolean NOT NULL DEFAULT false,
    is_published     boolean NOT NULL DEFAULT false,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT lesson_of_course_key UNIQUE (tenant_id, course_id, id),
    -- The section is of the same course, and is not deleted as long as it has lessons.
    CONSTRAINT lesson_section_fkey FOREIGN KEY (tenant_id, course_id, section_id) REFERENCES section (tenant_id, course_id, id),
    -- Deferred, so that a reorder may pass through equal positions.
    CONSTRAINT lesson_position_key UNIQUE (tenant_id, section_id, position) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX lesson_section_idx ON lesson (tenant_id, course_id, section_id, position);
-- What progress is counted by.
CREATE INDEX lesson_counted_idx ON lesson (tenant_id, course_id) INCLUDE (id, section_id, position) WHERE is_published AND is_required;

-- What a lesson holds: a table of its own, because row security hides it while the lesson is locked.
CREATE TABLE lesson_content (
    tenant_id     uuid NOT NULL,
    lesson_id     uuid NOT NULL,
    course_id     uuid NOT NULL,
    body          text CONSTRAINT lesson_content_body_check CHECK (length(body) <= 100000),
    url           text CONSTRAINT lesson_content_url_check CHECK (length(url) <= 2000 AND starts_with(url, 'https://')),
    media_seconds integer CONSTRAINT lesson_content_media_seconds_check CHECK (media_seconds BETWEEN 1 AND 86400),
    file_id       uuid,
    -- Of a LIVE lesson for a group.
    starts_at     timestamptz,
    ends_at       timestamptz,
    CONSTRAINT lesson_content_pkey PRIMARY KEY (tenant_id, lesson_id),
    CONSTRAINT lesson_content_lesson_fkey FOREIGN KEY (tenant_id, course_id, lesson_id) REFERENCES lesson (tenant_id, course_id, id) ON DELETE CASCADE,
    CONSTRAINT lesson_content_file_fkey FOREIGN KEY (tenant_id, file_id) REFERENCES file ON DELETE RESTRICT,
    CONSTRAINT lesson_content_source_check CHECK (url IS NULL OR file_id IS NULL),
    CONSTRAINT lesson_content_span_check CHECK ((starts_at IS NULL) = (ends_at IS NULL) AND starts_at < ends_at)
);
CREATE INDEX lesson_content_lesson_idx ON lesson_content (tenant_id, course_id, lesson_id);
CREATE INDEX lesson_content_file_idx ON lesson_content (tenant_id, file_id);

CREATE TABLE course_material (
    tenant_id  uuid NOT NULL,
    id         uuid NOT NULL,
    course_id  uuid NOT NULL,
    -- None: of the course as a whole.
    lesson_id  uuid,
    title      text NOT NULL CONSTRAINT course_material_title_check CHECK (length(title) BETWEEN 1 AND 200),
    file_id    uuid,
    url        text CONSTRAINT course_material_url_check CHECK (length(url) <= 2000 AND starts_with(url, 'https://')),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT course_material_course_fkey FOREIGN KEY (tenant_id, course_id) REFERENCES course,
    CONSTRAINT course_material_lesson_fkey FOREIGN KEY (tenant_id, course_id, lesson_id) REFERENCES lesson (tenant_id, course_id, id) ON DELETE CASCADE,
    CONSTRAINT course_material_file_fkey FOREIGN KEY (tenant_id, file_id) REFERENCES file ON DELETE RESTRICT,
    CONSTRAINT course_material_source_check CHECK (num_nonnulls(file_id, url) = 1)
);
CREATE INDEX course_material_course_idx ON course_material (tenant_id, course_id, lesson_id);
CREATE INDEX course_material_lesson_idx ON course_material (tenant_id, lesson_id, created_at, id);
CREATE INDEX course_material_file_idx ON course_material (tenant_id, file_id);

-- When a section, or a whole course, opens for a person or a group, whatever its drip says.
CREATE TABLE unlock_override (
    tenant_id  uuid NOT NULL,
    id         uuid NOT NULL,
    course_id  uuid NOT NULL,
    -- None: the whole course.
    section_id uuid,
    user_id    uuid,
    group_id   uuid,
    -- None: at once.
    opens_at   timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT unlock_override_course_fkey FOREIGN KEY (tenant_id, course_id) REFERENCES course,
    CONSTRAINT unlock_override_section_fkey FOREIGN KEY (tenant_id, course_id, section_id) REFERENCES section (tenant_id, course_id, id) ON DELETE CASCADE,
    CONSTRAINT unlock_override_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app_user,
    CONSTRAINT unlock_override_group_fkey FOREIGN KEY (tenant_id, group_id) REFERENCES user_group,
    CONSTRAINT unlock_override_one_check CHECK (num_nonnulls(user_id, group_id) = 1),
    CONSTRAINT unlock_override_key UNIQUE NULLS NOT DISTINCT (tenant_id, course_id, section_id, user_id, group_id)
);
CREATE INDEX unlock_override_user_idx ON unlock_override (tenant_id, user_id, course_id);
CREATE INDEX unlock_override_group_idx ON unlock_override (tenant_id, group_id, course_id);

-- How far somebody has come in a lesson: written by functions alone. Person and course are those of the enrollment, for row security.
CREATE TABLE lesson_progress (
    tenant_id        uuid NOT NULL,
    enrollment_id    uuid NOT NULL,
    lesson_id        uuid NOT NULL,
    user_id          uuid NOT NULL,
    course_id        uuid NOT NULL,
    opened_at        timestamptz,
    last_opened_at   timestamptz,
    completed_at     timestamptz,
    position_seconds integer CONSTRAINT lesson_progress_position_check CHECK (position_seconds BETWEEN 0 AND 86400),
    CONSTRAINT lesson_progress_pkey PRIMARY KEY (tenant_id, enrollment_id, lesson_id),
    CONSTRAINT lesson_progress_enrollment_fkey FOREIGN KEY (tenant_id, enrollment_id) REFERENCES enrollment,
    CONSTRAINT lesson_progress_lesson_fkey FOREIGN KEY (tenant_id, course_id, lesson_id) REFERENCES lesson (tenant_id, course_id, id) ON DELETE CASCADE,
    CONSTRAINT lesson_progress_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app_user
);
CREATE INDEX lesson_progress_lesson_idx ON lesson_progress (tenant_id, course_id, lesson_id);
CREATE INDEX lesson_progress_user_idx ON lesson_progress (tenant_id, user_id, lesson_id);

-- A LIVE lesson may be booked one by one: one live booking for each person and lesson.
ALTER TABLE booking ADD COLUMN lesson_id uuid,
    ADD CONSTRAINT booking_lesson_fkey FOREIGN KEY (tenant_id, lesson_id) REFERENCES lesson ON DELETE SET NULL (lesson_id);
CREATE INDEX booking_lesson_idx ON booking (tenant_id, lesson_id);
CREATE UNIQUE INDEX booking_lesson_key ON booking (tenant_id, student_id, lesson_id) WHERE lesson_id IS NOT NULL AND status <> 'CANCELLED';

-- From where EMBED lessons may take what they show; subdomains count in.
ALTER TABLE tenant_settings ADD COLUMN embed_hosts text[] NOT NULL DEFAULT '{youtube-nocookie.com,player.vimeo.com}'
    CONSTRAINT tenant_settings_embed_hosts_check CHECK (cardinality(embed_hosts) <= 50);
