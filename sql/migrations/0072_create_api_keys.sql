-- Keys by which programs act in somebody's place.
CREATE TABLE api_key (
    tenant_id    uuid NOT NULL,
    id           uuid NOT NULL,
    owner_id     uuid NOT NULL,
    -- The role in which it was made, and in which it acts; a key without one is dead.
    role_id      uuid,
    name         text NOT NULL CONSTRAINT api_key_name_check CHECK (length(name) BETWEEN 1 AND 200),
    permissions  text[] NOT NULL CONSTRAINT api_key_permissions_check CHECK (cardinality(permissions) BETWEEN 1 AND 256),
    is_read_only boolean NOT NULL,
    -- The last characters of its secret.
    hint         text NOT NULL CONSTRAINT api_key_hint_check CHECK (length(hint) = 4),
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL,
    last_used_at timestamptz,
    revoked_at   timestamptz,
    -- When its owner was told that it ends soon.
    reminded_at  timestamptz,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT api_key_owner_fkey FOREIGN KEY (tenant_id, owner_id) REFERENCES app_user ON DELETE CASCADE,
    CONSTRAINT api_key_role_fkey FOREIGN KEY (tenant_id, role_id) REFERENCES role ON DELETE SET NULL (role_id)
);
CREATE INDEX api_key_created_idx ON api_key (tenant_id, created_at, id);
CREATE INDEX api_key_owner_idx ON api_key (tenant_id, owner_id, created_at, id);
CREATE INDEX api_key_role_idx ON api_key (tenant_id, role_id);
CREATE INDEX api_key_expires_idx ON api_key (tenant_id, expires_at) WHERE revoked_at IS NULL AND reminded_at IS NULL;

-- SHA-256 of their secrets.
CREATE TABLE api_key_secret (
    tenant_id   uuid NOT NULL,
    secret_hash bytea NOT NULL CONSTRAINT api_key_secret_hash_check CHECK (length(secret_hash) = 32),
    key_id      uuid NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, secret_hash),
    CONSTRAINT api_key_secret_key_key UNIQUE (tenant_id, key_id),
    CONSTRAINT api_key_secret_key_fkey FOREIGN KEY (tenant_id, key_id) REFERENCES api_key ON DELETE CASCADE
);

-- The key that asked for a job, which has its permissions and no more.
ALTER TABLE job ADD COLUMN api_key_id uuid;
