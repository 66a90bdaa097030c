-- Webhooks: where a school wants to be told of its events, the events, and each delivery of one to another.

CREATE TABLE webhook_endpoint (
    tenant_id       uuid NOT NULL REFERENCES tenant,
    id              uuid NOT NULL,
    url             text NOT NULL CONSTRAINT webhook_endpoint_url_check CHECK (length(url) BETWEEN 1 AND 2000),
    description     text CONSTRAINT webhook_endpoint_description_check CHECK (length(description) <= 10000),
    -- NULL: every type.
    event_types     text[] CONSTRAINT webhook_endpoint_event_types_check CHECK (cardinality(event_types) > 0),
    -- PAUSED by a person, DISABLED by the service.
    state           text NOT NULL DEFAULT 'ACTIVE' CONSTRAINT webhook_endpoint_state_check CHECK (state IN ('ACTIVE', 'PAUSED', 'DISABLED')),
    disabled_reason text,
    -- Sealed. After a rotation both sign for a while.
    secret          bytea NOT NULL,
    previous_secret bytea,
    previous_secret_expires_at timestamptz,
    -- Attempts that failed since the last that did not, and the first of them.
    failures        integer NOT NULL DEFAULT 0,
    failing_at   timestamptz,
    last_delivered_at timestamptz,
    -- The latest replay, for the audit log.
    replayed_from_at  timestamptz,
    replayed_at     timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT webhook_endpoint_disabled_check CHECK ((state = 'DISABLED') = (disabled_reason IS NOT NULL)),
    CONSTRAINT webhook_endpoint_previous_check CHECK ((previous_secret IS NULL) = (previous_secret_expires_at IS NULL)),
    CONSTRAINT webhook_endpoint_failing_check CHECK ((failures = 0) = (failing_at IS NULL))
);
CREATE INDEX webhook_endpoint_created_idx ON webhook_endpoint (tenant_id, created_at, id);

-- An event with the body that every attempt sends, kept so that it can be replayed. Its id is that of its fan-out job.
CREATE TABLE webhook_event (
    tenant_id uuid NOT NULL,
    id        uuid NOT NULL,
    type      text NOT NULL,
    body      text NOT NULL,
    at        timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX webhook_event_at_idx ON webhook_event (tenant_id, at, id);

CREATE TABLE webhook_delivery (
    tenant_id       uuid NOT NULL,
    id              uuid NOT NULL,
    endpoint_id     uuid NOT NULL,
    event_id        uuid NOT NULL,
    event_type      text NOT NULL,
    state           text NOT NULL DEFAULT 'PENDING' CONSTRAINT webhook_delivery_state_check CHECK (state IN ('PENDING', 'DELIVERED', 'FAILED', 'CANCELLED')),
    -- The latest fifty, the oldest first: {"at", "status", "durationMs", "error"}.
    attempts        jsonb NOT NULL DEFAULT '[]',
    -- Attempts that failed since somebody asked for it, by which the waits grow.
    failures        integer NOT NULL DEFAULT 0,
    -- Jobs that were made for it, by which the next is named.
    jobs            integer NOT NULL DEFAULT 0,
    -- The job that is to make the next attempt; NULL where it waits for its endpoint.
    job_id          uuid,
    -- It counts against what its endpoint may have under way.
    in_flight       boolean NOT NULL DEFAULT false,
    next_attempt_at timestamptz DEFAULT now(),
    delivered_at    timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT webhook_delivery_once UNIQUE (tenant_id, endpoint_id, event_id),
    CONSTRAINT webhook_delivery_endpoint_fkey FOREIGN KEY (tenant_id, endpoint_id) REFERENCES webhook_endpoint ON DELETE CASCADE,
    CONSTRAINT webhook_delivery_event_fkey FOREIGN KEY (tenant_id, event_id) REFERENCES webhook_event,
    CONSTRAINT webhook_delivery_pending_check CHECK ((state = 'PENDING') = (next_attempt_at IS NOT NULL)),
    CONSTRAINT webhook_delivery_delivered_check CHECK ((state = 'DELIVERED') = (delivered_at IS NOT NULL))
);
-- The list of an endpoint, and the purge.
CREATE INDEX webhook_delivery_created_idx ON webhook_delivery (tenant_id, endpoint_id, created_at, id);
CREATE INDEX webhook_delivery_age_idx ON webhook_delivery (tenant_id, created_at);
CREATE INDEX webhook_delivery_event_idx ON webhook_delivery (tenant_id, event_id);
-- What waits for its endpoint, the longest first; and what is under way.
CREATE INDEX webhook_delivery_waiting_idx ON webhook_delivery (tenant_id, endpoint_id, next_attempt_at, id) WHERE state = 'PENDING' AND job_id IS NULL;
CREATE INDEX webhook_delivery_flight_idx ON webhook_delivery (tenant_id, endpoint_id) WHERE in_flight;
