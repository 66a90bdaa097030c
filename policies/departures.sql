-- policies/departures.sql: TENANT_EXPORT asks for exports of all that the school has, and sees them, also after a lapse; functions alone move them.
CALL app.raise_wall('tenant_export', needs_subscription => false);
CREATE POLICY tenant_export_read ON tenant_export FOR SELECT TO lectern_app USING ((SELECT app.can('TENANT_EXPORT')));
CREATE POLICY tenant_export_ask ON tenant_export FOR INSERT TO lectern_app WITH CHECK (
    requested_by_id = (SELECT app.user_id()) AND (SELECT app.can('TENANT_EXPORT')));
CREATE POLICY definer_all ON tenant_export TO lectern_definer USING (true);
GRANT SELECT (tenant_id, id, requested_by_id, state, row_count, tables, file_count, sha256, file_id, error, created_at, started_at, finished_at, expires_at),
    INSERT (tenant_id, id, requested_by_id) ON tenant_export TO lectern_app;
GRANT SELECT, UPDATE (state, row_count, tables, file_count, sha256, file_id, error, started_at, finished_at, expires_at) ON tenant_export TO lectern_definer;
