-- policies/credentials.sql: second factors are set up, asked for and taken away by functions alone; requests for another password are seen by whose
-- they are, and by who decides.

-- Nobody reads a second factor, a recovery code or a hash but the functions that keep and spend them.
CALL app.raise_wall('second_factor', needs_subscription => false);
CREATE POLICY definer_all ON second_factor TO lectern_definer USING (true);
GRANT SELECT, INSERT, DELETE, UPDATE (secret, expires_at, confirmed_at, last_step, missed_at, created_at) ON second_factor TO lectern_definer;
CALL app.raise_wall('recovery_code', needs_subscription => false);
CREATE POLICY definer_all ON recovery_code TO lectern_definer USING (true);
GRANT SELECT, INSERT, DELETE, UPDATE (used_at) ON recovery_code TO lectern_definer;
CALL app.raise_wall('password_change_credential', needs_subscription => false);
CREATE POLICY definer_all ON password_change_credential TO lectern_definer USING (true);
GRANT SELECT, INSERT, DELETE ON password_change_credential TO lectern_definer;

CALL app.raise_wall('password_change_request');
-- The own ones, and for PASSWORD_APPROVE those of people all of whose roles are below; nothing for an API key.
CREATE POLICY password_change_request_read ON password_change_request FOR SELECT TO lectern_app USING (
    (SELECT app.key_id()) IS NULL AND (user_id = (SELECT app.user_id()) OR ((SELECT app.can('PASSWORD_APPROVE')) AND app.stands_above(user_id)))
    AND (SELECT app.viewed_by()) IS NULL);
CREATE POLICY definer_all ON password_change_request TO lectern_definer USING (true);
GRANT SELECT (tenant_id, id, user_id, note, state, decided_by_id, decision_note, created_at, expires_at, decided_at) ON password_change_request TO lectern_app;
GRANT SELECT, INSERT, DELETE, UPDATE (state, decided_by_id, decision_note, decided_at) ON password_change_request TO lectern_definer;
