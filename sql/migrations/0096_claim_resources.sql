-- Resources are held as people are: by claims, of which the database refuses the second.

-- What a booking takes of the school's resources, with the minutes before and after as they were when it was booked.
CREATE TABLE booking_resource (
    tenant_id        uuid NOT NULL,
    booking_id       uuid NOT NULL,
    resource_id      uuid NOT NULL,
    place            integer NOT NULL CONSTRAINT booking_resource_place_check CHECK (place BETWEEN 1 AND 5),
    setup_minutes    integer NOT NULL CONSTRAINT booking_resource_setup_check CHECK (setup_minutes BETWEEN 0 AND 480),
    teardown_minutes integer NOT NULL CONSTRAINT booking_resource_teardown_check CHECK (teardown_minutes BETWEEN 0 AND 480),
    PRIMARY KEY (tenant_id, booking_id, resource_id),
    CONSTRAINT booking_resource_booking_fkey FOREIGN KEY (tenant_id, booking_id) REFERENCES booking ON DELETE CASCADE,
    CONSTRAINT booking_resource_resource_fkey FOREIGN KEY (tenant_id, resource_id) REFERENCES resource
);
CREATE INDEX booking_resource_resource_idx ON booking_resource (tenant_id, resource_id, booking_id);

ALTER TABLE time_claim
    DROP CONSTRAINT time_claim_kind_check,
    ADD CONSTRAINT time_claim_kind_check CHECK (kind IN ('LEARNER', 'INSTRUCTOR', 'RESOURCE')),
    -- The longest booking with the most minutes before and after: for the lower bounds of index scans.
    ADD CONSTRAINT time_claim_length_check CHECK (ends_at <= starts_at + interval '40 hours'),
    ADD CONSTRAINT claim_resource_overlap EXCLUDE USING gist (tenant_id WITH =, party_id WITH =, tstzrange(starts_at, ends_at) WITH &&)
        WHERE (kind = 'RESOURCE');
