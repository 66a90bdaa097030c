-- Bookings that come again and again: each is a booking of its own, and the series says what they have in common.

CREATE TABLE booking_series (
    tenant_id       uuid NOT NULL,
    id              uuid NOT NULL,
    booking_type_id uuid NOT NULL,
    learner_id      uuid NOT NULL,
    recurrence      text NOT NULL CONSTRAINT booking_series_recurrence_check CHECK (length(recurrence) BETWEEN 1 AND 200),
    -- By the clock of this zone.
    time_zone       text NOT NULL,
    excluded_dates  date[] NOT NULL DEFAULT '{}' CONSTRAINT booking_series_excluded_check CHECK (cardinality(excluded_dates) <= 52),
    -- What could not be booked, or not be moved: startsAt, endsAt, reason of each.
    skipped         jsonb NOT NULL DEFAULT '[]' CONSTRAINT booking_series_skipped_check CHECK (jsonb_typeof(skipped) = 'array'),
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT booking_series_type_fkey FOREIGN KEY (tenant_id, booking_type_id) REFERENCES booking_type,
    CONSTRAINT booking_series_learner_fkey FOREIGN KEY (tenant_id, learner_id) REFERENCES app_user
);
CREATE INDEX booking_series_type_idx ON booking_series (tenant_id, booking_type_id);
CREATE INDEX booking_series_learner_idx ON booking_series (tenant_id, learner_id);

ALTER TABLE booking
    ADD COLUMN series_id uuid,
    -- When it would begin if it had not been moved by itself.
    ADD COLUMN series_starts_at timestamptz,
    ADD CONSTRAINT booking_series_fkey FOREIGN KEY (tenant_id, series_id) REFERENCES booking_series,
    ADD CONSTRAINT booking_series_place_check CHECK (num_nonnulls(series_id, series_starts_at) IN (0, 2));
CREATE INDEX booking_series_idx ON booking (tenant_id, series_id, starts_at, id) WHERE series_id IS NOT NULL;
