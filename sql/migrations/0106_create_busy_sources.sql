-- Calendars elsewhere, incoming: where an instructor is busy by a calendar that is kept elsewhere.
CREATE TABLE busy_source (
    tenant_id       uuid NOT NULL REFERENCES tenant,
    id              uuid NOT NULL,
    instructor_id   uuid NOT NULL,
    name            text NOT NULL CONSTRAINT busy_source_name_check CHECK (length(name) BETWEEN 1 AND 200),
    -- Both sealed: the address, or of a file what in it says when something is, and nothing of what.
    url             bytea,
    content         bytea,
    host            text CONSTRAINT busy_source_host_check CHECK (length(host) BETWEEN 1 AND 253),
    -- Of floating times and whole days.
    time_zone       text NOT NULL,
    state           text NOT NULL DEFAULT 'PENDING' CONSTRAINT busy_source_state_check CHECK (state IN ('PENDING', 'OK', 'FAILED')),
    error           text CONSTRAINT busy_source_error_check CHECK (error IN ('UNREACHABLE', 'NOT_ALLOWED', 'NOT_A_CALENDAR', 'TOO_BIG', 'GONE')),
    block_count     integer NOT NULL DEFAULT 0,
    warning_count   integer NOT NULL DEFAULT 0,
    -- What the server said of the version that was read last, and when all of it was read.
    validators      jsonb NOT NULL DEFAULT '{}',
    whole_fetched_at        timestamptz,
    last_fetched_at timestamptz,
    next_fetch_at   timestamptz NOT NULL DEFAULT now() + interval '15 minutes',
    -- When somebody asked for it last, since when it fails, how often it has failed since, and when that was told.
    fetch_asked_at        timestamptz,
    fetch_failing_at      timestamptz,
    fetch_failures        integer NOT NULL DEFAULT 0,
    fetch_told_at         timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT busy_source_instructor_fkey FOREIGN KEY (tenant_id, instructor_id) REFERENCES app_user,
    CONSTRAINT busy_source_kind_check CHECK (num_nonnulls(url, content) = 1 AND (url IS NULL) = (host IS NULL)),
    CONSTRAINT busy_source_failed_check CHECK ((state = 'FAILED') = (error IS NOT NULL))
);
COMMENT ON COLUMN busy_source.url IS 'secret: sealed by keys that leave with nobody';
COMMENT ON COLUMN busy_source.content IS 'secret: sealed by keys that leave with nobody';
CREATE INDEX busy_source_instructor_idx ON busy_source (tenant_id, instructor_id, created_at, id);
-- What is due, of whatever school.
CREATE INDEX busy_source_due_idx ON busy_source (next_fetch_at, tenant_id);

-- Spans alone, of which those of one source neither overlap nor touch, but where one is longer than 744 hours and stands in several rows.
CREATE TABLE busy_block (
    tenant_id     uuid NOT NULL,
    source_id     uuid NOT NULL,
    starts_at     timestamptz NOT NULL,
    ends_at       timestamptz NOT NULL,
    instructor_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, source_id, starts_at),
    CONSTRAINT busy_block_source_fkey FOREIGN KEY (tenant_id, source_id) REFERENCES busy_source ON DELETE CASCADE,
    CONSTRAINT busy_block_instructor_fkey FOREIGN KEY (tenant_id, instructor_id) REFERENCES app_user,
    -- For the lower bounds of index scans.
    CONSTRAINT busy_block_span_check CHECK (starts_at < ends_at AND ends_at <= starts_at + interval '744 hours')
);
CREATE INDEX busy_block_instructor_idx ON busy_block (tenant_id, instructor_id, starts_at);
