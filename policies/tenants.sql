-- policies/tenants.sql: a signed-in person sees the own school.
CALL app.raise_wall('tenant', needs_subscription => false);
-- Functions of the service resolve slugs, list schools and read caps before or beside any tenant.
DROP POLICY tenant_wall ON tenant;
CREATE POLICY tenant_wall ON tenant AS RESTRICTIVE TO lectern_app
    USING (tenant_id = (SELECT current_setting('app.tenant_id', true)::uuid));

CREATE POLICY tenant_read ON tenant FOR SELECT TO lectern_app USING (true);
CREATE POLICY definer_read ON tenant FOR SELECT TO lectern_definer USING (true);

-- What its people see of it, what every subscription_wall asks, and what the audit log shows of its changes.
GRANT SELECT (tenant_id, slug, name, time_zone, subscription_start, subscription_end, suspended_at, created_at, is_listed, max_users, max_instructors, storage_quota)
    ON tenant TO lectern_app;
GRANT SELECT ON tenant TO lectern_definer;

-- The own school's, whether or not its subscription runs.
CALL app.raise_wall('tenant_settings', needs_subscription => false);
CREATE POLICY tenant_settings_read ON tenant_settings FOR SELECT TO lectern_app USING (true);
CREATE POLICY tenant_settings_change ON tenant_settings FOR UPDATE TO lectern_app USING ((SELECT app.can('TENANT_MANAGE')));
CREATE POLICY definer_read ON tenant_settings FOR SELECT TO lectern_definer USING (true);
GRANT SELECT (tenant_id, mail_sender_name, mail_footer, embed_hosts, created_at), UPDATE (mail_sender_name, mail_footer, embed_hosts) ON tenant_settings TO lectern_app;
GRANT SELECT ON tenant_settings TO lectern_definer;
