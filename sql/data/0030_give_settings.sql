-- The settings of schools of before.
INSERT INTO tenant_settings (tenant_id)
    SELECT t.tenant_id FROM tenant t WHERE NOT EXISTS (SELECT FROM tenant_settings s WHERE s.tenant_id = t.tenant_id) ORDER BY t.tenant_id LIMIT 1000
