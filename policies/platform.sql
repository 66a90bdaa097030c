-- policies/platform.sql: what belongs to whoever runs the deployment. lectern_app holds nothing here; lectern_desk sees rows of the nil tenant
-- while its transaction names no school, and changes them by functions alone.
CALL app.raise_wall('platform_admin', needs_subscription => false);
CALL app.keep_for_desk('platform_admin');
CREATE POLICY definer_all ON platform_admin TO lectern_definer USING (true);
GRANT SELECT, INSERT, UPDATE (name, email, status, token_version, last_sign_in_at, deleted_at) ON platform_admin TO lectern_definer;

-- Whether a school is being erased is asked in transactions of that school (app.is_being_erased).
CALL app.raise_wall('tenant_erasure', needs_subscription => false, searched => true);
CALL app.keep_for_desk('tenant_erasure');
CREATE POLICY definer_all ON tenant_erasure TO lectern_definer USING (true);
GRANT SELECT, INSERT, UPDATE (state, tables, rows, files, remaining, error, finished_at) ON tenant_erasure TO lectern_definer;
