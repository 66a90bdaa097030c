-- Rows of every kind of hours, an instructor's and a resource's, for schools that are there to be attacked; identity.sql says what may be relied on.
INSERT INTO availability_rule (tenant_id, id, instructor_id, weekdays, from_time, until_time, time_zone, valid_from)
    SELECT u.tenant_id, gen_random_uuid(), u.id, '{MONDAY}', '08:00', '18:00', 'Europe/Berlin', '2099-03-02' FROM app_user u
    WHERE u.tenant_id = app.tenant_id() AND u.name LIKE 'INSTRUCTOR %';

INSERT INTO time_off (tenant_id, id, instructor_id, starts_at, ends_at, reason)
    SELECT u.tenant_id, gen_random_uuid(), u.id, '2099-04-02T08:00Z', '2099-04-02T18:00Z', current_setting('probe.word') FROM app_user u
    WHERE u.tenant_id = app.tenant_id() AND u.name LIKE 'INSTRUCTOR %';

INSERT INTO availability_rule (tenant_id, id, resource_id, weekdays, from_time, until_time, time_zone, valid_from)
    SELECT r.tenant_id, gen_random_uuid(), r.id, '{SUNDAY}', '00:00', '24:00', 'Europe/Berlin', '2000-01-01' FROM resource r WHERE r.tenant_id = app.tenant_id();

INSERT INTO time_off (tenant_id, id, resource_id, starts_at, ends_at, reason)
    SELECT r.tenant_id, gen_random_uuid(), r.id, '2099-04-02T08:00Z', '2099-04-02T18:00Z', current_setting('probe.word') FROM resource r
    WHERE r.tenant_id = app.tenant_id();

INSERT INTO availability (tenant_id, id, resource_id, starts_at, ends_at)
    SELECT r.tenant_id, gen_random_uuid(), r.id, '2099-03-02T00:00Z', '2099-03-03T00:00Z' FROM resource r WHERE r.tenant_id = app.tenant_id();
