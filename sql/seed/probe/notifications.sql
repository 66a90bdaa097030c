-- One row of every kind of notifications, for schools that are there to be attacked; identity.sql says what may be relied on.
INSERT INTO notification (tenant_id, id, recipient_id, kind, subject, hour, event_id, actor_id, course_id, facts, in_app, mail)
    SELECT u.tenant_id, gen_random_uuid(), u.id, 'EXPORT_READY', w.word, date_trunc('hour', now(), 'UTC') - make_interval(hours => n), gen_random_uuid(), u.id,
           (SELECT c.id FROM course c WHERE c.tenant_id = u.tenant_id LIMIT 1), jsonb_build_object('name', w.word), true, 'NONE'
    FROM app_user u, current_setting('probe.word') AS w(word), generate_series(1, 2) AS n
    WHERE u.tenant_id = app.tenant_id() AND (n = 1 OR u.name LIKE 'ADMIN %');
INSERT INTO notification_settings (tenant_id, id, locale, digest_hour)
    SELECT u.tenant_id, u.id, left(current_setting('probe.word'), 35), 7 FROM app_user u WHERE u.tenant_id = app.tenant_id();
INSERT INTO notification_preference (tenant_id, user_id, kind, in_app, email)
    SELECT u.tenant_id, u.id, 'ENROLLED', false, 'OFF' FROM app_user u WHERE u.tenant_id = app.tenant_id();
