-- What is exported: one run a file, and the schedules that ask for reports by themselves.

CREATE TABLE report_schedule (
    tenant_id     uuid NOT NULL REFERENCES tenant,
    id            uuid NOT NULL,
    owner_id      uuid NOT NULL,
    dataset       text NOT NULL CONSTRAINT report_schedule_dataset_check
                      CHECK (dataset IN ('ENROLLMENTS', 'COURSE_PROGRESS', 'BOOKINGS', 'INSTRUCTOR_UTILISATION', 'ACTIVITY')),
    frequency     text NOT NULL CONSTRAINT report_schedule_frequency_check CHECK (frequency IN ('DAILY', 'WEEKLY', 'MONTHLY')),
    hour          integer NOT NULL CONSTRAINT report_schedule_hour_check CHECK (hour BETWEEN 0 AND 23),
    time_zone     text NOT NULL CONSTRAINT report_schedule_time_zone_check CHECK (length(time_zone) BETWEEN 1 AND 64),
    is_paused     boolean NOT NULL DEFAULT false,
    -- None where its owner has paused it.
    paused_reason text,
    next_run_at   timestamptz,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT report_schedule_owner_fkey FOREIGN KEY (tenant_id, owner_id) REFERENCES app_user,
    CONSTRAINT report_schedule_next_check CHECK (is_paused = (next_run_at IS NULL)),
    CONSTRAINT report_schedule_paused_check CHECK (is_paused OR paused_reason IS NULL)
);
CREATE INDEX report_schedule_owner_idx ON report_schedule (tenant_id, owner_id, created_at, id);
-- What is due looks over all schools.
CREATE INDEX report_schedule_due_idx ON report_schedule (next_run_at, tenant_id) WHERE next_run_at IS NOT NULL;

CREATE TABLE export_run (
    tenant_id       uuid NOT NULL REFERENCES tenant,
    id              uuid NOT NULL,
    requested_by_id uuid NOT NULL,
    -- A report, or the roster.
    dataset         text CONSTRAINT export_run_dataset_check
                        CHECK (dataset IN ('ENROLLMENTS', 'COURSE_PROGRESS', 'BOOKINGS', 'INSTRUCTOR_UTILISATION', 'ACTIVITY')),
    roster_format   text CONSTRAINT export_run_roster_format_check CHECK (roster_format IN ('ONEROSTER_1_1', 'ONEROSTER_1_2', 'USERS_CSV')),
    -- That of its file.
    name            text NOT NULL CONSTRAINT export_run_name_check CHECK (length(name) BETWEEN 1 AND 200),
    time_zone       text NOT NULL CONSTRAINT export_run_time_zone_check CHECK (length(time_zone) BETWEEN 1 AND 64),
    from_at         timestamptz,
    to_at           timestamptz,
    state           text NOT NULL DEFAULT 'QUEUED' CONSTRAINT export_run_state_check
                        CHECK (state IN ('QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED')),
    row_count       integer NOT NULL DEFAULT 0,
    failure_reason  text CONSTRAINT export_run_failure_check CHECK ((failure_reason IS NOT NULL) = (state = 'FAILED')),
    schedule_id     uuid,
    period_starts_at    timestamptz,
    file_id         uuid,
    created_at      timestamptz NOT NULL DEFAULT now(),
    started_at      timestamptz,
    finished_at     timestamptz CONSTRAINT export_run_finished_check CHECK ((finished_at IS NOT NULL) = (state IN ('SUCCEEDED', 'FAILED', 'CANCELLED'))),
    PRIMARY KEY (tenant_id, id),
    -- One run a period.
    CONSTRAINT export_run_period_key UNIQUE (tenant_id, schedule_id, period_starts_at),
    CONSTRAINT export_run_what_check CHECK (num_nonnulls(dataset, roster_format) = 1),
    CONSTRAINT export_run_range_check CHECK ((dataset IS NOT NULL) = (from_at IS NOT NULL AND to_at IS NOT NULL) AND from_at < to_at IS NOT FALSE),
    CONSTRAINT export_run_requester_fkey FOREIGN KEY (tenant_id, requested_by_id) REFERENCES app_user,
    CONSTRAINT export_run_schedule_fkey FOREIGN KEY (tenant_id, schedule_id) REFERENCES report_schedule ON DELETE SET NULL (schedule_id),
    -- Its file may go: by its owner, and by its time.
    CONSTRAINT export_run_file_fkey FOREIGN KEY (tenant_id, file_id) REFERENCES file ON DELETE SET NULL (file_id)
);
CREATE INDEX export_run_requester_idx ON export_run (tenant_id, requested_by_id, created_at, id);
CREATE INDEX export_run_schedule_idx ON export_run (tenant_id, schedule_id, created_at, id);
CREATE INDEX export_run_file_idx ON export_run (tenant_id, file_id);
