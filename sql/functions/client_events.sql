-- Client events: kept for 90 days, and without what was said in them once their person is gone.

-- Deletes some of this transaction's school's client events that are older than 90 days. Reveals: how many.
CREATE OR REPLACE FUNCTION app.purge_client_events(at_most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    gone integer;
BEGIN
    DELETE FROM client_event e WHERE e.tenant_id = app.tenant_id() AND e.id IN (
        SELECT o.id FROM client_event o WHERE o.tenant_id = app.tenant_id() AND o.at < now() - interval '90 days'
        ORDER BY o.at LIMIT at_most FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END
$$;

-- A person who is deleted goes on being counted; what their events said beside their name may have been about them. Reveals nothing.
CREATE OR REPLACE FUNCTION app.forget_client_events() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    UPDATE client_event e SET properties = '{}' WHERE e.tenant_id = NEW.tenant_id AND e.user_id = NEW.id AND e.properties <> '{}';
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER app_user_forget_client_events AFTER UPDATE ON app_user FOR EACH ROW
    WHEN (NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL) EXECUTE FUNCTION app.forget_client_events();

GRANT EXECUTE ON FUNCTION app.purge_client_events(integer) TO lectern_app;
