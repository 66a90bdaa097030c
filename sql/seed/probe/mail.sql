-- One mail, for schools that are there to be attacked; identity.sql says what may be relied on.
INSERT INTO mail (tenant_id, id, key, template, locale, user_id, address, address_key, is_fixed, parameters, attachments, letterhead, subject, state, error)
    SELECT u.tenant_id, gen_random_uuid(), current_setting('probe.word'), 'password_changed', 'en', u.id, u.email, u.email_key, false,
           jsonb_build_object('at', now()), '[]', jsonb_build_object('school', current_setting('probe.word')), current_setting('probe.word'), 'FAILED', current_setting('probe.word')
    FROM app_user u WHERE u.tenant_id = app.tenant_id() AND u.name LIKE 'VIEWER %';
