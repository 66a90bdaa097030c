-- API keys: programs that act in somebody's place.
--
-- The refusals below are rules like constraints: the service maps them by their names.
--   api_key_cap            the person has as many live ones as anybody may (`limit`, `used`)
--   api_key_permissions    not held now, or not for keys
--   api_key_expires        too late, or over already

-- The key of a hash, if it is not revoked or over. For app.load_actor.
CREATE OR REPLACE FUNCTION app.live_key(hash bytea) RETURNS api_key
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    key api_key;
BEGIN
    SELECT k.* INTO key FROM api_key_secret s JOIN api_key k ON k.tenant_id = s.tenant_id AND k.id = s.key_id
        WHERE s.tenant_id = app.tenant_id() AND s.secret_hash = hash AND k.revoked_at IS NULL AND k.expires_at > now();
    RETURN key;
END
$$;

-- Whether a key can be used: not revoked, not over, its owner active, and its role still theirs. Reveals: that one bit.
CREATE OR REPLACE FUNCTION app.key_is_live(key uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM api_key k
        JOIN app_user u ON u.tenant_id = k.tenant_id AND u.id = k.owner_id AND u.status = 'ACTIVE' AND u.deleted_at IS NULL
        JOIN user_role ur ON ur.tenant_id = k.tenant_id AND ur.user_id = k.owner_id AND ur.role_id = k.role_id
            AND (ur.ends_at IS NULL OR ur.ends_at > now())
        WHERE k.tenant_id = app.tenant_id() AND k.id = key AND k.revoked_at IS NULL AND k.expires_at > now());
END
$$;

-- Makes a key of the actor's, in the role that they act in. Reveals nothing.
CREATE OR REPLACE FUNCTION app.create_api_key(made uuid, called text, granted text[], reads boolean, expires timestamptz, hash bytea, hint text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    most CONSTANT integer := 20;
    used integer;
BEGIN
    IF NOT app.can('API_KEY_CREATE') OR app.key_id() IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'not the actor''s to make';
    END IF;
    IF NOT granted <@ app.permissions() OR granted && app.not_for_keys()
       OR reads <> NOT EXISTS (SELECT FROM unnest(granted) AS p(name) WHERE p.name !~ '_READ(_ALL)?$') THEN
        PERFORM app.refuse('api_key_permissions');
    END IF;
    IF expires <= now() OR expires > now() + make_interval(days => CASE WHEN reads THEN 365 ELSE 90 END) THEN
        PERFORM app.refuse('api_key_expires');
    END IF;
    PERFORM app.lock_for('api_keys', app.user_id());
    SELECT count(*) INTO used FROM api_key k
        WHERE k.tenant_id = app.tenant_id() AND k.owner_id = app.user_id() AND k.revoked_at IS NULL AND k.expires_at > now() AND app.key_is_live(k.id);
    IF used >= most THEN
        PERFORM app.refuse('api_key_cap', jsonb_build_object('limit', most, 'used', used)::text);
    END IF;
    INSERT INTO api_key (tenant_id, id, owner_id, role_id, name, permissions, is_read_only, hint, expires_at)
        SELECT r.tenant_id, made, app.user_id(), r.id, called, granted, reads, hint, expires FROM role r
        WHERE r.tenant_id = app.tenant_id() AND r.key = app.role_key();
    INSERT INTO api_key_secret (tenant_id, secret_hash, key_id) VALUES (app.tenant_id(), hash, made);
END
$$;

-- Revokes a key: the actor's own, or any for API_KEY_MANAGE. One that is revoked stays as it is. Reveals: whether there is such a key for the actor.
CREATE OR REPLACE FUNCTION app.revoke_api_key(key uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM FROM api_key k
        WHERE k.tenant_id = app.tenant_id() AND k.id = key AND (k.owner_id = app.user_id() OR app.can('API_KEY_MANAGE')) AND app.key_id() IS NULL;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE api_key k SET revoked_at = now() WHERE k.tenant_id = app.tenant_id() AND k.id = key AND k.revoked_at IS NULL;
    RETURN true;
END
$$;

-- Says that a key was used, once a minute. Reveals nothing.
CREATE OR REPLACE FUNCTION app.use_api_key(key uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE api_key k SET last_used_at = now()
        WHERE k.tenant_id = app.tenant_id() AND k.id = key AND (k.last_used_at IS NULL OR k.last_used_at < now() - interval '1 minute');
END
$$;

-- Tells owners of live keys that end within a week, of each once. Reveals: how many.
CREATE OR REPLACE FUNCTION app.remind_of_keys(at_most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    ending   record;
    reminded integer := 0;
BEGIN
    FOR ending IN
        UPDATE api_key k SET reminded_at = now() WHERE k.tenant_id = app.tenant_id() AND k.id IN (
            SELECT o.id FROM api_key o WHERE o.tenant_id = app.tenant_id() AND o.revoked_at IS NULL AND o.reminded_at IS NULL
                AND o.expires_at > now() AND o.expires_at < now() + interval '7 days' AND app.key_is_live(o.id)
            ORDER BY o.expires_at LIMIT at_most FOR UPDATE SKIP LOCKED)
        RETURNING k.id, k.owner_id, k.name, k.hint, k.expires_at
    LOOP
        reminded := reminded + 1;
        IF app.notifies('notify.api_key_expiring') THEN
            PERFORM app.emit('notify.api_key_expiring', app.type_id('apikey', ending.id), NULL, jsonb_build_object(
                'person', ending.owner_id, 'facts', jsonb_build_object('name', ending.name, 'hint', ending.hint, 'until', ending.expires_at)));
        END IF;
    END LOOP;
    RETURN reminded;
END
$$;

-- When it was used is no change.
CREATE OR REPLACE TRIGGER api_key_audit AFTER INSERT OR DELETE OR UPDATE OF role_id, revoked_at ON api_key FOR EACH ROW EXECUTE FUNCTION app.audit('ApiKey', 'id');

GRANT EXECUTE ON FUNCTION
    app.key_is_live(uuid), app.create_api_key(uuid, text, text[], boolean, timestamptz, bytea, text), app.revoke_api_key(uuid),
    app.use_api_key(uuid), app.remind_of_keys(integer)
    TO lectern_app;
