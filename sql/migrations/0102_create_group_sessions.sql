-- Sessions of types with several seats: one instructor and the resources, claimed once; each seat is a booking of its own.

CREATE TABLE group_session (
    tenant_id             uuid NOT NULL,
    id                    uuid NOT NULL,
    booking_type_id       uuid NOT NULL,
    -- None where the type needs none, or where whoever it was is gone.
    instructor_id         uuid,
    starts_at             timestamptz NOT NULL,
    ends_at               timestamptz NOT NULL,
    buffer_before_minutes integer NOT NULL CONSTRAINT group_session_before_check CHECK (buffer_before_minutes BETWEEN 0 AND 480),
    buffer_after_minutes  integer NOT NULL CONSTRAINT group_session_after_check CHECK (buffer_after_minutes BETWEEN 0 AND 480),
    seats                 integer NOT NULL CONSTRAINT group_session_seats_check CHECK (seats BETWEEN 1 AND 1000),
    -- Bookings that hold a seat, and holds that had not expired when somebody last wrote: counted anew with each of them.
    seats_taken           integer NOT NULL DEFAULT 0 CONSTRAINT group_session_taken_check CHECK (seats_taken >= 0),
    status                text NOT NULL DEFAULT 'SCHEDULED' CONSTRAINT group_session_status_check CHECK (status IN ('SCHEDULED', 'CANCELLED')),
    cancel_reason         text CONSTRAINT group_session_reason_check CHECK (cancel_reason IS NULL OR (status = 'CANCELLED' AND length(cancel_reason) <= 10000)),
    -- By hand: it stays without a seat taken. One that a booking made ends with its last seat.
    is_opened             boolean NOT NULL,
    created_at            timestamptz NOT NULL DEFAULT now(),
    updated_at            timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT group_session_type_fkey FOREIGN KEY (tenant_id, booking_type_id) REFERENCES booking_type,
    CONSTRAINT group_session_instructor_fkey FOREIGN KEY (tenant_id, instructor_id) REFERENCES app_user,
    CONSTRAINT group_session_span_check CHECK (ends_at >= starts_at + interval '5 minutes' AND ends_at <= starts_at + interval '24 hours'),
    CONSTRAINT group_session_places CHECK (seats_taken <= seats)
);
CREATE INDEX group_session_starts_idx ON group_session (tenant_id, starts_at, id);
CREATE INDEX group_session_type_idx ON group_session (tenant_id, booking_type_id, starts_at, id);
CREATE INDEX group_session_instructor_idx ON group_session (tenant_id, instructor_id, starts_at, id);

CREATE TABLE group_session_resource (
    tenant_id        uuid NOT NULL,
    group_session_id uuid NOT NULL,
    resource_id      uuid NOT NULL,
    place            integer NOT NULL CONSTRAINT group_session_resource_place_check CHECK (place BETWEEN 1 AND 5),
    setup_minutes    integer NOT NULL CONSTRAINT group_session_resource_setup_check CHECK (setup_minutes BETWEEN 0 AND 480),
    teardown_minutes integer NOT NULL CONSTRAINT group_session_resource_teardown_check CHECK (teardown_minutes BETWEEN 0 AND 480),
    PRIMARY KEY (tenant_id, group_session_id, resource_id),
    CONSTRAINT group_session_resource_session_fkey FOREIGN KEY (tenant_id, group_session_id) REFERENCES group_session ON DELETE CASCADE,
    CONSTRAINT group_session_resource_resource_fkey FOREIGN KEY (tenant_id, resource_id) REFERENCES resource
);
CREATE INDEX group_session_resource_resource_idx ON group_session_resource (tenant_id, resource_id, group_session_id);

-- A seat: its booking names the session's instructor and resources, and claims its learner's time alone.
ALTER TABLE booking
    ADD COLUMN group_session_id uuid,
    ADD CONSTRAINT booking_session_fkey FOREIGN KEY (tenant_id, group_session_id) REFERENCES group_session,
    DROP CONSTRAINT booking_instructor_overlap,
    ADD CONSTRAINT booking_instructor_overlap EXCLUDE USING gist (tenant_id WITH =, instructor_id WITH =, tstzrange(starts_at, ends_at) WITH &&)
        WHERE (status IN ('ASSIGNED', 'COMPLETED') AND group_session_id IS NULL);
CREATE INDEX booking_session_idx ON booking (tenant_id, group_session_id, status) WHERE group_session_id IS NOT NULL;

-- A seat that is held.
ALTER TABLE slot_hold
    ADD COLUMN group_session_id uuid,
    ADD CONSTRAINT slot_hold_session_fkey FOREIGN KEY (tenant_id, group_session_id) REFERENCES group_session;
CREATE INDEX slot_hold_session_idx ON slot_hold (tenant_id, group_session_id, expires_at) WHERE group_session_id IS NOT NULL;

ALTER TABLE time_claim
    ADD COLUMN session_id uuid,
    ADD CONSTRAINT time_claim_session_fkey FOREIGN KEY (tenant_id, session_id) REFERENCES group_session ON DELETE CASCADE,
    DROP CONSTRAINT time_claim_owner_check,
    ADD CONSTRAINT time_claim_owner_check CHECK (num_nonnulls(booking_id, hold_id, session_id) = 1);
CREATE INDEX time_claim_session_idx ON time_claim (tenant_id, session_id) WHERE session_id IS NOT NULL;

-- It is asked with holds and sessions now.
DROP FUNCTION IF EXISTS app.busy_span(uuid, uuid, timestamptz, timestamptz, uuid);
