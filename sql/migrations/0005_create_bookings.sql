-- When instructors are free, and who has booked whom.

CREATE TABLE availability (
    tenant_id     uuid NOT NULL,
    id            uuid NOT NULL,
    instructor_id uuid NOT NULL,
    starts_at     timestamptz NOT NULL,
    ends_at       timestamptz NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT availability_instructor_fkey FOREIGN KEY (tenant_id, instructor_id) REFERENCES app_user,
    CONSTRAINT availability_span_check CHECK (ends_at >= starts_at + interval '5 minutes' AND ends_at <= starts_at + interval '31 days')
);
CREATE INDEX availability_starts_idx ON availability (tenant_id, starts_at, id);
CREATE INDEX availability_instructor_idx ON availability (tenant_id, instructor_id, starts_at, id);

-- Which steps a booking may take, and who may take each: data, enforced by a trigger and shown as allowedTransitions.
CREATE TABLE booking_transition (
    from_status text NOT NULL,
    to_status   text NOT NULL,
    permission  text NOT NULL,
    -- ANYONE who holds the permission, or only the booking's STUDENT or its assigned INSTRUCTOR.
    party       text NOT NULL CONSTRAINT booking_transition_party_check CHECK (party IN ('ANYONE', 'STUDENT', 'INSTRUCTOR')),
    PRIMARY KEY (from_status, to_status, permission)
);
INSERT INTO booking_transition (from_status, to_status, permission, party) VALUES
    ('REQUESTED', 'APPROVED',  'BOOKING_MANAGE',   'ANYONE'),
    ('REQUESTED', 'CANCELLED', 'BOOKING_MANAGE',   'ANYONE'),
    ('REQUESTED', 'CANCELLED', 'BOOKING_REQUEST',  'STUDENT'),
    ('APPROVED',  'ASSIGNED',  'BOOKING_MANAGE',   'ANYONE'),
    ('APPROVED',  'CANCELLED', 'BOOKING_MANAGE',   'ANYONE'),
    ('APPROVED',  'CANCELLED', 'BOOKING_REQUEST',  'STUDENT'),
    ('ASSIGNED',  'APPROVED',  'BOOKING_MANAGE',   'ANYONE'),
    ('ASSIGNED',  'APPROVED',  'BOOKING_REQUEST',  'STUDENT'),
    ('ASSIGNED',  'COMPLETED', 'BOOKING_MANAGE',   'ANYONE'),
    ('ASSIGNED',  'COMPLETED', 'BOOKING_COMPLETE', 'INSTRUCTOR'),
    ('ASSIGNED',  'CANCELLED', 'BOOKING_MANAGE',   'ANYONE'),
    ('ASSIGNED',  'CANCELLED', 'BOOKING_REQUEST',  'STUDENT');

CREATE TABLE booking (
    tenant_id               uuid NOT NULL,
    id                      uuid NOT NULL,
    student_id              uuid NOT NULL,
    requested_instructor_id uuid,
    instructor_id           uuid,
    course_id               uuid,
    starts_at               timestamptz NOT NULL,
    ends_at                 timestamptz NOT NULL,
    status                  text NOT NULL DEFAULT 'REQUESTED' CONSTRAINT booking_status_check
                                CHECK (status IN ('REQUESTED', 'APPROVED', 'ASSIGNED', 'COMPLETED', 'CANCELLED')),
    notes                   text CONSTRAINT booking_notes_check CHECK (length(notes) <= 10000),
    cancel_reason           text CONSTRAINT booking_cancel_reason_check CHECK (cancel_reason IS NULL OR (status = 'CANCELLED' AND length(cancel_reason) <= 10000)),
    escalated_at            timestamptz,
    created_at              timestamptz NOT NULL DEFAULT now(),
    updated_at              timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT booking_student_fkey FOREIGN KEY (tenant_id, student_id) REFERENCES app_user,
    CONSTRAINT booking_requested_instructor_fkey FOREIGN KEY (tenant_id, requested_instructor_id) REFERENCES app_user,
    CONSTRAINT booking_instructor_fkey FOREIGN KEY (tenant_id, instructor_id) REFERENCES app_user,
    CONSTRAINT booking_course_fkey FOREIGN KEY (tenant_id, course_id) REFERENCES course,
    CONSTRAINT booking_span_check CHECK (ends_at >= starts_at + interval '5 minutes' AND ends_at <= starts_at + interval '24 hours'),
    -- Whoever was assigned stays named on a booking that was cancelled later.
    CONSTRAINT booking_assigned_check CHECK (CASE WHEN status IN ('ASSIGNED', 'COMPLETED') THEN instructor_id IS NOT NULL
                                                  WHEN status IN ('REQUESTED', 'APPROVED') THEN instructor_id IS NULL ELSE true END),
    -- Two people can't be in two places: half-open spans, so that back to back fits.
    CONSTRAINT booking_instructor_overlap EXCLUDE USING gist (tenant_id WITH =, instructor_id WITH =, tstzrange(starts_at, ends_at) WITH &&)
        WHERE (status IN ('ASSIGNED', 'COMPLETED')),
    CONSTRAINT booking_student_overlap EXCLUDE USING gist (tenant_id WITH =, student_id WITH =, tstzrange(starts_at, ends_at) WITH &&)
        WHERE (status IN ('APPROVED', 'ASSIGNED', 'COMPLETED'))
);
CREATE INDEX booking_starts_idx ON booking (tenant_id, starts_at, id);
CREATE INDEX booking_created_idx ON booking (tenant_id, created_at, id);
CREATE INDEX booking_student_idx ON booking (tenant_id, student_id, starts_at, id);
CREATE INDEX booking_instructor_idx ON booking (tenant_id, instructor_id, starts_at, id);
CREATE INDEX booking_requested_instructor_idx ON booking (tenant_id, requested_instructor_id, starts_at, id);
-- Counts and reports read this index alone: it holds what they count, and by which row security decides.
CREATE INDEX booking_status_idx ON booking (tenant_id, status, starts_at) INCLUDE (student_id, instructor_id, requested_instructor_id, ends_at);
CREATE INDEX booking_course_idx ON booking (tenant_id, course_id);
