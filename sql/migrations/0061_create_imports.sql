-- Rosters that come from other systems: one run a file, what was wrong in it, and which of their objects is which of the school's.

CREATE TABLE import_run (
    tenant_id      uuid NOT NULL REFERENCES tenant,
    id             uuid NOT NULL,
    started_by_id  uuid NOT NULL,
    format         text NOT NULL CONSTRAINT import_run_format_check CHECK (format IN ('ONEROSTER_CSV', 'USERS_CSV')),
    source         text NOT NULL CONSTRAINT import_run_source_check CHECK (length(source) BETWEEN 1 AND 100),
    dry_run        boolean NOT NULL,
    remove_missing boolean NOT NULL,
    max_removals   integer NOT NULL CONSTRAINT import_run_max_removals_check CHECK (max_removals BETWEEN 0 AND 1000000),
    notify         boolean NOT NULL,
    file_id        uuid,
    -- As long as it runs the file can't go.
    held_file_id   uuid,
    state          text NOT NULL DEFAULT 'QUEUED' CONSTRAINT import_run_state_check
                       CHECK (state IN ('QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED')),
    -- The cursor: lines of the file that are done, and how many there are.
    rows_done      integer NOT NULL DEFAULT 0,
    rows_total     integer,
    counts         jsonb NOT NULL DEFAULT '{}',
    issue_count    integer NOT NULL DEFAULT 0,
    failure_reason text CONSTRAINT import_run_failure_check CHECK ((failure_reason IS NOT NULL) = (state = 'FAILED')),
    created_at     timestamptz NOT NULL DEFAULT now(),
    started_at     timestamptz,
    finished_at    timestamptz CONSTRAINT import_run_finished_check CHECK ((finished_at IS NOT NULL) = (state IN ('SUCCEEDED', 'FAILED', 'CANCELLED'))),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT import_run_starter_fkey FOREIGN KEY (tenant_id, started_by_id) REFERENCES app_user,
    CONSTRAINT import_run_file_fkey FOREIGN KEY (tenant_id, file_id) REFERENCES file ON DELETE SET NULL (file_id),
    CONSTRAINT import_run_held_file_fkey FOREIGN KEY (tenant_id, held_file_id) REFERENCES file ON DELETE RESTRICT
);
-- One run at a time.
CREATE UNIQUE INDEX import_run_active_key ON import_run (tenant_id) WHERE state IN ('QUEUED', 'RUNNING');
CREATE INDEX import_run_created_idx ON import_run (tenant_id, created_at, id);
CREATE INDEX import_run_starter_idx ON import_run (tenant_id, started_by_id);
CREATE INDEX import_run_file_idx ON import_run (tenant_id, file_id);
CREATE INDEX import_run_held_file_idx ON import_run (tenant_id, held_file_id);

CREATE TABLE import_issue (
    tenant_id  uuid NOT NULL,
    id         uuid NOT NULL,
    run_id     uuid NOT NULL,
    -- Its place among those of the run.
    place      bigint NOT NULL,
    file       text NOT NULL,
    line       integer NOT NULL,
    column_name text,
    severity   text NOT NULL CONSTRAINT import_issue_severity_check CHECK (severity IN ('ERROR', 'WARNING')),
    reason     text NOT NULL,
    message    text NOT NULL,
    sourced_id text,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT import_issue_run_fkey FOREIGN KEY (tenant_id, run_id) REFERENCES import_run ON DELETE CASCADE
);
CREATE UNIQUE INDEX import_issue_place_key ON import_issue (tenant_id, run_id, place);

-- Which object of another system is which of the school's. `object_id`: a person, a course or an enrollment, by `type`; none for what is only
-- checked. It goes with its object.
CREATE TABLE roster_link (
    tenant_id  uuid NOT NULL REFERENCES tenant,
    source     text NOT NULL,
    type       text NOT NULL CONSTRAINT roster_link_type_check CHECK (type IN ('ORG', 'ACADEMIC_SESSION', 'COURSE', 'CLASS', 'USER', 'ENROLLMENT')),
    sourced_id text COLLATE "C" NOT NULL CONSTRAINT roster_link_sourced_id_check CHECK (length(sourced_id) BETWEEN 1 AND 300),
    object_id  uuid,
    CONSTRAINT roster_link_pkey PRIMARY KEY (tenant_id, source, type, sourced_id)
);
CREATE INDEX roster_link_object_idx ON roster_link (tenant_id, object_id) WHERE object_id IS NOT NULL;
