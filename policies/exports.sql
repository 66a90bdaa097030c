-- policies/exports.sql: everybody's own exports and schedules. Runs are moved by functions alone.

-- app.due_schools looks over all schools, and says which.
CALL app.raise_wall('report_schedule', searched => true);
CREATE POLICY report_schedule_read ON report_schedule FOR SELECT TO lectern_app USING (owner_id = (SELECT app.user_id()));
-- What runs by itself has all rights of its owner: no key asks for it.
CREATE POLICY report_schedule_add ON report_schedule FOR INSERT TO lectern_app WITH CHECK (
    owner_id = (SELECT app.user_id()) AND (SELECT app.key_id()) IS NULL AND (SELECT app.can('REPORT_READ')));
CREATE POLICY report_schedule_change ON report_schedule FOR UPDATE TO lectern_app USING (
    owner_id = (SELECT app.user_id()) AND (SELECT app.key_id()) IS NULL AND (SELECT app.can('REPORT_READ')));
CREATE POLICY report_schedule_remove ON report_schedule FOR DELETE TO lectern_app USING (
    owner_id = (SELECT app.user_id()) AND (SELECT app.can('REPORT_READ')));
CREATE POLICY definer_all ON report_schedule TO lectern_definer USING (true);
GRANT SELECT (tenant_id, id, owner_id, dataset, frequency, hour, time_zone, is_paused, paused_reason, next_run_at, created_at),
    INSERT (tenant_id, id, owner_id, dataset, frequency, hour, time_zone, next_run_at),
    UPDATE (frequency, hour, time_zone, is_paused, paused_reason, next_run_at), DELETE ON report_schedule TO lectern_app;
GRANT SELECT, DELETE, UPDATE (is_paused, paused_reason, next_run_at) ON report_schedule TO lectern_definer;

CALL app.raise_wall('export_run');
CREATE POLICY export_run_read ON export_run FOR SELECT TO lectern_app USING (requested_by_id = (SELECT app.user_id()));
-- Reports for those who read them, the roster for those who manage it.
CREATE POLICY export_run_ask ON export_run FOR INSERT TO lectern_app WITH CHECK (
    requested_by_id = (SELECT app.user_id())
    AND CASE WHEN roster_format IS NULL THEN (SELECT app.can('REPORT_READ')) ELSE (SELECT app.can('ROSTER_MANAGE')) END);
CREATE POLICY definer_all ON export_run TO lectern_definer USING (true);
GRANT SELECT (tenant_id, id, requested_by_id, dataset, roster_format, name, time_zone, from_at, to_at, state, row_count, failure_reason, schedule_id,
        period_starts_at, file_id, created_at, started_at, finished_at),
    INSERT (tenant_id, id, requested_by_id, dataset, roster_format, name, time_zone, from_at, to_at) ON export_run TO lectern_app;
GRANT SELECT, DELETE, INSERT (tenant_id, id, requested_by_id, dataset, name, time_zone, from_at, to_at, schedule_id, period_starts_at),
    UPDATE (state, row_count, failure_reason, file_id, started_at, finished_at, period_starts_at) ON export_run TO lectern_definer;
