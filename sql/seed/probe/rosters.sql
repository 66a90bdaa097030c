-- One row of every kind of rosters, for schools that are there to be attacked; identity.sql says what may be relied on.
INSERT INTO import_run (tenant_id, id, started_by_id, format, source, dry_run, remove_missing, max_removals, notify, state, finished_at)
    SELECT u.tenant_id, gen_random_uuid(), u.id, 'USERS_CSV', current_setting('probe.word'), false, false, 100, false, 'SUCCEEDED', now()
    FROM app_user u WHERE u.tenant_id = app.tenant_id() AND u.name LIKE 'ADMIN %';
INSERT INTO import_issue (tenant_id, id, run_id, place, file, line, severity, reason, message, sourced_id)
    SELECT r.tenant_id, gen_random_uuid(), r.id, 1, 'users.csv', 2, 'ERROR', 'BAD_VALUE', current_setting('probe.word'), current_setting('probe.word')
    FROM import_run r WHERE r.tenant_id = app.tenant_id();
INSERT INTO roster_link (tenant_id, source, type, sourced_id, object_id)
    SELECT u.tenant_id, 'default', 'USER', current_setting('probe.word') || u.id, u.id FROM app_user u WHERE u.tenant_id = app.tenant_id();
