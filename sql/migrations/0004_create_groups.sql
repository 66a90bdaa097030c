-- Groups (cohorts): people who learn together, and the courses given to them.

CREATE TABLE user_group (
    tenant_id   uuid NOT NULL REFERENCES tenant,
    id          uuid NOT NULL,
    name        text NOT NULL CONSTRAINT user_group_name_check CHECK (length(name) BETWEEN 1 AND 200),
    description text CONSTRAINT user_group_description_check CHECK (length(description) <= 10000),
    capacity    integer CONSTRAINT user_group_capacity_check CHECK (capacity BETWEEN 1 AND 1000000),
    auto_enroll boolean NOT NULL DEFAULT false,
    deleted_at  timestamptz,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    search      tsvector NOT NULL GENERATED ALWAYS AS
                    (setweight(to_tsvector('simple', name), 'A') || setweight(to_tsvector('simple', coalesce(description, '')), 'B')) STORED,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX user_group_name_idx ON user_group (tenant_id, name, id) WHERE deleted_at IS NULL;
CREATE INDEX user_group_created_idx ON user_group (tenant_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX user_group_search_idx ON user_group USING gin (tenant_id, search);

CREATE TABLE group_member (
    tenant_id uuid NOT NULL,
    group_id  uuid NOT NULL,
    user_id   uuid NOT NULL,
    is_leader boolean NOT NULL DEFAULT false,
    joined_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT group_member_pkey PRIMARY KEY (tenant_id, group_id, user_id),
    CONSTRAINT group_member_group_fkey FOREIGN KEY (tenant_id, group_id) REFERENCES user_group,
    CONSTRAINT group_member_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app_user
);
CREATE INDEX group_member_joined_idx ON group_member (tenant_id, group_id, joined_at, user_id);
CREATE INDEX group_member_user_idx ON group_member (tenant_id, user_id, group_id);

CREATE TABLE group_course (
    tenant_id uuid NOT NULL,
    group_id  uuid NOT NULL,
    course_id uuid NOT NULL,
    added_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT group_course_pkey PRIMARY KEY (tenant_id, group_id, course_id),
    CONSTRAINT group_course_group_fkey FOREIGN KEY (tenant_id, group_id) REFERENCES user_group,
    CONSTRAINT group_course_course_fkey FOREIGN KEY (tenant_id, course_id) REFERENCES course
);
CREATE INDEX group_course_course_idx ON group_course (tenant_id, course_id, group_id);
