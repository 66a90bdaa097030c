-- Every school has the system roles that are declared, and they grant what is declared. A role of the school's own that has the key of a
-- new system role stays as it is.
INSERT INTO role AS r (tenant_id, id, key, name, is_system, permissions)
    SELECT t.tenant_id, app.uuid_v7(), s.key, s.name, true, s.permissions
    FROM tenant t CROSS JOIN app.system_roles() AS s
    LEFT JOIN role known ON known.tenant_id = t.tenant_id AND known.key = s.key
    WHERE known.id IS NULL
       OR (known.is_system AND NOT (known.name = s.name AND known.permissions @> s.permissions AND known.permissions <@ s.permissions))
    ORDER BY t.tenant_id, s.key LIMIT 200
    ON CONFLICT (tenant_id, key) DO UPDATE SET name = excluded.name, permissions = excluded.permissions WHERE r.is_system
