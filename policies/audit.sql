-- policies/audit.sql: the audit log is append-only for every role of the service, but for one thing: who is deleted is forgotten.
CALL app.raise_wall('audit_entry');
CREATE POLICY audit_read ON audit_entry FOR SELECT TO lectern_app USING ((SELECT app.can('AUDIT_READ')));
CREATE POLICY definer_write ON audit_entry FOR INSERT TO lectern_definer WITH CHECK (true);
-- app.forget_in_audit: of entries about people who are deleted, and nothing but what was recorded of them.
CREATE POLICY definer_read ON audit_entry FOR SELECT TO lectern_definer USING (
    resource = 'User' AND EXISTS (SELECT FROM app_user u WHERE u.tenant_id = audit_entry.tenant_id AND u.id = audit_entry.resource_id AND u.deleted_at IS NOT NULL)
    OR resource = 'Session' AND EXISTS (SELECT FROM app_user u
        WHERE u.tenant_id = audit_entry.tenant_id AND u.id = (coalesce(audit_entry.after, audit_entry.before) ->> 'user_id')::uuid AND u.deleted_at IS NOT NULL)
    OR resource = 'Attendee' AND EXISTS (SELECT FROM application p JOIN app_user u ON u.tenant_id = p.tenant_id AND u.id = p.user_id
        WHERE p.tenant_id = audit_entry.tenant_id AND p.id::text = coalesce(audit_entry.after, audit_entry.before) ->> 'application_id' AND u.deleted_at IS NOT NULL));
CREATE POLICY definer_forget ON audit_entry FOR UPDATE TO lectern_definer USING (
    resource = 'User' AND EXISTS (SELECT FROM app_user u WHERE u.tenant_id = audit_entry.tenant_id AND u.id = audit_entry.resource_id AND u.deleted_at IS NOT NULL)
    OR resource = 'Session' AND EXISTS (SELECT FROM app_user u
        WHERE u.tenant_id = audit_entry.tenant_id AND u.id = (coalesce(audit_entry.after, audit_entry.before) ->> 'user_id')::uuid AND u.deleted_at IS NOT NULL)
    OR resource = 'Attendee' AND EXISTS (SELECT FROM application p JOIN app_user u ON u.tenant_id = p.tenant_id AND u.id = p.user_id
        WHERE p.tenant_id = audit_entry.tenant_id AND p.id::text = coalesce(audit_entry.after, audit_entry.before) ->> 'application_id' AND u.deleted_at IS NOT NULL));
GRANT SELECT ON audit_entry TO lectern_app;
GRANT INSERT, SELECT (tenant_id, resource, resource_id, before, after), UPDATE (before, after) ON audit_entry TO lectern_definer;
REVOKE UPDATE, DELETE ON audit_entry FROM lectern_platform;
