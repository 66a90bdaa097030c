-- What holds the time of somebody, whatever for: one row for each stretch of it. Bookings write theirs by trigger
-- (app.claim_booking_time); whatever else is going to hold time writes into this table as well, so that there is no way around it.
CREATE TABLE time_claim (
    tenant_id  uuid NOT NULL,
    id         uuid NOT NULL,
    -- As what: LEARNER or INSTRUCTOR, who are people.
    kind       text NOT NULL CONSTRAINT time_claim_kind_check CHECK (kind IN ('LEARNER', 'INSTRUCTOR')),
    party_id   uuid NOT NULL,
    booking_id uuid NOT NULL,
    starts_at  timestamptz NOT NULL,
    ends_at    timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT time_claim_booking_fkey FOREIGN KEY (tenant_id, booking_id) REFERENCES booking ON DELETE CASCADE,
    CONSTRAINT time_claim_span_check CHECK (ends_at > starts_at),
    -- One person is in one place: whoever learns at that time does not teach then. Half-open spans, so that back to back fits.
    CONSTRAINT claim_person_overlap EXCLUDE USING gist (tenant_id WITH =, party_id WITH =, tstzrange(starts_at, ends_at) WITH &&)
        WHERE (kind IN ('LEARNER', 'INSTRUCTOR'))
);
CREATE INDEX time_claim_booking_idx ON time_claim (tenant_id, booking_id);
-- When one is busy, and when all instructors are.
CREATE INDEX time_claim_party_idx ON time_claim (tenant_id, party_id, starts_at, ends_at);
CREATE INDEX time_claim_starts_idx ON time_claim (tenant_id, starts_at) INCLUDE (ends_at, party_id);
