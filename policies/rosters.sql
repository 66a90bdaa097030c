-- policies/rosters.sql: whoever manages rosters sees imports. Runs are moved by functions alone.

CALL app.raise_wall('import_run');
CREATE POLICY import_run_read ON import_run FOR SELECT TO lectern_app USING ((SELECT app.can('ROSTER_MANAGE')));
CREATE POLICY import_run_start ON import_run FOR INSERT TO lectern_app WITH CHECK (
    (SELECT app.can('ROSTER_MANAGE')) AND started_by_id = (SELECT app.user_id()));
CREATE POLICY definer_all ON import_run TO lectern_definer USING (true);
GRANT SELECT (tenant_id, id, started_by_id, format, source, dry_run, remove_missing, max_removals, notify, file_id, held_file_id, state, rows_done, rows_total, counts,
        issue_count, failure_reason, created_at, started_at, finished_at),
    INSERT (tenant_id, id, started_by_id, format, source, dry_run, remove_missing, max_removals, notify, file_id, held_file_id) ON import_run TO lectern_app;
GRANT SELECT, UPDATE (state, rows_done, rows_total, counts, issue_count, failure_reason, held_file_id, started_at, finished_at) ON import_run TO lectern_definer;

CALL app.raise_wall('import_issue');
CREATE POLICY import_issue_read ON import_issue FOR SELECT TO lectern_app USING ((SELECT app.can('ROSTER_MANAGE')));
CREATE POLICY definer_all ON import_issue TO lectern_definer USING (true);
GRANT SELECT (tenant_id, id, run_id, place, file, line, column_name, severity, reason, message, sourced_id) ON import_issue TO lectern_app;
GRANT SELECT, INSERT ON import_issue TO lectern_definer;

CALL app.raise_wall('roster_link');
CREATE POLICY roster_link_keep ON roster_link TO lectern_app USING ((SELECT app.can('ROSTER_MANAGE')));
CREATE POLICY definer_all ON roster_link TO lectern_definer USING (true);
GRANT SELECT, INSERT, UPDATE (object_id), DELETE ON roster_link TO lectern_app;
GRANT SELECT, DELETE ON roster_link TO lectern_definer;
