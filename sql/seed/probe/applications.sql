-- One row of every kind of applications, for schools that are there to be attacked; identity.sql says what may be relied on. Who comes stands in attendees.sql.
INSERT INTO application (tenant_id, id, program_id, user_id, group_id, status, answers, form_version, submitted_at, decided_at, accepted_at)
    SELECT p.tenant_id, gen_random_uuid(), p.id, u.id, g.id, 'ACCEPTED', jsonb_build_object('diet', w.word), 1, now(), now(), now()
    FROM program p JOIN app_user u ON u.tenant_id = p.tenant_id AND u.name LIKE 'LEARNER %' JOIN user_group g ON g.tenant_id = p.tenant_id CROSS JOIN current_setting('probe.word') AS w(word)
    WHERE p.tenant_id = app.tenant_id() AND p.slug = 'probe' LIMIT 1;

INSERT INTO application_secret (tenant_id, application_id, user_id, answers)
    SELECT a.tenant_id, a.id, a.user_id, jsonb_build_object('allergies', current_setting('probe.word')) FROM application a WHERE a.tenant_id = app.tenant_id();

INSERT INTO application_event (tenant_id, id, application_id, from_status, to_status, message, answers, form_version, actor_id)
    SELECT a.tenant_id, gen_random_uuid(), a.id, 'IN_REVIEW', a.status, w.word, a.answers, 1, u.id
    FROM application a JOIN app_user u ON u.tenant_id = a.tenant_id AND u.name LIKE 'INSTRUCTOR %' CROSS JOIN current_setting('probe.word') AS w(word) WHERE a.tenant_id = app.tenant_id();

INSERT INTO application_event_secret (tenant_id, event_id, user_id, answers)
    SELECT e.tenant_id, e.id, s.user_id, s.answers FROM application_event e JOIN application_secret s ON s.tenant_id = e.tenant_id AND s.application_id = e.application_id
    WHERE e.tenant_id = app.tenant_id();

INSERT INTO application_file (tenant_id, application_id, key, file_id, is_sensitive)
    SELECT a.tenant_id, a.id, 'diet', f.id, false FROM application a JOIN file f ON f.tenant_id = a.tenant_id AND f.visibility = 'PRIVATE'
    WHERE a.tenant_id = app.tenant_id() ORDER BY f.id LIMIT 1;
