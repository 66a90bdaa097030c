-- One row of every kind of reviews, for schools that are there to be attacked; identity.sql says what may be relied on.
INSERT INTO application_review (tenant_id, id, application_id, reviewer_id, decision, note)
    SELECT a.tenant_id, gen_random_uuid(), a.id, u.id, 'YES', current_setting('probe.word') FROM application a JOIN app_user u ON u.tenant_id = a.tenant_id AND u.name LIKE 'INSTRUCTOR %'
    WHERE a.tenant_id = app.tenant_id();

INSERT INTO red_flag (tenant_id, user_id, flag_note)
    SELECT u.tenant_id, u.id, current_setting('probe.word') FROM app_user u WHERE u.tenant_id = app.tenant_id() AND u.name LIKE 'VIEWER %';
