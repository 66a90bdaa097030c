-- policies/group_sessions.sql: which group sessions an actor may see; their seats are bookings, and seen as such. Functions alone write them.

CALL app.raise_wall('group_session');
-- The whole school sees what it can have a seat in.
CREATE POLICY group_session_read ON group_session FOR SELECT TO lectern_app USING (true);
CREATE POLICY definer_all ON group_session TO lectern_definer USING (true);
GRANT SELECT (tenant_id, id, booking_type_id, instructor_id, starts_at, ends_at, seats, status, cancel_reason, created_at,
    buffer_before_minutes, buffer_after_minutes, is_opened) ON group_session TO lectern_app;
GRANT SELECT, INSERT, UPDATE (starts_at, ends_at, instructor_id, seats, seats_taken, status, cancel_reason, updated_at) ON group_session TO lectern_definer;

CALL app.raise_wall('group_session_resource');
CREATE POLICY group_session_resource_read ON group_session_resource FOR SELECT TO lectern_app USING (true);
CREATE POLICY definer_all ON group_session_resource TO lectern_definer USING (true);
GRANT SELECT ON group_session_resource TO lectern_app;
GRANT SELECT, INSERT, DELETE, UPDATE (place) ON group_session_resource TO lectern_definer;
