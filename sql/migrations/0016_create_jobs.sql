-- What is to happen outside a request: one row a job, and the steps that a job may take.

-- Which steps a job may take; enforced by a trigger.
CREATE TABLE job_transition (
    from_state text NOT NULL,
    to_state   text NOT NULL,
    PRIMARY KEY (from_state, to_state)
);
INSERT INTO job_transition (from_state, to_state) VALUES
    ('QUEUED', 'RUNNING'), ('QUEUED', 'CANCELLED'),
    ('RUNNING', 'SUCCEEDED'), ('RUNNING', 'QUEUED'), ('RUNNING', 'DEAD'),
    ('DEAD', 'QUEUED');

-- No foreign keys, on purpose: their checks would lock the rows of school and person in every transaction that asks for a job. The jobs of
-- the nil tenant are the deployment's own.
CREATE TABLE job (
    tenant_id    uuid NOT NULL,
    id           uuid NOT NULL,
    kind         text NOT NULL CONSTRAINT job_kind_check CHECK (kind ~ '^[a-z_]+\.[a-z_]+$' AND length(kind) <= 60),
    -- The same key again is the same job.
    key          text NOT NULL CONSTRAINT job_key_check CHECK (length(key) BETWEEN 1 AND 200),
    lane         text NOT NULL CONSTRAINT job_lane_check CHECK (lane IN ('DEFAULT', 'MAIL', 'DELIVERY', 'BULK')),
    state        text NOT NULL DEFAULT 'QUEUED' CONSTRAINT job_state_check CHECK (state IN ('QUEUED', 'RUNNING', 'SUCCEEDED', 'DEAD', 'CANCELLED')),
    -- It runs whether or not the school's subscription does.
    is_spared    boolean NOT NULL,
    payload      jsonb NOT NULL,
    -- What it is about: an id as clients know it.
    subject      text CONSTRAINT job_subject_check CHECK (length(subject) <= 100),
    -- For whom, and in which request it was asked for.
    actor_id     uuid,
    correlation  text NOT NULL,
    run_at       timestamptz NOT NULL DEFAULT now(),
    attempts     integer NOT NULL DEFAULT 0,
    max_attempts integer NOT NULL CONSTRAINT job_max_attempts_check CHECK (max_attempts > 0),
    -- How often the worker that had it was lost.
    losses       integer NOT NULL DEFAULT 0,
    -- Whose it is while it runs, and until when.
    worker       uuid,
    lease        uuid,
    leased_until timestamptz,
    started_at   timestamptz,
    finished_at  timestamptz,
    last_error   text CONSTRAINT job_last_error_check CHECK (length(last_error) <= 500),
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT job_key_key UNIQUE (tenant_id, kind, key),
    CONSTRAINT job_lease_check CHECK ((state = 'RUNNING') = (lease IS NOT NULL AND leased_until IS NOT NULL AND worker IS NOT NULL)),
    CONSTRAINT job_finished_check CHECK ((state IN ('SUCCEEDED', 'DEAD', 'CANCELLED')) = (finished_at IS NOT NULL))
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05);

-- Claims look over all schools, and so these four begin with the lane: the oldest that wait, the oldest of each school (and of those
-- that no lapse stops), and what runs.
CREATE INDEX job_oldest_idx ON job (lane, run_at, tenant_id) WHERE state = 'QUEUED';
CREATE INDEX job_waiting_idx ON job (lane, tenant_id, run_at, id) WHERE state = 'QUEUED';
CREATE INDEX job_spared_idx ON job (lane, tenant_id, run_at, id) WHERE state = 'QUEUED' AND is_spared;
CREATE INDEX job_running_idx ON job (lane, tenant_id) WHERE state = 'RUNNING';
-- The lists of the API: the newest first, those in a state, those about one thing.
CREATE INDEX job_created_idx ON job (tenant_id, created_at, id);
CREATE INDEX job_state_idx ON job (tenant_id, state, created_at, id);
CREATE INDEX job_subject_idx ON job (tenant_id, subject, created_at, id) WHERE subject IS NOT NULL;
