-- policies/hours.sql: which weekly rules and times off an actor may see and change.

CALL app.raise_wall('availability_rule');
-- The whole school sees when its instructors and resources are open; it could not book otherwise.
CREATE POLICY availability_rule_read ON availability_rule FOR SELECT TO lectern_app USING (true);
CREATE POLICY availability_rule_create ON availability_rule FOR INSERT TO lectern_app WITH CHECK (
    (resource_id IS NULL AND ((instructor_id = (SELECT app.user_id()) AND (SELECT app.can('AVAILABILITY_MANAGE'))) OR (SELECT app.can('BOOKING_MANAGE'))))
    OR (resource_id IS NOT NULL AND (SELECT app.can('SCHEDULE_MANAGE'))));
CREATE POLICY availability_rule_change ON availability_rule FOR UPDATE TO lectern_app USING (
    (resource_id IS NULL AND ((instructor_id = (SELECT app.user_id()) AND (SELECT app.can('AVAILABILITY_MANAGE'))) OR (SELECT app.can('BOOKING_MANAGE'))))
    OR (resource_id IS NOT NULL AND (SELECT app.can('SCHEDULE_MANAGE'))));
CREATE POLICY availability_rule_delete ON availability_rule FOR DELETE TO lectern_app USING (
    (resource_id IS NULL AND ((instructor_id = (SELECT app.user_id()) AND (SELECT app.can('AVAILABILITY_MANAGE'))) OR (SELECT app.can('BOOKING_MANAGE'))))
    OR (resource_id IS NOT NULL AND (SELECT app.can('SCHEDULE_MANAGE'))));
CREATE POLICY definer_read ON availability_rule FOR SELECT TO lectern_definer USING (true);
CREATE POLICY definer_remove ON availability_rule FOR DELETE TO lectern_definer USING (true);
GRANT SELECT, INSERT (tenant_id, id, instructor_id, resource_id, weekdays, from_time, until_time, time_zone, valid_from, valid_until), DELETE,
    UPDATE (weekdays, from_time, until_time, time_zone, valid_from, valid_until) ON availability_rule TO lectern_app;
GRANT SELECT, DELETE ON availability_rule TO lectern_definer;

CALL app.raise_wall('time_off');
-- One's own, a resource's, all for who manages or reads bookings. Why somebody is away is shown to fewer: the service leaves it out.
CREATE POLICY time_off_read ON time_off FOR SELECT TO lectern_app USING (
    resource_id IS NOT NULL OR instructor_id = (SELECT app.user_id()) OR (SELECT app.can('BOOKING_MANAGE')) OR (SELECT app.can('BOOKING_READ_ALL')));
CREATE POLICY time_off_create ON time_off FOR INSERT TO lectern_app WITH CHECK (
    (resource_id IS NULL AND ((instructor_id = (SELECT app.user_id()) AND (SELECT app.can('AVAILABILITY_MANAGE'))) OR (SELECT app.can('BOOKING_MANAGE'))))
    OR (resource_id IS NOT NULL AND (SELECT app.can('SCHEDULE_MANAGE'))));
CREATE POLICY time_off_delete ON time_off FOR DELETE TO lectern_app USING (
    (resource_id IS NULL AND ((instructor_id = (SELECT app.user_id()) AND (SELECT app.can('AVAILABILITY_MANAGE'))) OR (SELECT app.can('BOOKING_MANAGE'))))
    OR (resource_id IS NOT NULL AND (SELECT app.can('SCHEDULE_MANAGE'))));
CREATE POLICY definer_read ON time_off FOR SELECT TO lectern_definer USING (true);
CREATE POLICY definer_remove ON time_off FOR DELETE TO lectern_definer USING (true);
GRANT SELECT, INSERT (tenant_id, id, instructor_id, resource_id, starts_at, ends_at, reason), DELETE ON time_off TO lectern_app;
GRANT SELECT, DELETE ON time_off TO lectern_definer;
