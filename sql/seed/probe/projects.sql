-- One row of every kind of projects, for schools that are there to be attacked; identity.sql says what may be relied on. Its owner is its member.
INSERT INTO project (tenant_id, id, name, description, owner_id)
    SELECT u.tenant_id, gen_random_uuid(), w.word, w.word, u.id FROM app_user u CROSS JOIN current_setting('probe.word') AS w(word)
    WHERE u.tenant_id = app.tenant_id() AND u.name LIKE 'INSTRUCTOR %';
