-- One row of every kind of busy sources, for schools that are there to be attacked; identity.sql says what may be relied on.
INSERT INTO busy_source (tenant_id, id, instructor_id, name, url, host, time_zone, state, error, next_fetch_at)
    SELECT u.tenant_id, gen_random_uuid(), u.id, w.word, convert_to(w.word, 'UTF8'), w.word || '.example.invalid', 'Europe/Berlin', 'FAILED', 'GONE', '2099-01-01T00:00Z'
    FROM app_user u CROSS JOIN current_setting('probe.word') AS w(word) WHERE u.tenant_id = app.tenant_id() AND u.name LIKE 'INSTRUCTOR %';
INSERT INTO busy_block (tenant_id, source_id, starts_at, ends_at, instructor_id)
    SELECT s.tenant_id, s.id, '2099-03-02T12:00Z', '2099-03-02T13:00Z', s.instructor_id FROM busy_source s WHERE s.tenant_id = app.tenant_id();
