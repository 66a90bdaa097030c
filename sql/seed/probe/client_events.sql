-- One client event, for schools that are there to be attacked; identity.sql says what may be relied on.
INSERT INTO client_event (tenant_id, id, user_id, name, at, key, properties)
    SELECT u.tenant_id, gen_random_uuid(), u.id, 'probe.opened', now(), w.word, jsonb_build_object('word', w.word)
    FROM app_user u CROSS JOIN (SELECT current_setting('probe.word') AS word) AS w WHERE u.tenant_id = app.tenant_id() AND u.name LIKE 'LEARNER %';
