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

CREATE OR REPLACE TRIGGER tenant_touch BEFORE UPDATE ON tenant FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE OR REPLACE TRIGGER tenant_audit AFTER INSERT OR UPDATE ON tenant FOR EACH ROW EXECUTE FUNCTION app.audit('Tenant', 'tenant_id');

-- The administrators of this transaction's school. For app.notified.
CREATE OR REPLACE FUNCTION app.administrators() RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE ROWS 10 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT ur.user_id FROM role r JOIN user_role ur ON ur.tenant_id = r.tenant_id AND ur.role_id = r.id
        WHERE r.tenant_id = app.tenant_id() AND r.is_system AND r.key = 'ADMIN';
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

GRANT EXECUTE ON FUNCTION app.public_tenants(text), app.tell_of_ending() TO lectern_app;
GRANT EXECUTE ON FUNCTION app.create_system_roles(uuid) TO lectern_platform, lectern_definer;
