-- What an enrollment keeps of the lessons of its course, and until when it gives access.

ALTER TABLE enrollment
    ADD COLUMN started_at        timestamptz,
    ADD COLUMN last_active_at    timestamptz,
    ADD COLUMN expires_at        timestamptz,
    -- By hand: it follows the course no longer.
    ADD COLUMN is_expiry_fixed   boolean NOT NULL DEFAULT false,
    -- So many days before its end the person was told of it, or it was set no longer before; none: not yet.
    ADD COLUMN reminded_days     integer CONSTRAINT enrollment_reminded_check CHECK (reminded_days IN (1, 7)),
    ADD COLUMN expiry_reason     text CONSTRAINT enrollment_expiry_reason_check CHECK (length(expiry_reason) <= 10000),
    -- Stored, because lists are ordered and reports read by them.
    ADD COLUMN lessons_completed integer NOT NULL DEFAULT 0 CONSTRAINT enrollment_lessons_check CHECK (lessons_completed BETWEEN 0 AND lessons_total),
    ADD COLUMN lessons_total     integer NOT NULL DEFAULT 0,
    -- What had been recorded before the course got its first lesson: progress never falls below it.
    ADD COLUMN recorded_progress double precision NOT NULL DEFAULT 0 CONSTRAINT enrollment_recorded_check CHECK (recorded_progress BETWEEN 0 AND 100);
-- Those whose time runs out.
CREATE INDEX enrollment_expires_idx ON enrollment (tenant_id, expires_at, id) WHERE expires_at IS NOT NULL;
