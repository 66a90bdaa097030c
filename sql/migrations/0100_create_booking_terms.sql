-- What a school has decided about bookings, how long a request may wait for its answer, and who was reminded of what comes.

ALTER TABLE tenant_settings
    ADD COLUMN booking_escalation_hours      integer NOT NULL DEFAULT 24 CONSTRAINT tenant_settings_escalation_check CHECK (booking_escalation_hours BETWEEN 1 AND 720),
    ADD COLUMN waitlist_offer_minutes        integer NOT NULL DEFAULT 120 CONSTRAINT tenant_settings_offer_check CHECK (waitlist_offer_minutes BETWEEN 5 AND 10080),
    ADD COLUMN booking_cancel_notice_minutes integer NOT NULL DEFAULT 0 CONSTRAINT tenant_settings_cancel_notice_check
                   CHECK (booking_cancel_notice_minutes BETWEEN 0 AND 525600);

ALTER TABLE booking
    -- Why it was moved the last time.
    ADD COLUMN reschedule_reason text CONSTRAINT booking_reschedule_reason_check CHECK (length(reschedule_reason) <= 10000);

-- Requests that wait: those that are over are not even read.
CREATE INDEX booking_waits_idx ON booking (tenant_id, ends_at, created_at) WHERE status = 'REQUESTED' AND escalated_at IS NULL;
-- Those of which the school was told.
CREATE INDEX booking_escalated_idx ON booking (tenant_id, starts_at, id) WHERE escalated_at IS NOT NULL;
-- Those that wait all the same: they are counted, by who may see them.
CREATE INDEX booking_overdue_idx ON booking (tenant_id, student_id, instructor_id, requested_instructor_id) WHERE status = 'REQUESTED' AND escalated_at IS NOT NULL;
-- Those of which it is known what became of them.
CREATE INDEX booking_outcome_idx ON booking (tenant_id, outcome, starts_at, id) WHERE outcome IS NOT NULL;

-- Who was reminded of which start, so many minutes before: once for each. What was moved has another start.
CREATE TABLE booking_reminder (
    tenant_id  uuid NOT NULL,
    booking_id uuid NOT NULL,
    user_id    uuid NOT NULL,
    starts_at  timestamptz NOT NULL,
    minutes    integer NOT NULL,
    CONSTRAINT booking_reminder_pkey PRIMARY KEY (tenant_id, booking_id, user_id, starts_at, minutes),
    CONSTRAINT booking_reminder_booking_fkey FOREIGN KEY (tenant_id, booking_id) REFERENCES booking ON DELETE CASCADE,
    CONSTRAINT booking_reminder_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app_user
);
CREATE INDEX booking_reminder_user_idx ON booking_reminder (tenant_id, user_id);
-- What has begun is reminded of no more.
CREATE INDEX booking_reminder_starts_idx ON booking_reminder (tenant_id, starts_at);
