-- policies/keys.sql: API keys are made, used and revoked by functions alone.

-- Nobody reads the hash of a secret but the function that finds its key.
CALL app.raise_wall('api_key_secret', needs_subscription => false);
CREATE POLICY definer_all ON api_key_secret TO lectern_definer USING (true);
GRANT SELECT, INSERT, DELETE ON api_key_secret TO lectern_definer;

CALL app.raise_wall('api_key');
-- The own ones, for API_KEY_MANAGE all; a key sees itself.
CREATE POLICY api_key_read ON api_key FOR SELECT TO lectern_app USING (
    CASE WHEN (SELECT app.key_id()) IS NULL THEN owner_id = (SELECT app.user_id()) OR (SELECT app.can('API_KEY_MANAGE')) ELSE id = (SELECT app.key_id()) END
    AND (SELECT app.viewed_by()) IS NULL);
CREATE POLICY definer_all ON api_key TO lectern_definer USING (true);
GRANT SELECT (tenant_id, id, owner_id, role_id, name, permissions, is_read_only, hint, created_at, expires_at, last_used_at, revoked_at) ON api_key TO lectern_app;
GRANT SELECT, INSERT, DELETE, UPDATE (role_id, last_used_at, revoked_at, reminded_at) ON api_key TO lectern_definer;
