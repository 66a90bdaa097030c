-- policies/waitlists.sql: whose waiting an actor may see, begin and end. What is offered, functions say.

CALL app.raise_wall('waitlist_entry');
-- One's own; all for who manages bookings, or sees all of them.
CREATE POLICY waitlist_entry_read ON waitlist_entry FOR SELECT TO lectern_app USING (
    learner_id = (SELECT app.user_id()) OR (SELECT app.can('BOOKING_MANAGE')) OR (SELECT app.can('BOOKING_READ_ALL')));
CREATE POLICY waitlist_entry_join ON waitlist_entry FOR INSERT TO lectern_app WITH CHECK (
    learner_id = (SELECT app.user_id()) AND (SELECT app.can('BOOKING_REQUEST')) AND status = 'WAITING');
CREATE POLICY waitlist_entry_leave ON waitlist_entry FOR UPDATE TO lectern_app USING (
    (learner_id = (SELECT app.user_id()) AND (SELECT app.can('BOOKING_REQUEST'))) OR (SELECT app.can('BOOKING_MANAGE')))
    WITH CHECK (status = 'LEFT');
CREATE POLICY definer_all ON waitlist_entry TO lectern_definer USING (true);
GRANT SELECT (tenant_id, id, learner_id, booking_type_id, group_session_id, starts_at, ends_at, instructor_id, status, hold_id, booking_id, created_at),
    INSERT (tenant_id, id, learner_id, booking_type_id, group_session_id, starts_at, ends_at, instructor_id), UPDATE (status) ON waitlist_entry TO lectern_app;
GRANT SELECT, DELETE, UPDATE (status, hold_id, booking_id, starts_at, ends_at, updated_at) ON waitlist_entry TO lectern_definer;

-- The steps themselves belong to no tenant and are nobody's secret.
REVOKE ALL ON waitlist_transition FROM PUBLIC, lectern_app, lectern_definer, lectern_platform, lectern_desk;
GRANT SELECT ON waitlist_transition TO lectern_app, lectern_definer, lectern_platform, lectern_desk;
