-- policies/bookings.sql: which availability and bookings an actor may see and change.

CALL app.raise_wall('availability');
-- The whole school sees when its instructors are free; it could not book otherwise.
CREATE POLICY availability_read ON availability FOR SELECT TO lectern_app USING (true);
CREATE POLICY availability_create ON availability FOR INSERT TO lectern_app WITH CHECK (
    (resource_id IS NULL AND ((instructor_id = (SELECT app.user_id()) AND (SELECT app.can('AVAILABILITY_MANAGE'))) OR (SELECT app.can('BOOKING_MANAGE'))))
    OR (resource_id IS NOT NULL AND (SELECT app.can('SCHEDULE_MANAGE'))));
CREATE POLICY availability_delete ON availability FOR DELETE TO lectern_app USING (
    (resource_id IS NULL AND ((instructor_id = (SELECT app.user_id()) AND (SELECT app.can('AVAILABILITY_MANAGE'))) OR (SELECT app.can('BOOKING_MANAGE'))))
    OR (resource_id IS NOT NULL AND (SELECT app.can('SCHEDULE_MANAGE'))));
CREATE POLICY definer_read ON availability FOR SELECT TO lectern_definer USING (true);
CREATE POLICY definer_remove ON availability FOR DELETE TO lectern_definer USING (true);
GRANT SELECT, INSERT (tenant_id, id, instructor_id, resource_id, starts_at, ends_at), DELETE ON availability TO lectern_app;
GRANT SELECT, DELETE ON availability TO lectern_definer;

CALL app.raise_wall('booking');
-- One's own, as learner, as wished or as assigned instructor; all for BOOKING_READ_ALL.
CREATE POLICY booking_read ON booking FOR SELECT TO lectern_app USING (
    student_id = (SELECT app.user_id()) OR instructor_id = (SELECT app.user_id()) OR requested_instructor_id = (SELECT app.user_id())
    OR (SELECT app.can('BOOKING_READ_ALL')));
CREATE POLICY booking_request ON booking FOR INSERT TO lectern_app WITH CHECK (
    student_id = (SELECT app.user_id()) AND (SELECT app.can('BOOKING_REQUEST')) AND status = 'REQUESTED' AND instructor_id IS NULL);
-- Which step each of them may take is booking_transition's business.
CREATE POLICY booking_change ON booking FOR UPDATE TO lectern_app USING (
    (SELECT app.can('BOOKING_MANAGE'))
    OR (student_id = (SELECT app.user_id()) AND (SELECT app.can('BOOKING_REQUEST')))
    OR (instructor_id = (SELECT app.user_id()) AND (SELECT app.can('BOOKING_COMPLETE'))));
CREATE POLICY definer_read ON booking FOR SELECT TO lectern_definer USING (true);
CREATE POLICY definer_change ON booking FOR UPDATE TO lectern_definer USING (true);
GRANT SELECT, INSERT (tenant_id, id, student_id, requested_instructor_id, course_id, lesson_id, starts_at, ends_at, notes),
    UPDATE (status, instructor_id, starts_at, ends_at, cancel_reason) ON booking TO lectern_app;
GRANT SELECT, UPDATE (status, instructor_id, course_id, lesson_id) ON booking TO lectern_definer;
-- For app.book_slot: what is booked of a type.
CREATE POLICY definer_book ON booking FOR INSERT TO lectern_definer WITH CHECK (true);
GRANT INSERT (tenant_id, id, student_id, requested_instructor_id, instructor_id, course_id, starts_at, ends_at, status, notes, booking_type_id, needs_no_instructor,
    holds_while_requested, buffer_before_minutes, buffer_after_minutes, override, group_session_id, series_id, series_starts_at) ON booking TO lectern_definer;
-- For seats and series, which are moved as one.
GRANT UPDATE (cancel_reason, group_session_id, series_id, series_starts_at) ON booking TO lectern_definer;

CALL app.raise_wall('booking_resource');
-- Seen with its booking, and written by app.set_booking_resources alone.
CREATE POLICY booking_resource_read ON booking_resource FOR SELECT TO lectern_app USING (
    EXISTS (SELECT FROM booking b WHERE b.tenant_id = booking_resource.tenant_id AND b.id = booking_resource.booking_id));
CREATE POLICY definer_all ON booking_resource TO lectern_definer USING (true);
GRANT SELECT ON booking_resource TO lectern_app;
GRANT SELECT, INSERT, DELETE, UPDATE (place) ON booking_resource TO lectern_definer;

-- Nobody reads or writes what holds time but the functions that claim it, and that say when somebody is busy.
CALL app.raise_wall('time_claim');
CREATE POLICY definer_all ON time_claim TO lectern_definer USING (true);
GRANT SELECT, INSERT, DELETE ON time_claim TO lectern_definer;

-- The steps themselves belong to no tenant and are nobody's secret.
REVOKE ALL ON booking_transition FROM PUBLIC, lectern_app, lectern_definer, lectern_platform, lectern_desk;
GRANT SELECT ON booking_transition TO lectern_app, lectern_definer, lectern_platform, lectern_desk;

-- What learners are held to, what became of a booking, and how long a request has waited.
GRANT UPDATE (reschedule_reason, outcome, minutes_late) ON booking TO lectern_app;
GRANT UPDATE (escalated_at, starts_at, ends_at, requested_instructor_id, buffer_before_minutes, buffer_after_minutes, reschedule_reason) ON booking TO lectern_definer;

CALL app.raise_wall('booking_reminder');
-- By functions alone.
CREATE POLICY definer_all ON booking_reminder TO lectern_definer USING (true);
GRANT SELECT, INSERT, DELETE ON booking_reminder TO lectern_definer;
