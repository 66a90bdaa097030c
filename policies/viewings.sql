-- policies/viewings.sql: functions alone begin and end a viewing; whoever reads the log sees who looks in whose place, as it does.
CALL app.raise_wall('view_as');
CREATE POLICY view_as_read ON view_as FOR SELECT TO lectern_app USING ((SELECT app.can('AUDIT_READ')));
CREATE POLICY definer_all ON view_as TO lectern_definer USING (true);
GRANT SELECT (tenant_id, id, actor_id, session_id, user_id, role_id, reason, created_at, expires_at, ended_at) ON view_as TO lectern_app;
GRANT SELECT, INSERT, UPDATE (ended_at) ON view_as TO lectern_definer;
