-- policies/client_events.sql: people record their own; whoever sees every enrollment counts everybody's.

CALL app.raise_wall('client_event');
CREATE POLICY client_event_read ON client_event FOR SELECT TO lectern_app USING (
    user_id = (SELECT app.user_id()) OR (SELECT app.can('ENROLLMENT_READ_ALL')));
CREATE POLICY client_event_record ON client_event FOR INSERT TO lectern_app WITH CHECK (user_id = (SELECT app.user_id()));
-- For app.purge_client_events and app.forget_client_events.
CREATE POLICY definer_all ON client_event TO lectern_definer USING (true);
GRANT SELECT (tenant_id, id, user_id, name, at, key), INSERT (tenant_id, id, user_id, name, at, key, properties) ON client_event TO lectern_app;
GRANT SELECT, DELETE, UPDATE (properties) ON client_event TO lectern_definer;
