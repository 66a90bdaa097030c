-- policies/feeds.sql: a feed is its owner's alone.

CALL app.raise_wall('calendar_feed', searched => true);
-- Its address is as good as a sign-in that only reads: nothing of it for whoever looks in the owner's place.
CREATE POLICY calendar_feed_own ON calendar_feed TO lectern_app USING (owner_id = (SELECT app.user_id()) AND (SELECT app.viewed_by()) IS NULL);
CREATE POLICY definer_all ON calendar_feed TO lectern_definer USING (true);
-- By app.find_calendar_feed alone the hash is looked for.
GRANT SELECT (tenant_id, id, owner_id, name, scope, instructor_id, resource_id, detail, hint, last_read_at, created_at),
    INSERT (tenant_id, id, owner_id, name, scope, instructor_id, resource_id, detail, secret_hash, hint), UPDATE (secret_hash, hint), DELETE ON calendar_feed TO lectern_app;
GRANT SELECT, DELETE, UPDATE (hour_reads, hour_began_at, last_read_at) ON calendar_feed TO lectern_definer;
