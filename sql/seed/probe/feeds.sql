-- One row of every kind of feeds, for schools that are there to be attacked; identity.sql says what may be relied on.
INSERT INTO calendar_feed (tenant_id, id, owner_id, name, secret_hash, hint)
    SELECT u.tenant_id, gen_random_uuid(), u.id, w.word, sha256(convert_to(u.id || w.word, 'UTF8')), left(w.word || '....', 4)
    FROM app_user u CROSS JOIN current_setting('probe.word') AS w(word) WHERE u.tenant_id = app.tenant_id() AND u.name LIKE 'LEARNER %';
INSERT INTO calendar_feed (tenant_id, id, owner_id, name, scope, instructor_id, secret_hash, hint)
    SELECT u.tenant_id, gen_random_uuid(), u.id, w.word, 'INSTRUCTOR', u.id, sha256(convert_to(u.tenant_id || w.word, 'UTF8')), left(w.word || '....', 4)
    FROM app_user u CROSS JOIN current_setting('probe.word') AS w(word) WHERE u.tenant_id = app.tenant_id() AND u.name LIKE 'INSTRUCTOR %';
INSERT INTO calendar_feed (tenant_id, id, owner_id, name, scope, resource_id, secret_hash, hint)
    SELECT u.tenant_id, gen_random_uuid(), u.id, w.word, 'RESOURCE', r.id, sha256(convert_to(r.id || w.word, 'UTF8')), left(w.word || '....', 4)
    FROM app_user u JOIN resource r ON r.tenant_id = u.tenant_id CROSS JOIN current_setting('probe.word') AS w(word) WHERE u.tenant_id = app.tenant_id() AND u.name LIKE 'ADMIN %';
