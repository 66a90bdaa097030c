-- A demo school's imports, and a report that comes every week. Runs after files.sql.
INSERT INTO import_run (tenant_id, id, started_by_id, format, source, dry_run, remove_missing, max_removals, notify, file_id, state, rows_done, rows_total,
                        counts, issue_count, created_at, started_at, finished_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('import:' || i.key), pg_temp.id('user:admin'), 'USERS_CSV', 'default', i.is_rehearsal, false, 100, false,
           pg_temp.id('file:roster'), 'SUCCEEDED', 6, 6, '{"USER": {"created": 0, "updated": 0, "unchanged": 3, "removed": 0, "rejected": 3}}', 3,
           i.at, i.at + interval '1 second', i.at + interval '2 seconds'
    FROM (VALUES ('rehearsal', true, now() - interval '8 days 20 minutes'), ('term', false, now() - interval '8 days')) AS i(key, is_rehearsal, at);
INSERT INTO import_issue (tenant_id, id, run_id, place, file, line, column_name, severity, reason, message, sourced_id)
    SELECT pg_temp.id('tenant'), pg_temp.id('issue:' || i.key || n.place), pg_temp.id('import:' || i.key), n.place, 'users.csv', n.line, n.column_name, 'ERROR', n.reason, n.message, n.sourced_id
    FROM (VALUES ('rehearsal'), ('term')) AS i(key) CROSS JOIN (VALUES
        (1, 5, 'email', 'EMAIL_MISSING', 'There is no address.', NULL),
        (2, 6, 'email', 'BAD_VALUE', '`email` must be an email address such as name@example.org', 'p-105'),
        (3, 7, 'sourcedId', 'DUPLICATE_SOURCED_ID', 'An earlier line has this id.', 'p-101')) AS n(place, line, column_name, reason, message, sourced_id);
INSERT INTO roster_link (tenant_id, source, type, sourced_id, object_id)
    SELECT pg_temp.id('tenant'), 'default', 'USER', 'p-' || 100 + p.place, pg_temp.id('user:' || p.key)
    FROM (SELECT key, row_number() OVER (ORDER BY joined_days_ago DESC, key) AS place FROM seed_person WHERE role = 'LEARNER') AS p WHERE p.place <= 3;

-- Every Monday at seven, over the week before.
INSERT INTO report_schedule (tenant_id, id, owner_id, dataset, frequency, hour, time_zone, next_run_at, created_at)
    SELECT t.tenant_id, pg_temp.id('schedule:progress'), pg_temp.id('user:instructor'), 'COURSE_PROGRESS', 'WEEKLY', 7, t.time_zone,
           (date_trunc('week', now() AT TIME ZONE t.time_zone) + interval '7 days 7 hours') AT TIME ZONE t.time_zone, now() - interval '20 days'
    FROM tenant t WHERE t.tenant_id = pg_temp.id('tenant');
INSERT INTO export_run (tenant_id, id, requested_by_id, dataset, name, time_zone, from_at, to_at, state, row_count, schedule_id, period_starts_at, file_id,
                        created_at, started_at, finished_at)
    SELECT s.tenant_id, pg_temp.id('export:progress'), s.owner_id, s.dataset, f.name, s.time_zone, w.week - interval '7 days', w.week, 'SUCCEEDED', 4, s.id,
           w.week - interval '7 days', f.id, f.created_at, f.created_at, f.created_at
    FROM report_schedule s JOIN file f ON f.tenant_id = s.tenant_id AND f.id = pg_temp.id('file:report')
        CROSS JOIN LATERAL (SELECT date_trunc('week', now() AT TIME ZONE s.time_zone) AT TIME ZONE s.time_zone AS week) AS w
    WHERE s.tenant_id = pg_temp.id('tenant');
