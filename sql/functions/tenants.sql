-- Tenants before anyone is signed in.

-- The public list of schools for sign-in pages, or those found by the beginnings of words in slug and name. Reveals: slug and name
-- of schools that did not opt out of it.
CREATE OR REPLACE FUNCTION app.public_tenants(words text) RETURNS TABLE (tenant_id uuid, slug text, name text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    wanted tsquery := app.prefix_query(words); -- once, not for every row that is compared
BEGIN
    IF words IS NULL THEN
        RETURN QUERY SELECT t.tenant_id, t.slug, t.name FROM tenant t WHERE t.is_listed AND t.suspended_at IS NULL;
    ELSE
        RETURN QUERY SELECT t.tenant_id, t.slug, t.name FROM tenant t WHERE t.is_listed AND t.suspended_at IS NULL AND t.search @@ wanted;
    END IF;
END
$$;

-- Gives a new tenant its system roles. For the operator's commands.
CREATE OR REPLACE FUNCTION app.create_system_roles(tenant uuid) RETURNS void LANGUAGE sql AS $$
    INSERT INTO public.role (tenant_id, id, key, name, is_system, permissions)
        SELECT tenant, app.uuid_v7(), s.key, s.name, true, s.permissions FROM app.system_roles() AS s
$$;

-- A school has its settings from the beginning.
CREATE OR REPLACE FUNCTION app.give_settings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.tenant_settings (tenant_id) VALUES (NEW.tenant_id);
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER tenant_settings_given AFTER INSERT ON tenant FOR EACH ROW EXECUTE FUNCTION app.give_settings();
CREATE OR REPLACE TRIGGER tenant_settings_touch BEFORE UPDATE ON tenant_settings FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE OR REPLACE TRIGGER tenant_settings_audit AFTER UPDATE OR DELETE ON tenant_settings FOR EACH ROW EXECUTE FUNCTION app.audit('TenantSettings', 'tenant_id');

-- Changes of the actor's own school what its people may change: what is NULL stays. Reveals: whether the actor may.
CREATE OR REPLACE FUNCTION app.change_school(new_name text, new_zone text, listed boolean) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT app.can('TENANT_MANAGE') THEN
        RETURN false;
    END IF;
    UPDATE tenant t SET name = coalesce(new_name, t.name), time_zone = coalesce(new_zone, t.time_zone), is_listed = coalesce(listed, t.is_listed)
        WHERE t.tenant_id = app.tenant_id();
    RETURN FOUND;
END
$$;

-- A school has at most a hundred flags, each for roles that it has. Reveals nothing.
CREATE OR REPLACE FUNCTION app.check_feature_flag() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    most  CONSTANT bigint := 100;
    used  bigint;
    wrong bigint;
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    PERFORM app.share_lock_for('roles', NEW.tenant_id); -- see app.keep_named_role
    SELECT min(w.place) - 1 INTO wrong FROM unnest(NEW.role_keys) WITH ORDINALITY AS w(key, place)
        WHERE NOT EXISTS (SELECT FROM role r WHERE r.tenant_id = NEW.tenant_id AND r.key = w.key);
    IF wrong IS NOT NULL THEN
        PERFORM app.refuse('feature_flag_roles', jsonb_build_object('at', wrong)::text);
    END IF;
    IF TG_OP = 'INSERT' THEN
        PERFORM app.lock_for('features', NEW.tenant_id);
        SELECT count(*) INTO used FROM feature_flag f WHERE f.tenant_id = NEW.tenant_id;
        IF used > most THEN
            PERFORM app.refuse('feature_flag_most', jsonb_build_object('limit', most, 'used', used - 1)::text);
        END IF;
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER feature_flag_check AFTER INSERT OR UPDATE ON feature_flag FOR EACH ROW EXECUTE FUNCTION app.check_feature_flag();
CREATE OR REPLACE TRIGGER feature_flag_touch BEFORE UPDATE ON feature_flag FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE OR REPLACE TRIGGER feature_flag_audit AFTER INSERT OR UPDATE OR DELETE ON feature_flag FOR EACH ROW EXECUTE FUNCTION app.audit('FeatureFlag', 'id');

CREATE OR REPLACE TRIGGER tenant_touch BEFORE UPDATE ON tenant FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE OR REPLACE TRIGGER tenant_audit AFTER INSERT OR UPDATE ON tenant FOR EACH ROW EXECUTE FUNCTION app.audit('Tenant', 'tenant_id');

-- The administrators of this transaction's school. For app.notified.
CREATE OR REPLACE FUNCTION app.administrators() RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE ROWS 10 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT ur.user_id FROM role r JOIN user_role ur ON ur.tenant_id = r.tenant_id AND ur.role_id = r.id
        WHERE r.tenant_id = app.tenant_id() AND r.is_system AND r.key = 'ADMIN' AND (ur.ends_at IS NULL OR ur.ends_at > now());
END
$$;

-- Tells the administrators of this transaction's school that its subscription ends: 30, 7 and 1 days before, each once. (A day without workers
-- is made up for; the key of the job keeps a second one away.) Reveals: how many days are left where it told them.
CREATE OR REPLACE FUNCTION app.tell_of_ending() RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    type   CONSTANT text := 'notify.subscription_ending';
    ends   CONSTANT timestamptz := (SELECT t.subscription_end FROM tenant t WHERE t.tenant_id = app.tenant_id());
    days   CONSTANT integer := ceil(extract(epoch FROM ends - now()) / 86400);
    before integer;
BEGIN
    before := CASE WHEN days = 1 THEN 1 WHEN days IN (6, 7) THEN 7 WHEN days BETWEEN 28 AND 30 THEN 30 END;
    IF before IS NULL OR NOT app.notifies(type) THEN
        RETURN NULL;
    END IF;
    IF app.enqueue('event.fan_out', type || ':' || extract(epoch FROM ends) || ':' || before,
            jsonb_build_object('type', type, 'at', clock_timestamp(), 'note', jsonb_build_object('facts', jsonb_build_object('at', ends))),
            subject => app.type_id('tenant', app.tenant_id())) IS NULL THEN
        RETURN NULL;
    END IF;
    RETURN before;
END
$$;

GRANT EXECUTE ON FUNCTION app.public_tenants(text), app.tell_of_ending(), app.change_school(text, text, boolean) TO lectern_app;
GRANT EXECUTE ON FUNCTION app.create_system_roles(uuid) TO lectern_platform, lectern_definer;
