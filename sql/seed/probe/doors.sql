-- One row of every kind of doors, for schools that are there to be attacked; identity.sql says what may be relied on.
INSERT INTO check_in (tenant_id, id, program_id, client_id, outcome, ticket_id, attendee_name, product_name, station, admits_on, scanned_at, by_id)
    SELECT t.tenant_id, gen_random_uuid(), t.program_id, t.id::text, 'ADMITTED', t.id, w.word, w.word, w.word, '-infinity', now(),
           (SELECT u.id FROM app_user u WHERE u.tenant_id = t.tenant_id AND u.name LIKE 'INSTRUCTOR %')
    FROM ticket t CROSS JOIN current_setting('probe.word') AS w(word) WHERE t.tenant_id = app.tenant_id();
INSERT INTO check_in (tenant_id, id, program_id, client_id, outcome, station, scanned_at)
    SELECT p.tenant_id, gen_random_uuid(), p.id, p.id::text, 'UNKNOWN', w.word, now()
    FROM program p CROSS JOIN current_setting('probe.word') AS w(word) WHERE p.tenant_id = app.tenant_id();
