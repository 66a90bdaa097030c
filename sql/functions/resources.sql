-- Resources: search, what is free, and what is in use.

-- Resources found by the beginnings of words in name, location and tags. Reveals: ids, joined back under row security.
CREATE OR REPLACE FUNCTION app.search_resource(words text) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE ROWS 20 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    wanted tsquery := app.prefix_query(words); -- once, not for every row that is compared
BEGIN
    RETURN QUERY SELECT r.id FROM resource r
        WHERE r.tenant_id = app.tenant_id() AND r.search @@ wanted AND r.deleted_at IS NULL;
END
$$;

-- Resources that carry a tag (arrays have no leakproof operators). Reveals: ids, joined back under row security.
CREATE OR REPLACE FUNCTION app.tagged_resource(tag text) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE ROWS 20 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT r.id FROM resource r
        WHERE r.tenant_id = app.tenant_id() AND r.tags @> ARRAY[tag] AND r.deleted_at IS NULL;
END
$$;

-- Resources that are bookable, open through a whole span, and claimed by nobody from their setup before it to their teardown after it.
-- Reveals: ids, of what the whole school may see.
CREATE OR REPLACE FUNCTION app.free_resources(span_start timestamptz, span_end timestamptz) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE ROWS 20 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        WITH bookable AS MATERIALIZED (
            SELECT r.id FROM resource r
            WHERE r.tenant_id = app.tenant_id() AND r.deleted_at IS NULL AND r.mode <> 'UNBOOKABLE'
              AND NOT EXISTS (SELECT FROM time_claim c WHERE c.tenant_id = r.tenant_id AND c.party_id = r.id
                              AND c.starts_at < span_end + make_interval(mins => r.teardown_minutes)
                              AND c.ends_at > span_start - make_interval(mins => r.setup_minutes)
                              AND c.starts_at > span_start - interval '48 hours' -- the longest claim, and the longest setup
                              AND (c.hold_id IS NULL OR app.is_held(c.hold_id)))
        )
        SELECT o.resource_id FROM app.open_spans('{}', ARRAY(SELECT b.id FROM bookable b), span_start, span_end) AS o
        WHERE o.starts_at <= span_start AND o.ends_at >= span_end;
END
$$;

-- When resources are taken within a range, with what is claimed before and after: for what is left free of their hours. Reveals: these spans.
CREATE OR REPLACE FUNCTION app.taken_spans(resources uuid[], range_start timestamptz, range_end timestamptz)
    RETURNS TABLE (resource_id uuid, starts_at timestamptz, ends_at timestamptz)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT c.party_id, c.starts_at, c.ends_at FROM time_claim c
        WHERE c.tenant_id = app.tenant_id() AND c.party_id = ANY (resources) AND c.kind = 'RESOURCE'
          AND c.starts_at < range_end AND c.ends_at > range_start AND c.starts_at > range_start - interval '40 hours'
          AND (c.hold_id IS NULL OR app.is_held(c.hold_id));
END
$$;

-- What a coming booking has is not deleted. Its rules, openings and times off go with it. Reveals: that it is in use.
CREATE OR REPLACE FUNCTION app.check_resource_unused() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    PERFORM app.lock_for('time', NEW.id);
    IF EXISTS (SELECT FROM booking_resource l JOIN booking b ON b.tenant_id = l.tenant_id AND b.id = l.booking_id
               WHERE l.tenant_id = NEW.tenant_id AND l.resource_id = NEW.id AND b.status IN ('REQUESTED', 'APPROVED', 'ASSIGNED') AND b.ends_at > now())
        OR EXISTS (SELECT FROM group_session_resource l JOIN group_session s ON s.tenant_id = l.tenant_id AND s.id = l.group_session_id
                   WHERE l.tenant_id = NEW.tenant_id AND l.resource_id = NEW.id AND s.status = 'SCHEDULED' AND s.ends_at > now())
    THEN
        PERFORM app.refuse('resource_in_use');
    END IF;
    DELETE FROM availability_rule r WHERE r.tenant_id = NEW.tenant_id AND r.resource_id = NEW.id;
    DELETE FROM time_off o WHERE o.tenant_id = NEW.tenant_id AND o.resource_id = NEW.id;
    DELETE FROM availability a WHERE a.tenant_id = NEW.tenant_id AND a.resource_id = NEW.id;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER resource_unused AFTER UPDATE ON resource FOR EACH ROW
    WHEN (NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL) EXECUTE FUNCTION app.check_resource_unused();

CREATE OR REPLACE TRIGGER resource_zone BEFORE INSERT OR UPDATE OF time_zone ON resource FOR EACH ROW EXECUTE FUNCTION app.check_zone();
CREATE OR REPLACE TRIGGER resource_touch BEFORE UPDATE ON resource FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE OR REPLACE TRIGGER resource_audit AFTER INSERT OR UPDATE OR DELETE ON resource FOR EACH ROW EXECUTE FUNCTION app.audit('Resource', 'id');

-- Tells of a resource that is new, has changed or is gone. Reveals nothing.
CREATE OR REPLACE FUNCTION app.tell_of_resource() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    type CONSTANT text := CASE WHEN TG_OP = 'INSERT' THEN 'resource.created'
                               WHEN OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL THEN 'resource.deleted' ELSE 'resource.updated' END;
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    IF app.wants_event(type) THEN
        PERFORM app.emit(type, app.type_id('resource', NEW.id), jsonb_build_object('id', app.type_id('resource', NEW.id), 'kind', NEW.kind, 'mode', NEW.mode), NULL);
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER resource_tell_new AFTER INSERT ON resource FOR EACH ROW EXECUTE FUNCTION app.tell_of_resource();
CREATE OR REPLACE TRIGGER resource_tell AFTER UPDATE ON resource FOR EACH ROW
    WHEN ((OLD.name, OLD.kind, OLD.description, OLD.location, OLD.tags, OLD.mode, OLD.capacity, OLD.setup_minutes, OLD.teardown_minutes, OLD.time_zone, OLD.deleted_at)
          IS DISTINCT FROM (NEW.name, NEW.kind, NEW.description, NEW.location, NEW.tags, NEW.mode, NEW.capacity, NEW.setup_minutes, NEW.teardown_minutes, NEW.time_zone, NEW.deleted_at))
    EXECUTE FUNCTION app.tell_of_resource();

GRANT EXECUTE ON FUNCTION app.search_resource(text), app.tagged_resource(text), app.free_resources(timestamptz, timestamptz),
    app.taken_spans(uuid[], timestamptz, timestamptz) TO lectern_app;
