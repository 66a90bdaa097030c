-- policies/busy_sources.sql: a busy source is its instructor's; whoever manages bookings sees it as well.

CALL app.raise_wall('busy_source', searched => true);
CREATE POLICY busy_source_read ON busy_source FOR SELECT TO lectern_app USING (
    (instructor_id = (SELECT app.user_id()) OR (SELECT app.can('BOOKING_MANAGE'))) AND (SELECT app.viewed_by()) IS NULL);
CREATE POLICY busy_source_create ON busy_source FOR INSERT TO lectern_app WITH CHECK (
    instructor_id = (SELECT app.user_id()) AND (SELECT app.can('AVAILABILITY_MANAGE')));
CREATE POLICY busy_source_delete ON busy_source FOR DELETE TO lectern_app USING (
    (instructor_id = (SELECT app.user_id()) AND (SELECT app.can('AVAILABILITY_MANAGE'))) OR (SELECT app.can('BOOKING_MANAGE')));
CREATE POLICY definer_all ON busy_source TO lectern_definer USING (true);
-- What is sealed is read by app.begin_busy_fetch alone.
GRANT SELECT (tenant_id, id, instructor_id, name, host, time_zone, state, error, block_count, warning_count, last_fetched_at, next_fetch_at, created_at),
    INSERT (tenant_id, id, instructor_id, name, url, content, host, time_zone), DELETE ON busy_source TO lectern_app;
GRANT SELECT, DELETE,
    UPDATE (state, error, block_count, warning_count, validators, whole_fetched_at, last_fetched_at, next_fetch_at, fetch_asked_at, fetch_failing_at, fetch_failures, fetch_told_at)
    ON busy_source TO lectern_definer;

CALL app.raise_wall('busy_block');
-- Seen with its source.
CREATE POLICY busy_block_read ON busy_block FOR SELECT TO lectern_app USING (
    EXISTS (SELECT FROM busy_source s WHERE s.tenant_id = busy_block.tenant_id AND s.id = busy_block.source_id));
CREATE POLICY definer_all ON busy_block TO lectern_definer USING (true);
GRANT SELECT ON busy_block TO lectern_app;
GRANT SELECT, INSERT, DELETE ON busy_block TO lectern_definer;
