-- Who stands above whom, roles until a date, what single people are granted and denied beside their roles, and what else is known of a person.

-- Whose holders a role may admit and approve: rows of data. (ADMIN stands above every role, without rows.)
CREATE TABLE role_manages (
    tenant_id       uuid NOT NULL,
    role_id         uuid NOT NULL,
    managed_role_id uuid NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT role_manages_pkey PRIMARY KEY (tenant_id, role_id, managed_role_id),
    CONSTRAINT role_manages_role_fkey FOREIGN KEY (tenant_id, role_id) REFERENCES role ON DELETE CASCADE,
    CONSTRAINT role_manages_managed_fkey FOREIGN KEY (tenant_id, managed_role_id) REFERENCES role ON DELETE CASCADE
);
CREATE INDEX role_manages_managed_idx ON role_manages (tenant_id, managed_role_id, role_id);

-- Until when somebody holds a role (none: for good), and who gave it to them. What has ended is nothing any more, although its row waits for the
-- job that removes it.
ALTER TABLE user_role
    ADD COLUMN ends_at timestamptz,
    ADD COLUMN granted_by_id uuid,
    ADD CONSTRAINT user_role_granted_by_fkey FOREIGN KEY (tenant_id, granted_by_id) REFERENCES app_user ON DELETE SET NULL (granted_by_id);
CREATE INDEX user_role_ends_idx ON user_role (tenant_id, ends_at) WHERE ends_at IS NOT NULL;
CREATE INDEX user_role_granted_by_idx ON user_role (tenant_id, granted_by_id) WHERE granted_by_id IS NOT NULL;

-- What one person holds beside their roles, or does not hold in spite of them. A deny wins.
CREATE TABLE user_permission (
    tenant_id  uuid NOT NULL,
    user_id    uuid NOT NULL,
    effect     text NOT NULL CONSTRAINT user_permission_effect_check CHECK (effect IN ('GRANT', 'DENY')),
    permission text NOT NULL CONSTRAINT user_permission_permission_check CHECK (length(permission) BETWEEN 1 AND 60),
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT user_permission_pkey PRIMARY KEY (tenant_id, user_id, effect, permission),
    CONSTRAINT user_permission_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app_user ON DELETE CASCADE
);
-- Who holds a permission by a grant.
CREATE INDEX user_permission_holders_idx ON user_permission (tenant_id, permission, effect, user_id);

-- A name to sign in with, found by searches as well, and the clock of a person. The search is made anew with its index: one pass over the table.
ALTER TABLE app_user
    ADD COLUMN username text CONSTRAINT app_user_username_check CHECK (username ~ '^[a-z0-9][a-z0-9._-]{2,39}$'),
    ADD COLUMN time_zone text CONSTRAINT app_user_time_zone_check CHECK (length(time_zone) BETWEEN 1 AND 64),
    DROP COLUMN search,
    ADD COLUMN search tsvector NOT NULL GENERATED ALWAYS AS
        (array_to_tsvector(public.search_words(name || ' ' || coalesce(email, '') || ' ' || coalesce(username, '')))) STORED;
CREATE INDEX app_user_search_idx ON app_user USING gin (tenant_id, search);
CREATE UNIQUE INDEX app_user_username_key ON app_user (tenant_id, username) WHERE username IS NOT NULL;

-- The picture of a person. A table of its own: a file belongs to a person, and so no person may point at a file.
CREATE TABLE user_avatar (
    tenant_id  uuid NOT NULL,
    user_id    uuid NOT NULL,
    file_id    uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT user_avatar_pkey PRIMARY KEY (tenant_id, user_id),
    CONSTRAINT user_avatar_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app_user ON DELETE CASCADE,
    CONSTRAINT user_avatar_file_fkey FOREIGN KEY (tenant_id, file_id) REFERENCES file ON DELETE RESTRICT
);
CREATE INDEX user_avatar_file_idx ON user_avatar (tenant_id, file_id);

-- A sign-in also ends where the last role of its person does, or where its person or somebody above them ends it.
ALTER TABLE session DROP CONSTRAINT session_revoked_reason_check, ADD CONSTRAINT session_revoked_reason_check
    CHECK (revoked_reason IN ('LOGOUT', 'LOGOUT_EVERYWHERE', 'ENDED', 'REUSE', 'PASSWORD_CHANGED', 'EMAIL_REVERTED', 'SUSPENDED', 'DELETED', 'SIGNED_OUT', 'EXPIRED'));
