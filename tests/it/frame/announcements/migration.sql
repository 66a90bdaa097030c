-- Announcements of a school, and of its courses.
CREATE TABLE announcement (
    tenant_id  uuid        NOT NULL,
    id         uuid        NOT NULL,
    course_id  uuid,
    author_id  uuid        NOT NULL,
    title      text        NOT NULL CONSTRAINT announcement_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    body       text        CONSTRAINT announcement_body_check CHECK (char_length(body) <= 10000),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT announcement_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (tenant_id),
    CONSTRAINT announcement_course_fkey FOREIGN KEY (tenant_id, course_id) REFERENCES course (tenant_id, id),
    CONSTRAINT announcement_author_fkey FOREIGN KEY (tenant_id, author_id) REFERENCES app_user (tenant_id, id)
);
CREATE INDEX announcement_course_latest ON announcement (tenant_id, course_id, created_at DESC, id);
CREATE INDEX announcement_author_idx ON announcement (tenant_id, author_id);
