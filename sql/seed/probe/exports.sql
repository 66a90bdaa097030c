-- One row of every kind of exports, for schools that are there to be attacked; identity.sql says what may be relied on.
INSERT INTO report_schedule (tenant_id, id, owner_id, dataset, frequency, hour, time_zone, is_paused, paused_reason)
    SELECT u.tenant_id, gen_random_uuid(), u.id, 'BOOKINGS', 'DAILY', 7, 'UTC', true, current_setting('probe.word')
    FROM app_user u WHERE u.tenant_id = app.tenant_id();
INSERT INTO export_run (tenant_id, id, requested_by_id, dataset, name, time_zone, from_at, to_at, state, failure_reason, finished_at, schedule_id)
    SELECT s.tenant_id, gen_random_uuid(), s.owner_id, s.dataset, current_setting('probe.word'), 'UTC', now() - interval '1 day', now(), 'FAILED', 'INTERNAL', now(), s.id
    FROM report_schedule s WHERE s.tenant_id = app.tenant_id();
