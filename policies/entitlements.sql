-- policies/entitlements.sql: what attendees get beside their tickets. It is read and written by functions alone (sql/functions/entitlements.sql).

CALL app.raise_wall('attendee_grant');
CREATE POLICY definer_all ON attendee_grant TO lectern_definer USING (true);
GRANT SELECT, DELETE, INSERT (tenant_id, attendee_id, course_id, group_id, user_id, state, reason, is_given),
    UPDATE (user_id, state, reason, is_given, tried_at) ON attendee_grant TO lectern_definer;
