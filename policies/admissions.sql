-- policies/admissions.sql: links, codes and requests are made and spent by functions alone; who may admit sees sign-ups and invitations to the
-- roles below their own.

-- Nobody reads what strangers have asked for, nor a link, nor a code, but the functions that make and spend them.
CALL app.raise_wall('account_request', needs_subscription => false);
CREATE POLICY definer_all ON account_request TO lectern_definer USING (true);
GRANT SELECT, INSERT, DELETE, UPDATE (created_at) ON account_request TO lectern_definer;
CALL app.raise_wall('mailed_token', needs_subscription => false);
CREATE POLICY definer_all ON mailed_token TO lectern_definer USING (true);
GRANT SELECT, INSERT, DELETE, UPDATE (used_at, token_hash) ON mailed_token TO lectern_definer;
CALL app.raise_wall('sign_in_code', needs_subscription => false);
CREATE POLICY definer_all ON sign_in_code TO lectern_definer USING (true);
GRANT SELECT, INSERT, DELETE, UPDATE (email, code_mac, name, tries, expires_at, used_at, created_at) ON sign_in_code TO lectern_definer;
CALL app.raise_wall('sign_up_credential', needs_subscription => false);
CREATE POLICY definer_all ON sign_up_credential TO lectern_definer USING (true);
GRANT SELECT, INSERT, DELETE ON sign_up_credential TO lectern_definer;

CALL app.raise_wall('sign_up_request');
CREATE POLICY sign_up_request_read ON sign_up_request FOR SELECT TO lectern_app USING (
    (SELECT app.can('USER_ADMIT')) AND ARRAY[role_key] <@ (SELECT app.managed_roles()));
CREATE POLICY definer_all ON sign_up_request TO lectern_definer USING (true);
GRANT SELECT (tenant_id, id, email, email_key, name, role_key, message, state, user_id, decided_by_id, note, created_at, decided_at) ON sign_up_request TO lectern_app;
GRANT SELECT, INSERT, DELETE, UPDATE (state, user_id, decided_by_id, note, decided_at) ON sign_up_request TO lectern_definer;

CALL app.raise_wall('invitation');
CREATE POLICY invitation_read ON invitation FOR SELECT TO lectern_app USING (
    (SELECT app.can('USER_ADMIT')) AND role_keys <@ (SELECT app.managed_roles()));
CREATE POLICY definer_all ON invitation TO lectern_definer USING (true);
GRANT SELECT (tenant_id, id, email, email_key, name, role_keys, state, invited_by_id, user_id, created_at, sent_at, expires_at, accepted_at) ON invitation TO lectern_app;
GRANT SELECT, INSERT, DELETE, UPDATE (state, invited_by_id, is_of_platform, user_id, sent_at, expires_at, accepted_at) ON invitation TO lectern_definer;

-- The steps themselves belong to no tenant and are nobody's secret.
REVOKE ALL ON admission_transition FROM PUBLIC, lectern_app, lectern_definer, lectern_platform, lectern_desk;
GRANT SELECT ON admission_transition TO lectern_app, lectern_definer, lectern_platform, lectern_desk;
