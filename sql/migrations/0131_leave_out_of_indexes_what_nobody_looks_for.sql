-- Most bookings are of no lesson, and a request has no instructor yet: nobody looks for these by that, and each request wrote them all the same.

-- Locks: bookings wait while the two indexes are made; make them by hand before, CONCURRENTLY, where there are millions.
CREATE INDEX IF NOT EXISTS booking_assigned_idx ON booking (tenant_id, instructor_id, starts_at, id) WHERE instructor_id IS NOT NULL;
DROP INDEX booking_instructor_idx;
-- Locks: as above.
CREATE INDEX IF NOT EXISTS booking_of_lesson_idx ON booking (tenant_id, lesson_id) WHERE lesson_id IS NOT NULL;
DROP INDEX booking_lesson_idx;
