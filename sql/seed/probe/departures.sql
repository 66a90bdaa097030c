-- An export that has failed, for schools that are there to be attacked; identity.sql says what may be relied on.
INSERT INTO tenant_export (tenant_id, id, requested_by_id, state, error, finished_at)
    SELECT u.tenant_id, gen_random_uuid(), u.id, 'FAILED', left(current_setting('probe.word'), 100), now()
    FROM app_user u WHERE u.tenant_id = app.tenant_id() AND u.name LIKE 'ADMIN %';
