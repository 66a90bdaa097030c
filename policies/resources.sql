-- policies/resources.sql: which resources an actor may see and change.

CALL app.raise_wall('resource', searched => true);
-- The whole school sees what it can book, and of what was deleted what a booking had: the service shows it there, and nowhere else.
CREATE POLICY resource_read ON resource FOR SELECT TO lectern_app USING (true);
CREATE POLICY resource_create ON resource FOR INSERT TO lectern_app WITH CHECK ((SELECT app.can('SCHEDULE_MANAGE')));
CREATE POLICY resource_change ON resource FOR UPDATE TO lectern_app USING (deleted_at IS NULL AND (SELECT app.can('SCHEDULE_MANAGE')))
    WITH CHECK ((SELECT app.can('SCHEDULE_MANAGE')));
CREATE POLICY definer_read ON resource FOR SELECT TO lectern_definer USING (true);
GRANT SELECT (tenant_id, id, name, kind, description, location, tags, mode, capacity, setup_minutes, teardown_minutes, time_zone, deleted_at, created_at, updated_at),
    INSERT (tenant_id, id, name, kind, description, location, tags, mode, capacity, setup_minutes, teardown_minutes, time_zone),
    UPDATE (name, kind, description, location, tags, mode, capacity, setup_minutes, teardown_minutes, time_zone, deleted_at) ON resource TO lectern_app;
GRANT SELECT ON resource TO lectern_definer;
