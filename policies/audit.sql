-- policies/audit.sql: the audit log is append-only for every role of the service.
CALL app.raise_wall('audit_entry');
CREATE POLICY audit_read ON audit_entry FOR SELECT TO lectern_app USING ((SELECT app.can('AUDIT_READ')));
CREATE POLICY definer_write ON audit_entry FOR INSERT TO lectern_definer WITH CHECK (true);
GRANT SELECT ON audit_entry TO lectern_app;
GRANT INSERT ON audit_entry TO lectern_definer;
REVOKE UPDATE, DELETE ON audit_entry FROM lectern_platform;
