-- Slots that somebody holds for some minutes, until they are booked. What is held is claimed as a booking would claim it.
CREATE TABLE slot_hold (
    tenant_id             uuid NOT NULL,
    id                    uuid NOT NULL,
    booking_type_id       uuid NOT NULL,
    -- Who holds it, for which learner.
    owner_id              uuid NOT NULL,
    learner_id            uuid NOT NULL,
    starts_at             timestamptz NOT NULL,
    ends_at               timestamptz NOT NULL,
    instructor_id         uuid,
    buffer_before_minutes integer NOT NULL CONSTRAINT slot_hold_before_check CHECK (buffer_before_minutes BETWEEN 0 AND 480),
    buffer_after_minutes  integer NOT NULL CONSTRAINT slot_hold_after_check CHECK (buffer_after_minutes BETWEEN 0 AND 480),
    -- As of a booking: who was chosen by a strategy, and why.
    assignment            jsonb,
    expires_at            timestamptz NOT NULL,
    -- Offered by a waitlist: it counts for no limit of holds, and is not among a person's own.
    is_offer              boolean NOT NULL DEFAULT false,
    -- What it became. The row stays for a day, so that a late or repeated holdId gets its answer.
    booking_id            uuid,
    created_at            timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT slot_hold_type_fkey FOREIGN KEY (tenant_id, booking_type_id) REFERENCES booking_type,
    CONSTRAINT slot_hold_owner_fkey FOREIGN KEY (tenant_id, owner_id) REFERENCES app_user,
    CONSTRAINT slot_hold_learner_fkey FOREIGN KEY (tenant_id, learner_id) REFERENCES app_user,
    CONSTRAINT slot_hold_instructor_fkey FOREIGN KEY (tenant_id, instructor_id) REFERENCES app_user,
    CONSTRAINT slot_hold_booking_fkey FOREIGN KEY (tenant_id, booking_id) REFERENCES booking ON DELETE CASCADE,
    CONSTRAINT slot_hold_span_check CHECK (ends_at >= starts_at + interval '5 minutes' AND ends_at <= starts_at + interval '24 hours'),
    CONSTRAINT slot_hold_expiry_check CHECK (expires_at <= created_at + interval '8 days')
);
CREATE INDEX slot_hold_owner_idx ON slot_hold (tenant_id, owner_id, expires_at, id);
CREATE INDEX slot_hold_type_idx ON slot_hold (tenant_id, booking_type_id);
CREATE INDEX slot_hold_learner_idx ON slot_hold (tenant_id, learner_id);
CREATE INDEX slot_hold_instructor_idx ON slot_hold (tenant_id, instructor_id);
CREATE INDEX slot_hold_booking_idx ON slot_hold (tenant_id, booking_id);
-- For the job that deletes what is a day old.
CREATE INDEX slot_hold_expires_idx ON slot_hold (tenant_id, expires_at);

CREATE TABLE slot_hold_resource (
    tenant_id        uuid NOT NULL,
    hold_id          uuid NOT NULL,
    resource_id      uuid NOT NULL,
    place            integer NOT NULL CONSTRAINT slot_hold_resource_place_check CHECK (place BETWEEN 1 AND 5),
    setup_minutes    integer NOT NULL CONSTRAINT slot_hold_resource_setup_check CHECK (setup_minutes BETWEEN 0 AND 480),
    teardown_minutes integer NOT NULL CONSTRAINT slot_hold_resource_teardown_check CHECK (teardown_minutes BETWEEN 0 AND 480),
    PRIMARY KEY (tenant_id, hold_id, resource_id),
    CONSTRAINT slot_hold_resource_hold_fkey FOREIGN KEY (tenant_id, hold_id) REFERENCES slot_hold ON DELETE CASCADE,
    CONSTRAINT slot_hold_resource_resource_fkey FOREIGN KEY (tenant_id, resource_id) REFERENCES resource
);
CREATE INDEX slot_hold_resource_resource_idx ON slot_hold_resource (tenant_id, resource_id, hold_id);

-- A claim is a booking's or a hold's; when a hold is redeemed its claims change hands, so that nobody slips in between.
ALTER TABLE time_claim
    ALTER COLUMN booking_id DROP NOT NULL,
    ADD COLUMN hold_id uuid,
    ADD CONSTRAINT time_claim_hold_fkey FOREIGN KEY (tenant_id, hold_id) REFERENCES slot_hold ON DELETE CASCADE,
    ADD CONSTRAINT time_claim_owner_check CHECK (num_nonnulls(booking_id, hold_id) = 1);
-- What bookings claim is in neither of these.
CREATE INDEX time_claim_hold_idx ON time_claim (tenant_id, hold_id) WHERE hold_id IS NOT NULL;
CREATE INDEX time_claim_held_idx ON time_claim (tenant_id, party_id, starts_at) WHERE hold_id IS NOT NULL;
