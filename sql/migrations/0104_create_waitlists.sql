-- Who waits for a seat of a full session, or for time in a window of a type; what comes free is offered to them, as a hold in their name.

CREATE TABLE waitlist_transition (
    from_status text NOT NULL,
    to_status   text NOT NULL,
    PRIMARY KEY (from_status, to_status)
);
INSERT INTO waitlist_transition (from_status, to_status) VALUES
    ('WAITING', 'OFFERED'),
    ('WAITING', 'LEFT'),
    ('WAITING', 'EXPIRED'),
    ('OFFERED', 'BOOKED'),
    ('OFFERED', 'LEFT'),
    ('OFFERED', 'EXPIRED');

CREATE TABLE waitlist_entry (
    tenant_id        uuid NOT NULL,
    id               uuid NOT NULL,
    learner_id       uuid NOT NULL,
    booking_type_id  uuid NOT NULL,
    -- The full session; none: any time within the window.
    group_session_id uuid,
    -- The window; of a session: its span.
    starts_at        timestamptz NOT NULL,
    ends_at          timestamptz NOT NULL,
    -- By whom alone; none: by whoever is free.
    instructor_id    uuid,
    status           text NOT NULL DEFAULT 'WAITING' CONSTRAINT waitlist_entry_status_check CHECK (status IN ('WAITING', 'OFFERED', 'BOOKED', 'LEFT', 'EXPIRED')),
    -- What is offered, or was.
    hold_id          uuid,
    booking_id       uuid,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT waitlist_entry_learner_fkey FOREIGN KEY (tenant_id, learner_id) REFERENCES app_user,
    CONSTRAINT waitlist_entry_type_fkey FOREIGN KEY (tenant_id, booking_type_id) REFERENCES booking_type,
    CONSTRAINT waitlist_entry_session_fkey FOREIGN KEY (tenant_id, group_session_id) REFERENCES group_session,
    CONSTRAINT waitlist_entry_instructor_fkey FOREIGN KEY (tenant_id, instructor_id) REFERENCES app_user,
    CONSTRAINT waitlist_entry_booking_fkey FOREIGN KEY (tenant_id, booking_id) REFERENCES booking,
    CONSTRAINT waitlist_entry_span_check CHECK (ends_at > starts_at AND ends_at <= starts_at + interval '32 days'),
    CONSTRAINT waitlist_entry_offer_check CHECK (CASE status WHEN 'OFFERED' THEN hold_id IS NOT NULL WHEN 'BOOKED' THEN booking_id IS NOT NULL ELSE true END),
    -- Once a learner and session, or overlapping window of a type.
    CONSTRAINT waitlist_entry_session_once EXCLUDE USING gist (tenant_id WITH =, learner_id WITH =, group_session_id WITH =)
        WHERE (status IN ('WAITING', 'OFFERED') AND group_session_id IS NOT NULL),
    CONSTRAINT waitlist_entry_window_once EXCLUDE USING gist (tenant_id WITH =, learner_id WITH =, booking_type_id WITH =, tstzrange(starts_at, ends_at) WITH &&)
        WHERE (status IN ('WAITING', 'OFFERED') AND group_session_id IS NULL)
);
CREATE INDEX waitlist_entry_created_idx ON waitlist_entry (tenant_id, created_at, id);
CREATE INDEX waitlist_entry_learner_idx ON waitlist_entry (tenant_id, learner_id, created_at, id);
CREATE INDEX waitlist_entry_type_idx ON waitlist_entry (tenant_id, booking_type_id, created_at, id);
CREATE INDEX waitlist_entry_session_idx ON waitlist_entry (tenant_id, group_session_id, created_at, id);
CREATE INDEX waitlist_entry_instructor_idx ON waitlist_entry (tenant_id, instructor_id);
CREATE INDEX waitlist_entry_booking_idx ON waitlist_entry (tenant_id, booking_id);
CREATE INDEX waitlist_entry_hold_idx ON waitlist_entry (tenant_id, hold_id) WHERE hold_id IS NOT NULL;
-- Who is next, and what has ended: few of many.
CREATE INDEX waitlist_entry_waiting_idx ON waitlist_entry (tenant_id, created_at, id) INCLUDE (ends_at) WHERE status = 'WAITING';
CREATE INDEX waitlist_entry_offered_idx ON waitlist_entry (tenant_id, hold_id) WHERE status = 'OFFERED';

-- An offer is a hold: of its learner, for their place in the list. It counts for no limit of holds.
ALTER TABLE slot_hold
    ADD COLUMN waitlist_entry_id uuid,
    ADD CONSTRAINT slot_hold_waitlist_fkey FOREIGN KEY (tenant_id, waitlist_entry_id) REFERENCES waitlist_entry ON DELETE CASCADE;
CREATE INDEX slot_hold_waitlist_idx ON slot_hold (tenant_id, waitlist_entry_id) WHERE waitlist_entry_id IS NOT NULL;
