-- policies/platform.sql: what belongs to whoever runs the deployment. lectern_app holds nothing here; lectern_desk sees rows of the nil tenant
-- while its transaction names no school, and changes them by functions alone. No export takes these tables along, and no erasure empties them.
CALL app.raise_wall('platform_admin', needs_subscription => false);
CALL app.keep_for_desk('platform_admin');
CREATE POLICY definer_all ON platform_admin TO lectern_definer USING (true);
GRANT SELECT, INSERT, UPDATE (name, email, status, token_version, last_sign_in_at, deleted_at) ON platform_admin TO lectern_definer;

-- Nobody reads passwords, tokens and secrets but the functions that compare them.
CALL app.raise_wall('platform_credential', needs_subscription => false);
CALL app.keep_for_desk('platform_credential');
CREATE POLICY definer_all ON platform_credential TO lectern_definer USING (true);
GRANT SELECT, INSERT, UPDATE (password_hash, changed_at) ON platform_credential TO lectern_definer;
CALL app.raise_wall('platform_session', needs_subscription => false);
CALL app.keep_for_desk('platform_session');
CREATE POLICY definer_all ON platform_session TO lectern_definer USING (true);
GRANT SELECT, INSERT, DELETE, UPDATE (revoked_at, revoked_reason) ON platform_session TO lectern_definer;
CALL app.raise_wall('platform_refresh_token', needs_subscription => false);
CALL app.keep_for_desk('platform_refresh_token');
CREATE POLICY definer_all ON platform_refresh_token TO lectern_definer USING (true);
GRANT SELECT, INSERT, UPDATE (used_at) ON platform_refresh_token TO lectern_definer;
CALL app.raise_wall('platform_factor', needs_subscription => false);
CALL app.keep_for_desk('platform_factor');
CREATE POLICY definer_all ON platform_factor TO lectern_definer USING (true);
GRANT SELECT, INSERT, DELETE, UPDATE (secret, confirmed_at, last_step, created_at) ON platform_factor TO lectern_definer;
CALL app.raise_wall('platform_recovery_code', needs_subscription => false);
CALL app.keep_for_desk('platform_recovery_code');
CREATE POLICY definer_all ON platform_recovery_code TO lectern_definer USING (true);
GRANT SELECT, INSERT, DELETE, UPDATE (used_at) ON platform_recovery_code TO lectern_definer;

-- Append-only for every role.
CALL app.raise_wall('platform_audit_entry', needs_subscription => false);
CALL app.keep_for_desk('platform_audit_entry');
CREATE POLICY definer_write ON platform_audit_entry FOR INSERT TO lectern_definer WITH CHECK (true);
GRANT INSERT ON platform_audit_entry TO lectern_definer;
REVOKE UPDATE, DELETE ON platform_audit_entry FROM lectern_platform;

-- Whether a school is being erased is asked in transactions of that school (app.is_being_erased).
CALL app.raise_wall('tenant_erasure', needs_subscription => false, searched => true);
CALL app.keep_for_desk('tenant_erasure');
CREATE POLICY definer_all ON tenant_erasure TO lectern_definer USING (true);
GRANT SELECT, INSERT, UPDATE (state, tables, rows, files, remaining, error, finished_at) ON tenant_erasure TO lectern_definer;
