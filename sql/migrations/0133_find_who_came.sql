-- Who was let in, for the filter of attendees: by school and program.

-- Locks: tickets wait while the index is made; make it by hand before, CONCURRENTLY, where there are millions.
CREATE INDEX IF NOT EXISTS ticket_admitted_idx ON ticket (tenant_id, program_id, attendee_id) WHERE checked_in_at IS NOT NULL;
