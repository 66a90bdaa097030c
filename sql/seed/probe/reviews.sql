-- One row of every kind of reviews, for schools that are there to be attacked; identity.sql says what may be relied on.
-- An application of somebody else than the learner, who sees no votes on the own one.
INSERT INTO application (tenant_id, id, program_id, user_id, status, answers, form_version, submitted_at)
    SELECT p.tenant_id, gen_random_uuid(), p.id, u.id, 'IN_REVIEW', jsonb_build_object('diet', current_setting('probe.word')), 1, now()
    FROM program p JOIN app_user u ON u.tenant_id = p.tenant_id AND u.name LIKE 'VIEWER %' WHERE p.tenant_id = app.tenant_id() AND p.slug = 'probe' LIMIT 1;

INSERT INTO application_review (tenant_id, id, application_id, reviewer_id, decision, note)
    SELECT a.tenant_id, gen_random_uuid(), a.id, u.id, 'YES', current_setting('probe.word') FROM application a JOIN app_user u ON u.tenant_id = a.tenant_id AND u.name LIKE 'INSTRUCTOR %'
    WHERE a.tenant_id = app.tenant_id();

INSERT INTO red_flag (tenant_id, user_id, flag_note)
    SELECT u.tenant_id, u.id, current_setting('probe.word') FROM app_user u WHERE u.tenant_id = app.tenant_id() AND u.name LIKE 'VIEWER %';
