-- Who missed a lesson, or had it, may book it again: of the bookings of a lesson one is under way at a time.

-- Locks: bookings wait while the index is made; make it by hand before, CONCURRENTLY, where there are millions.
CREATE UNIQUE INDEX IF NOT EXISTS booking_lesson_live_key ON booking (tenant_id, student_id, lesson_id)
    WHERE lesson_id IS NOT NULL AND status IN ('REQUESTED', 'APPROVED', 'ASSIGNED');
DROP INDEX booking_lesson_key;
-- The version before knows it by this name.
ALTER INDEX booking_lesson_live_key RENAME TO booking_lesson_key;
