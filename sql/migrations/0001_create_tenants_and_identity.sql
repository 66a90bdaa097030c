-- Tenants (schools), their people and roles, and the sessions of those people.

CREATE EXTENSION IF NOT EXISTS btree_gist; -- equality of uuids inside exclusion constraints
CREATE EXTENSION IF NOT EXISTS btree_gin;  -- tenant_id as the first column of a text-search index

CREATE TABLE tenant (
    tenant_id          uuid PRIMARY KEY,
    slug               text NOT NULL CONSTRAINT tenant_slug_check CHECK (slug ~ '^[a-z0-9](-?[a-z0-9])*$' AND length(slug) BETWEEN 2 AND 63),
    name               text NOT NULL CONSTRAINT tenant_name_check CHECK (length(name) BETWEEN 1 AND 200),
    time_zone          text NOT NULL CONSTRAINT tenant_time_zone_check CHECK (length(time_zone) BETWEEN 1 AND 64),
    is_listed          boolean NOT NULL DEFAULT true,
    subscription_start timestamptz NOT NULL DEFAULT now(),
    subscription_end   timestamptz,
    suspended_at       timestamptz,
    max_users          integer CONSTRAINT tenant_max_users_check CHECK (max_users > 0),
    max_instructors    integer CONSTRAINT tenant_max_instructors_check CHECK (max_instructors > 0),
    created_at         timestamptz NOT NULL DEFAULT now(),
    updated_at         timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT tenant_slug_key UNIQUE (slug),
    CONSTRAINT tenant_subscription_check CHECK (subscription_end > subscription_start)
);
CREATE INDEX tenant_public_idx ON tenant (name, tenant_id) WHERE is_listed AND suspended_at IS NULL;

CREATE TABLE app_user (
    tenant_id     uuid NOT NULL REFERENCES tenant,
    id            uuid NOT NULL,
    name          text NOT NULL CONSTRAINT app_user_name_check CHECK (length(name) BETWEEN 1 AND 200),
    email         text CONSTRAINT app_user_email_check CHECK (length(email) BETWEEN 3 AND 254),
    status        text NOT NULL DEFAULT 'ACTIVE' CONSTRAINT app_user_status_check CHECK (status IN ('ACTIVE', 'SUSPENDED')),
    -- Whether an active person holds AVAILABILITY_MANAGE through any role; kept by triggers (sql/functions/identity.sql).
    is_instructor boolean NOT NULL DEFAULT false,
    token_version integer NOT NULL DEFAULT 0,
    deleted_at    timestamptz,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    search        tsvector NOT NULL GENERATED ALWAYS AS
                      (to_tsvector('simple', translate(name || ' ' || coalesce(email, ''), '@.+-_', '     '))) STORED,
    PRIMARY KEY (tenant_id, id),
    -- A deleted person is a nameless tombstone.
    CONSTRAINT app_user_tombstone_check CHECK (deleted_at IS NULL OR (email IS NULL AND NOT is_instructor)),
    CONSTRAINT app_user_has_email_check CHECK (deleted_at IS NOT NULL OR email IS NOT NULL)
);
CREATE UNIQUE INDEX app_user_email_key ON app_user (tenant_id, lower(email));
CREATE INDEX app_user_name_idx ON app_user (tenant_id, name, id) WHERE deleted_at IS NULL;
CREATE INDEX app_user_created_idx ON app_user (tenant_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX app_user_instructor_idx ON app_user (tenant_id, id) WHERE is_instructor;
CREATE INDEX app_user_search_idx ON app_user USING gin (tenant_id, search);

-- Kept apart from app_user so that no statement about people can ever meet a password hash.
CREATE TABLE credential (
    tenant_id     uuid NOT NULL,
    user_id       uuid NOT NULL,
    password_hash text NOT NULL,
    changed_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, user_id),
    CONSTRAINT credential_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app_user ON DELETE CASCADE
);

CREATE TABLE role (
    tenant_id   uuid NOT NULL REFERENCES tenant,
    id          uuid NOT NULL,
    key         text NOT NULL CONSTRAINT role_key_check CHECK (key ~ '^[A-Z][A-Z0-9_]{1,39}$'),
    name        text NOT NULL CONSTRAINT role_name_check CHECK (length(name) BETWEEN 1 AND 200),
    is_system   boolean NOT NULL DEFAULT false,
    permissions text[] NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT role_key_key UNIQUE (tenant_id, key),
    CONSTRAINT role_permissions_check CHECK (permissions <@ ARRAY[
        'USER_READ', 'USER_CREATE', 'USER_UPDATE', 'USER_DELETE', 'ROLE_READ', 'ROLE_MANAGE',
        'COURSE_READ', 'COURSE_CREATE', 'COURSE_UPDATE', 'COURSE_UPDATE_ALL', 'COURSE_DELETE',
        'ENROLLMENT_SELF', 'ENROLLMENT_READ_ALL', 'ENROLLMENT_MANAGE',
        'GROUP_READ', 'GROUP_CREATE', 'GROUP_UPDATE', 'GROUP_DELETE',
        'BOOKING_REQUEST', 'BOOKING_READ_ALL', 'BOOKING_MANAGE', 'BOOKING_COMPLETE',
        'AVAILABILITY_MANAGE', 'REPORT_READ', 'AUDIT_READ'])
);

CREATE TABLE user_role (
    tenant_id  uuid NOT NULL,
    user_id    uuid NOT NULL,
    role_id    uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, user_id, role_id),
    CONSTRAINT user_role_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app_user ON DELETE CASCADE,
    CONSTRAINT user_role_role_fkey FOREIGN KEY (tenant_id, role_id) REFERENCES role
);
CREATE INDEX user_role_role_idx ON user_role (tenant_id, role_id, user_id);

-- One sign-in on one device: the family of its refresh tokens, and the role it acts in.
CREATE TABLE session (
    tenant_id      uuid NOT NULL,
    id             uuid NOT NULL,
    user_id        uuid NOT NULL,
    active_role_id uuid,
    revoked_at     timestamptz,
    revoked_reason text CONSTRAINT session_revoked_reason_check CHECK (revoked_reason IN ('LOGOUT', 'LOGOUT_EVERYWHERE', 'REUSE', 'PASSWORD_CHANGED', 'SUSPENDED', 'DELETED')),
    created_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT session_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app_user ON DELETE CASCADE,
    CONSTRAINT session_role_fkey FOREIGN KEY (tenant_id, active_role_id) REFERENCES role ON DELETE SET NULL (active_role_id)
);
CREATE INDEX session_user_idx ON session (tenant_id, user_id) WHERE revoked_at IS NULL;
CREATE INDEX session_role_idx ON session (tenant_id, active_role_id);

CREATE TABLE refresh_token (
    tenant_id  uuid NOT NULL,
    token_hash bytea NOT NULL CONSTRAINT refresh_token_hash_check CHECK (length(token_hash) = 32),
    session_id uuid NOT NULL,
    used_at    timestamptz,
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, token_hash),
    CONSTRAINT refresh_token_session_fkey FOREIGN KEY (tenant_id, session_id) REFERENCES session ON DELETE CASCADE
);
CREATE INDEX refresh_token_session_idx ON refresh_token (tenant_id, session_id);
