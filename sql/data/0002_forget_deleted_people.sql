-- Whoever was deleted before is forgotten by the log as well: by the trigger that a deletion runs.
UPDATE app_user u SET deleted_at = u.deleted_at WHERE (u.tenant_id, u.id) IN (
    SELECT d.tenant_id, d.id FROM app_user d
    WHERE d.deleted_at IS NOT NULL AND EXISTS (
        SELECT FROM audit_entry a
        WHERE a.tenant_id = d.tenant_id AND a.resource = 'User' AND a.resource_id = d.id
          AND coalesce(a.before ->> 'name', a.before ->> 'email', a.after ->> 'name', a.after ->> 'email') IS NOT NULL)
    LIMIT 100)
