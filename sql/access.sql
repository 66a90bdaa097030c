-- Who was loaded before something changed what they may do is loaded anew (docs/adr/0012). A file of its own, because a constraint
-- trigger can't be replaced: changing this file keeps everybody away from these tables for a moment, readers as well.

-- Marks that somebody may do something else from now on: whoever was loaded under another version is loaded anew. The row is
-- taken at the end of the transaction, after everything else that it takes, so that nobody waits for it who holds something.
-- The version is the transaction's own number: once is enough for all that it changes.
CREATE OR REPLACE FUNCTION app.mark_access_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    school uuid := CASE WHEN TG_OP = 'DELETE' THEN OLD.tenant_id ELSE NEW.tenant_id END;
BEGIN
    PERFORM app.enter_tenant(school);
    INSERT INTO access_version AS v (tenant_id, version) SELECT t.tenant_id, pg_current_xact_id()::text::bigint FROM tenant t WHERE t.tenant_id = school
        ON CONFLICT (tenant_id) DO UPDATE SET version = excluded.version WHERE v.version <> excluded.version;
    RETURN NULL;
END
$$;
-- Everything that app.load_actor reads. Nobody can have been loaded of what is only just inserted, but for a role that
-- somebody is given.
DROP TRIGGER IF EXISTS tenant_access ON tenant;
CREATE CONSTRAINT TRIGGER tenant_access AFTER UPDATE ON tenant DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN ((OLD.suspended_at, OLD.subscription_start, OLD.subscription_end, OLD.time_zone)
          IS DISTINCT FROM (NEW.suspended_at, NEW.subscription_start, NEW.subscription_end, NEW.time_zone))
    EXECUTE FUNCTION app.mark_access_changed();
DROP TRIGGER IF EXISTS app_user_access ON app_user;
CREATE CONSTRAINT TRIGGER app_user_access AFTER UPDATE ON app_user DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN ((OLD.status, OLD.deleted_at, OLD.token_version, OLD.second_factor_at)
          IS DISTINCT FROM (NEW.status, NEW.deleted_at, NEW.token_version, NEW.second_factor_at))
    EXECUTE FUNCTION app.mark_access_changed();
DROP TRIGGER IF EXISTS app_user_access_gone ON app_user;
CREATE CONSTRAINT TRIGGER app_user_access_gone AFTER DELETE ON app_user DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.mark_access_changed();
DROP TRIGGER IF EXISTS session_access ON session;
CREATE CONSTRAINT TRIGGER session_access AFTER UPDATE OR DELETE ON session DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.mark_access_changed();
DROP TRIGGER IF EXISTS role_access ON role;
CREATE CONSTRAINT TRIGGER role_access AFTER UPDATE OR DELETE ON role DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.mark_access_changed();
DROP TRIGGER IF EXISTS user_role_access ON user_role;
CREATE CONSTRAINT TRIGGER user_role_access AFTER INSERT OR UPDATE OR DELETE ON user_role DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.mark_access_changed();
DROP TRIGGER IF EXISTS api_key_access ON api_key;
CREATE CONSTRAINT TRIGGER api_key_access AFTER UPDATE ON api_key DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN ((OLD.role_id, OLD.revoked_at, OLD.expires_at, OLD.permissions) IS DISTINCT FROM (NEW.role_id, NEW.revoked_at, NEW.expires_at, NEW.permissions))
    EXECUTE FUNCTION app.mark_access_changed();
DROP TRIGGER IF EXISTS api_key_access_gone ON api_key;
CREATE CONSTRAINT TRIGGER api_key_access_gone AFTER DELETE ON api_key DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.mark_access_changed();
DROP TRIGGER IF EXISTS tenant_settings_access ON tenant_settings;
CREATE CONSTRAINT TRIGGER tenant_settings_access AFTER UPDATE ON tenant_settings DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (OLD.second_factor_role_keys IS DISTINCT FROM NEW.second_factor_role_keys) EXECUTE FUNCTION app.mark_access_changed();
DROP TRIGGER IF EXISTS user_permission_access ON user_permission;
CREATE CONSTRAINT TRIGGER user_permission_access AFTER INSERT OR UPDATE OR DELETE ON user_permission DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.mark_access_changed();
-- A viewing that ends.
DROP TRIGGER IF EXISTS view_as_access ON view_as;
CREATE CONSTRAINT TRIGGER view_as_access AFTER UPDATE OR DELETE ON view_as DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.mark_access_changed();
