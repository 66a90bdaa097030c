-- policies/tenants.sql: a signed-in person sees the own school.
CALL app.raise_wall('tenant', needs_subscription => false);
-- Functions of the service resolve slugs, list schools and read caps before or beside any tenant.
DROP POLICY tenant_wall ON tenant;
CREATE POLICY tenant_wall ON tenant AS RESTRICTIVE TO lectern_app
    USING (tenant_id = (SELECT current_setting('app.tenant_id', true)::uuid));

CREATE POLICY tenant_read ON tenant FOR SELECT TO lectern_app USING (true);
CREATE POLICY definer_read ON tenant FOR SELECT TO lectern_definer USING (true);

GRANT SELECT ON tenant TO lectern_app, lectern_definer;
