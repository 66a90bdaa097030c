-- A school takes everything along: one export at a time, kept for a week.
CREATE TABLE tenant_export (
    tenant_id       uuid NOT NULL REFERENCES tenant,
    id              uuid NOT NULL,
    requested_by_id uuid NOT NULL,
    state           text NOT NULL DEFAULT 'QUEUED' CONSTRAINT tenant_export_state_check CHECK (state IN ('QUEUED', 'RUNNING', 'DONE', 'FAILED')),
    row_count       integer NOT NULL DEFAULT 0 CONSTRAINT tenant_export_row_count_check CHECK (row_count >= 0),
    -- Of each table its name, its rows and their SHA-256, as they stand in the manifest.
    tables          jsonb NOT NULL DEFAULT '[]' CONSTRAINT tenant_export_tables_check CHECK (jsonb_typeof(tables) = 'array'),
    file_count      integer NOT NULL DEFAULT 0 CONSTRAINT tenant_export_file_count_check CHECK (file_count >= 0),
    sha256          text CONSTRAINT tenant_export_sha256_check CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    file_id         uuid,
    error           text CONSTRAINT tenant_export_error_check CHECK ((error IS NOT NULL) = (state = 'FAILED') AND length(error) <= 500),
    created_at      timestamptz NOT NULL DEFAULT now(),
    started_at      timestamptz,
    finished_at     timestamptz CONSTRAINT tenant_export_finished_check CHECK ((finished_at IS NOT NULL) = (state IN ('DONE', 'FAILED'))),
    expires_at      timestamptz CONSTRAINT tenant_export_expires_check CHECK ((expires_at IS NOT NULL) = (state = 'DONE')),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT tenant_export_requester_fkey FOREIGN KEY (tenant_id, requested_by_id) REFERENCES app_user,
    -- Its file goes by its time.
    CONSTRAINT tenant_export_file_fkey FOREIGN KEY (tenant_id, file_id) REFERENCES file ON DELETE SET NULL (file_id)
);
CREATE UNIQUE INDEX tenant_export_active_key ON tenant_export (tenant_id) WHERE state IN ('QUEUED', 'RUNNING');
CREATE INDEX tenant_export_created_idx ON tenant_export (tenant_id, created_at, id);
CREATE INDEX tenant_export_requester_idx ON tenant_export (tenant_id, requested_by_id);
CREATE INDEX tenant_export_file_idx ON tenant_export (tenant_id, file_id);

-- Such a file holds all that the school has: TENANT_EXPORT sees it, and nothing else does; also after the subscription has lapsed.
ALTER TABLE file ADD COLUMN is_export boolean NOT NULL DEFAULT false;
