-- policies/slots.sql: which booking types, holds and limits an actor may see and change.

CALL app.raise_wall('booking_type', searched => true);
-- The whole school sees what it can book. A deleted type is gone for all, except inside the very transaction that deletes it.
CREATE POLICY booking_type_read ON booking_type FOR SELECT TO lectern_app USING (deleted_at IS NULL OR deleted_at = now());
CREATE POLICY booking_type_create ON booking_type FOR INSERT TO lectern_app WITH CHECK ((SELECT app.can('SCHEDULE_MANAGE')));
CREATE POLICY booking_type_change ON booking_type FOR UPDATE TO lectern_app USING (deleted_at IS NULL AND (SELECT app.can('SCHEDULE_MANAGE')))
    WITH CHECK ((SELECT app.can('SCHEDULE_MANAGE')));
CREATE POLICY definer_read ON booking_type FOR SELECT TO lectern_definer USING (true);
CREATE POLICY definer_hold ON booking_type FOR UPDATE TO lectern_definer USING (true);
GRANT SELECT (tenant_id, id, name, description, is_active, course_id, location, durations, slot_step_minutes, buffer_before_minutes, buffer_after_minutes, min_notice_minutes,
        max_horizon_days, seats, needs_instructor, strategy, learner_chooses_instructor, needs_approval, holds_while_requested, per_learner, per_learner_per_day,
        per_learner_per_week, open_per_learner, per_instructor_per_day, per_instructor_per_week, cancel_notice_minutes, allows_late_cancel, reschedule_notice_minutes,
        max_reschedules, requires_reason, reminder_minutes, deleted_at, created_at, updated_at),
    INSERT (tenant_id, id, name, description, is_active, course_id, location, durations, slot_step_minutes, buffer_before_minutes, buffer_after_minutes, min_notice_minutes,
        max_horizon_days, seats, needs_instructor, strategy, learner_chooses_instructor, needs_approval, holds_while_requested, per_learner, per_learner_per_day,
        per_learner_per_week, open_per_learner, per_instructor_per_day, per_instructor_per_week, cancel_notice_minutes, allows_late_cancel, reschedule_notice_minutes,
        max_reschedules, requires_reason, reminder_minutes),
    UPDATE (name, description, is_active, course_id, location, durations, slot_step_minutes, buffer_before_minutes, buffer_after_minutes, min_notice_minutes,
        max_horizon_days, seats, needs_instructor, strategy, learner_chooses_instructor, needs_approval, holds_while_requested, per_learner, per_learner_per_day,
        per_learner_per_week, open_per_learner, per_instructor_per_day, per_instructor_per_week, cancel_notice_minutes, allows_late_cancel, reschedule_notice_minutes,
        max_reschedules, requires_reason, reminder_minutes, deleted_at, updated_at) ON booking_type TO lectern_app;
-- UPDATE, because FOR SHARE asks for it.
GRANT SELECT, UPDATE (updated_at) ON booking_type TO lectern_definer;

CALL app.raise_wall('booking_type_instructor');
CREATE POLICY booking_type_instructor_read ON booking_type_instructor FOR SELECT TO lectern_app USING (true);
CREATE POLICY booking_type_instructor_add ON booking_type_instructor FOR INSERT TO lectern_app WITH CHECK ((SELECT app.can('SCHEDULE_MANAGE')));
CREATE POLICY booking_type_instructor_change ON booking_type_instructor FOR UPDATE TO lectern_app USING ((SELECT app.can('SCHEDULE_MANAGE')));
CREATE POLICY booking_type_instructor_remove ON booking_type_instructor FOR DELETE TO lectern_app USING ((SELECT app.can('SCHEDULE_MANAGE')));
CREATE POLICY definer_all ON booking_type_instructor TO lectern_definer USING (true);
GRANT SELECT, INSERT (tenant_id, type_id, instructor_id, place, weight), DELETE, UPDATE (place, weight) ON booking_type_instructor TO lectern_app;
GRANT SELECT, DELETE, UPDATE (assigned_count, last_assigned_at) ON booking_type_instructor TO lectern_definer;

CALL app.raise_wall('booking_type_requirement');
CREATE POLICY booking_type_requirement_read ON booking_type_requirement FOR SELECT TO lectern_app USING (true);
CREATE POLICY booking_type_requirement_add ON booking_type_requirement FOR INSERT TO lectern_app WITH CHECK ((SELECT app.can('SCHEDULE_MANAGE')));
CREATE POLICY booking_type_requirement_remove ON booking_type_requirement FOR DELETE TO lectern_app USING ((SELECT app.can('SCHEDULE_MANAGE')));
CREATE POLICY definer_read ON booking_type_requirement FOR SELECT TO lectern_definer USING (true);
GRANT SELECT, INSERT, DELETE ON booking_type_requirement TO lectern_app;
GRANT SELECT ON booking_type_requirement TO lectern_definer;

CALL app.raise_wall('booking_type_resource');
CREATE POLICY booking_type_resource_read ON booking_type_resource FOR SELECT TO lectern_app USING (true);
CREATE POLICY booking_type_resource_add ON booking_type_resource FOR INSERT TO lectern_app WITH CHECK ((SELECT app.can('SCHEDULE_MANAGE')));
CREATE POLICY booking_type_resource_remove ON booking_type_resource FOR DELETE TO lectern_app USING ((SELECT app.can('SCHEDULE_MANAGE')));
CREATE POLICY definer_read ON booking_type_resource FOR SELECT TO lectern_definer USING (true);
GRANT SELECT, INSERT, DELETE ON booking_type_resource TO lectern_app;
GRANT SELECT ON booking_type_resource TO lectern_definer;

CALL app.raise_wall('booking_type_rule');
CREATE POLICY booking_type_rule_read ON booking_type_rule FOR SELECT TO lectern_app USING (true);
CREATE POLICY booking_type_rule_add ON booking_type_rule FOR INSERT TO lectern_app WITH CHECK ((SELECT app.can('SCHEDULE_MANAGE')));
CREATE POLICY booking_type_rule_remove ON booking_type_rule FOR DELETE TO lectern_app USING ((SELECT app.can('SCHEDULE_MANAGE')));
CREATE POLICY definer_read ON booking_type_rule FOR SELECT TO lectern_definer USING (true);
GRANT SELECT, INSERT, DELETE ON booking_type_rule TO lectern_app;
GRANT SELECT ON booking_type_rule TO lectern_definer;

CALL app.raise_wall('instructor_limit');
-- One's own; all for who manages bookings.
CREATE POLICY instructor_limit_read ON instructor_limit FOR SELECT TO lectern_app USING (user_id = (SELECT app.user_id()) OR (SELECT app.can('BOOKING_MANAGE')));
CREATE POLICY instructor_limit_add ON instructor_limit FOR INSERT TO lectern_app WITH CHECK ((SELECT app.can('BOOKING_MANAGE')));
CREATE POLICY instructor_limit_change ON instructor_limit FOR UPDATE TO lectern_app USING ((SELECT app.can('BOOKING_MANAGE')));
CREATE POLICY instructor_limit_remove ON instructor_limit FOR DELETE TO lectern_app USING ((SELECT app.can('BOOKING_MANAGE')));
CREATE POLICY definer_read ON instructor_limit FOR SELECT TO lectern_definer USING (true);
CREATE POLICY definer_remove ON instructor_limit FOR DELETE TO lectern_definer USING (true);
GRANT SELECT, INSERT, DELETE, UPDATE (max_minutes_per_day, max_minutes_per_week) ON instructor_limit TO lectern_app;
GRANT SELECT, DELETE ON instructor_limit TO lectern_definer;

CALL app.raise_wall('slot_hold');
-- One's own, all for who manages bookings; written by functions alone.
CREATE POLICY slot_hold_read ON slot_hold FOR SELECT TO lectern_app USING (owner_id = (SELECT app.user_id()) OR (SELECT app.can('BOOKING_MANAGE')));
CREATE POLICY definer_all ON slot_hold TO lectern_definer USING (true);
GRANT SELECT (tenant_id, id, booking_type_id, owner_id, learner_id, starts_at, ends_at, instructor_id, is_offer, expires_at, booking_id, created_at, group_session_id) ON slot_hold TO lectern_app;
GRANT SELECT, INSERT, DELETE, UPDATE (expires_at, booking_id, group_session_id, instructor_id, assignment) ON slot_hold TO lectern_definer;

CALL app.raise_wall('slot_hold_resource');
-- Seen with its hold.
CREATE POLICY slot_hold_resource_read ON slot_hold_resource FOR SELECT TO lectern_app USING (
    EXISTS (SELECT FROM slot_hold h WHERE h.tenant_id = slot_hold_resource.tenant_id AND h.id = slot_hold_resource.hold_id));
CREATE POLICY definer_all ON slot_hold_resource TO lectern_definer USING (true);
GRANT SELECT ON slot_hold_resource TO lectern_app;
GRANT SELECT, INSERT, DELETE ON slot_hold_resource TO lectern_definer;

CALL app.raise_wall('booking_assignment');
-- Who was chosen, and why, is for those who see all bookings; written by functions alone.
CREATE POLICY booking_assignment_read ON booking_assignment FOR SELECT TO lectern_app USING ((SELECT app.can('BOOKING_READ_ALL')));
CREATE POLICY definer_all ON booking_assignment TO lectern_definer USING (true);
GRANT SELECT ON booking_assignment TO lectern_app;
GRANT SELECT, INSERT, DELETE ON booking_assignment TO lectern_definer;
