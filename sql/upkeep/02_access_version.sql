-- What functions and policies say may be something else from now on: every actor that was loaded before is loaded anew.
INSERT INTO access_version (tenant_id, version)
    SELECT t.tenant_id, pg_current_xact_id()::text::bigint
    FROM tenant t LEFT JOIN access_version known ON known.tenant_id = t.tenant_id
    WHERE known.version IS NULL
       OR known.version NOT BETWEEN nullif(current_setting('lectern.applied_at', true), '')::bigint AND pg_current_xact_id()::text::bigint
    ORDER BY t.tenant_id LIMIT 500
    ON CONFLICT (tenant_id) DO UPDATE SET version = excluded.version
