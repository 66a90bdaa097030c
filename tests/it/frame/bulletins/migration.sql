-- Bulletins of a school, and of its courses.
CREATE TABLE bulletin (
    tenant_id  uuid        NOT NULL,
    id         uuid        NOT NULL,
    course_id  uuid,
    author_id  uuid        NOT NULL,
    title      text        NOT NULL CONSTRAINT bulletin_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    body       text        CONSTRAINT bulletin_body_check CHECK (char_length(body) <= 10000),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT bulletin_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (tenant_id),
    CONSTRAINT bulletin_course_fkey FOREIGN KEY (tenant_id, course_id) REFERENCES course (tenant_id, id),
    CONSTRAINT bulletin_author_fkey FOREIGN KEY (tenant_id, author_id) REFERENCES app_user (tenant_id, id)
);
CREATE INDEX bulletin_course_latest ON bulletin (tenant_id, course_id, created_at DESC, id);
CREATE INDEX bulletin_author_idx ON bulletin (tenant_id, author_id);
