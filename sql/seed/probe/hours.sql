-- One row of every kind of hours, for schools that are there to be attacked; identity.sql says what may be relied on.
INSERT INTO availability_rule (tenant_id, id, instructor_id, weekdays, from_time, until_time, time_zone, valid_from)
    SELECT u.tenant_id, gen_random_uuid(), u.id, '{MONDAY}', '08:00', '18:00', 'Europe/Berlin', '2099-03-02' FROM app_user u
    WHERE u.tenant_id = app.tenant_id() AND u.name LIKE 'INSTRUCTOR %';

INSERT INTO time_off (tenant_id, id, instructor_id, starts_at, ends_at, reason)
    SELECT u.tenant_id, gen_random_uuid(), u.id, '2099-04-02T08:00Z', '2099-04-02T18:00Z', current_setting('probe.word') FROM app_user u
    WHERE u.tenant_id = app.tenant_id() AND u.name LIKE 'INSTRUCTOR %';
