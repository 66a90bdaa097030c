-- Files, the uploads that bring them, and with whom they are shared. The bytes lie in the store.

CREATE TABLE file (
    tenant_id    uuid NOT NULL REFERENCES tenant,
    id           uuid NOT NULL,
    -- The upload that brought it; none where the service made it itself. Uploads are forgotten before their files.
    upload_id    uuid,
    -- None where the service made it for no person.
    owner_id     uuid,
    name         text NOT NULL CONSTRAINT file_name_check CHECK (length(name) BETWEEN 1 AND 200),
    content_type text NOT NULL CONSTRAINT file_content_type_check CHECK (length(content_type) BETWEEN 3 AND 127),
    size         bigint NOT NULL CONSTRAINT file_size_check CHECK (size >= 0),
    sha256       text NOT NULL CONSTRAINT file_sha256_check CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    folder       text NOT NULL CONSTRAINT file_folder_check CHECK (folder ~ '^[a-z0-9][a-z0-9-]{0,39}$'),
    visibility   text NOT NULL DEFAULT 'PRIVATE' CONSTRAINT file_visibility_check CHECK (visibility IN ('PRIVATE', 'SHARED', 'TENANT', 'PUBLIC')),
    -- The key of its bytes. No row can name those of another school.
    object       text NOT NULL CONSTRAINT file_object_check CHECK (starts_with(object, 'schools/' || tenant_id::text || '/')),
    expires_at   timestamptz,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    search       tsvector NOT NULL GENERATED ALWAYS AS (array_to_tsvector(public.search_words(name))) STORED,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT file_upload_key UNIQUE (tenant_id, upload_id),
    CONSTRAINT file_object_key UNIQUE (tenant_id, object),
    CONSTRAINT file_owner_fkey FOREIGN KEY (tenant_id, owner_id) REFERENCES app_user,
    -- What anybody may fetch can't run anything.
    CONSTRAINT file_public_check CHECK (visibility <> 'PUBLIC' OR content_type IN ('image/png', 'image/jpeg', 'image/gif', 'image/webp'))
);
-- The list's orders; whose they are and what the whole school sees, for those who see few; what the quota counts; the search; the sweep.
CREATE INDEX file_name_idx ON file (tenant_id, name COLLATE "und-x-icu", id);
CREATE INDEX file_created_idx ON file (tenant_id, created_at, id);
CREATE INDEX file_size_idx ON file (tenant_id, size, id);
CREATE INDEX file_owner_idx ON file (tenant_id, owner_id, created_at, id);
CREATE INDEX file_visibility_idx ON file (tenant_id, visibility, created_at, id);
CREATE INDEX file_folder_idx ON file (tenant_id, folder, created_at, id);
CREATE INDEX file_used_idx ON file (tenant_id, size) WHERE upload_id IS NOT NULL;
CREATE INDEX file_search_idx ON file USING gin (tenant_id, search);
CREATE INDEX file_expires_idx ON file (tenant_id, expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE file_audience (
    tenant_id uuid NOT NULL,
    file_id   uuid NOT NULL,
    user_id   uuid,
    group_id  uuid,
    course_id uuid,
    added_at  timestamptz NOT NULL DEFAULT now(),
    -- Which of the three it is.
    member_id uuid NOT NULL GENERATED ALWAYS AS (coalesce(user_id, group_id, course_id)) STORED,
    CONSTRAINT file_audience_pkey PRIMARY KEY (tenant_id, file_id, member_id),
    CONSTRAINT file_audience_one_check CHECK (num_nonnulls(user_id, group_id, course_id) = 1),
    CONSTRAINT file_audience_file_fkey FOREIGN KEY (tenant_id, file_id) REFERENCES file ON DELETE CASCADE,
    CONSTRAINT file_audience_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app_user,
    CONSTRAINT file_audience_group_fkey FOREIGN KEY (tenant_id, group_id) REFERENCES user_group,
    CONSTRAINT file_audience_course_fkey FOREIGN KEY (tenant_id, course_id) REFERENCES course
);
CREATE INDEX file_audience_user_idx ON file_audience (tenant_id, user_id, file_id);
CREATE INDEX file_audience_group_idx ON file_audience (tenant_id, group_id, file_id);
CREATE INDEX file_audience_course_idx ON file_audience (tenant_id, course_id, file_id);

CREATE TABLE upload (
    tenant_id    uuid NOT NULL,
    id           uuid NOT NULL,
    user_id      uuid NOT NULL,
    name         text NOT NULL CONSTRAINT upload_name_check CHECK (length(name) BETWEEN 1 AND 200),
    content_type text NOT NULL CONSTRAINT upload_content_type_check CHECK (length(content_type) BETWEEN 3 AND 127),
    size         integer NOT NULL CONSTRAINT upload_size_check CHECK (size > 0),
    sha256       text NOT NULL CONSTRAINT upload_sha256_check CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    folder       text NOT NULL CONSTRAINT upload_folder_check CHECK (folder ~ '^[a-z0-9][a-z0-9-]{0,39}$'),
    expires_at   timestamptz NOT NULL DEFAULT now() + interval '30 minutes',
    completed_at timestamptz,
    file_id      uuid,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT upload_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app_user,
    CONSTRAINT upload_file_fkey FOREIGN KEY (tenant_id, file_id) REFERENCES file ON DELETE SET NULL (file_id),
    CONSTRAINT upload_completed_check CHECK (file_id IS NULL OR completed_at IS NOT NULL)
);
-- What is reserved, by the school and by one person: those whose time is not over are the last of each.
CREATE INDEX upload_expires_idx ON upload (tenant_id, expires_at);
CREATE INDEX upload_user_idx ON upload (tenant_id, user_id, expires_at);
CREATE INDEX upload_file_idx ON upload (tenant_id, file_id);

-- What the uploaded files of a school may take together: 10 GiB unless its operator says otherwise; none: as much as there is room for.
ALTER TABLE tenant ADD COLUMN storage_quota bigint DEFAULT 10737418240 CONSTRAINT tenant_storage_quota_check CHECK (storage_quota >= 0);
