-- Taken seats, by course: what enrollmentCount and the check of a course's capacity count. The wider index that reports read
-- would serve as well, but the planner, who can't know that a course belongs to one tenant, expects a row where there are
-- hundreds, takes whichever index comes first, and reads each of those rows.
CREATE INDEX enrollment_seat_idx ON enrollment (tenant_id, course_id) WHERE status IN ('NOT_STARTED', 'IN_PROGRESS', 'COMPLETED');

-- Every request looks up its own sign-in by person and id. By the person alone it read all of that person's sign-ins.
DROP INDEX session_user_idx;
CREATE INDEX session_user_idx ON session (tenant_id, user_id, id) WHERE revoked_at IS NULL;
